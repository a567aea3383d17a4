from dataclasses import replace

import pytest

from segue.app.playing import cast_of, check_faults, month_object, read_fail_on, read_faults, troubles
from segue.app.settings import read_settings
from segue.engine.month import Faults, Play, Wish, play
from segue.model.errors import DefinitionError, UsageError
from segue.model.ids import Instant
from segue.model.images import DagImage, Version
from segue.model.moment import DAY, HOUR, parse_moment
from segue.model.spec import DagSpec, TaskSpec
from segue.model.timing import Timing
from segue.schedule.declare import daily, hourly
from tests.unit.show.known import Known

NOW = parse_moment("2026-04-01T12:00", "UTC")
DAYS = """
from segue import dag, daily, task

@task
def load() -> int:
    return 1

@dag(schedule=daily())
def days() -> None:
    load()

@dag(schedule=daily())
def others() -> None:
    load()
"""


def spec(name, schedule=None, **options):
    return DagSpec(name, (TaskSpec("all"),), schedule=None if schedule is None else schedule.to_data(), **options)


def test_faults_are_read_as_people_write_them():
    texts = ["slow=extract:3x", "slow=dag/load:1.5x", "kill=0.01", "fail=load:0.1", "slow=2x", "fail=load:1@1h30m"]
    assert read_faults(texts) == Faults(
        (Wish("extract", 3.0), Wish("dag/load", 1.5), Wish("*", 2.0)),
        (Wish("*", 0.01),),
        (Wish("load", 0.1), Wish("load", 1.0, 90 * 60_000_000)),
    )
    assert read_faults(()) == Faults()


@pytest.mark.parametrize(
    "text", ["slow=extract:3", "kill=0.01x", "kill", "burn=0.1", "fail=a:b:0.1", "kill=1.5", "kill=-1"]
)
def test_a_fault_that_is_none_shows_how_to_write_one(text):
    with pytest.raises(UsageError, match="write slow=extract:3x|between 0 and 1"):
        read_faults([text])


def test_a_span_of_a_fault_that_is_none_shows_how_to_write_one():
    with pytest.raises(UsageError, match="--fault kill=1@soon: 'soon' is not a duration"):
        read_faults(["kill=1@soon"])


def test_a_fault_that_meets_no_task_of_what_is_played_is_refused():
    specs = [spec("days", daily())]
    for text in ("slow=al*:3x", "slow=days/all:3x", "kill=0.1"):
        check_faults(read_faults([text]), specs)
    with pytest.raises(UsageError, match="--fault slow=load: no task of what is played is called load"):
        check_faults(read_faults(["slow=load:3x"]), specs)
    with pytest.raises(UsageError, match="called other/all"):
        check_faults(read_faults(["fail=other/all:0.1"]), specs)


def test_trouble_is_named_by_words_joined_by_commas():
    assert read_fail_on(["late,missing", "failed"]) == ("late", "missing", "failed")
    with pytest.raises(UsageError, match="there are late, failed, missing, skipped, waited"):
        read_fail_on(["slow"])


# ---------------------------------------------------------------------------------------------------------------- cast
@pytest.fixture
def settings(tmp_path):
    (tmp_path / "segue.toml").touch()
    return read_settings(tmp_path, {})


def test_without_a_target_every_dag_with_a_clock_is_played(settings):
    specs = {"a": spec("a", daily()), "b": spec("b", hourly()), "tool": spec("tool"), "gone": spec("gone", daily())}
    home = Known(specs, {"gone": Timing(retired=True), "a": Timing(enabled=NOW, paused=True)}, {})
    found = cast_of(settings, home, ())
    assert [image.dag for image in found] == ["a", "b"]
    assert found[0].timing == Timing(enabled=NOW)


def test_targets_are_ids_globs_and_tags(settings):
    specs = {"a": spec("a", daily(), tags=("x",)), "b": spec("b", daily()), "ab": spec("ab", daily())}
    home = Known(specs, {}, {})
    assert [image.dag for image in cast_of(settings, home, ["a*"])] == ["a", "ab"]
    assert [image.dag for image in cast_of(settings, home, ["tag:x", "b"])] == ["a", "b"]
    with pytest.raises(UsageError, match="there is no DAG c: there are a, ab, b"):
        cast_of(settings, home, ["c"])


def test_a_file_is_played_as_it_is_now(settings, tmp_path):
    file = tmp_path / "days.py"
    file.write_text(DAYS)
    home = Known({"days": spec("days", hourly())}, {}, {})
    (image,) = cast_of(settings, home, [f"{file}:days"])
    assert (image.dag, image.version.spec.schedule[1], [task.id for task in image.version.spec.tasks]) == (
        "days",
        "daily",
        ["load"],
    )
    assert [image.dag for image in cast_of(settings, home, [str(file)])] == ["days", "others"]
    file.write_text("def broken(:")
    with pytest.raises(DefinitionError):
        cast_of(settings, home, [str(file)])


# ---------------------------------------------------------------------------------------------------------------- JSON
def test_what_came_of_a_play_is_told_as_json():
    image = DagImage("d", Version(1, spec("d", hourly(), deadline=90 * 60_000_000)))
    what = Play((image,), NOW, Instant(NOW + DAY), {"d": {"all": [2 * HOUR]}})
    month = play(what)
    told = month_object(what, month)
    (dag,) = told["dags"]
    assert (dag["dag_id"], dag["peak"], dag["median_seconds"]) == ("d", 1, 7200.0)
    assert dag["late"][0] == {
        "key": "2026-04-01T12:00", "task_id": None, "deadline": "2026-04-01T14:30:00Z",
        "ended_at": "2026-04-01T15:00:00Z",
    }  # fmt: skip
    assert told["trouble"] == troubles(month)
    assert troubles(month)["late"] == len(dag["late"]) > 5
    assert (told["from"], told["until"], len(told["hours"])) == ("2026-04-01T12:00:00Z", "2026-04-02T12:00:00Z", 24)
    quiet = play(replace(what, spans={"d": {"all": [HOUR // 2]}}))
    assert troubles(quiet) == {"late": 0, "failed": 0, "missing": 0, "skipped": 0, "waited": 0}
