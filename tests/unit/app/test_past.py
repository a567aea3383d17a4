"""Days that were never lived, written by the real engine, loop and store."""

from dataclasses import replace

import msgspec
import pytest

from segue.app.logs import LogFiles
from segue.app.past import Filled, Past, definitions_of, read_fill, refuse_lived_in, write_past
from segue.app.playing import read_faults
from segue.app.settings import read_settings
from segue.model.errors import DefinitionError, Refused, UsageError
from segue.model.ids import Instant
from segue.model.moment import DAY, HOUR, parse_moment
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.views import RunQuery
from segue.store.audit import compare, validate_state
from segue.store.home import DATABASE
from segue.store.sqlite import SqliteReader

UNTIL = parse_moment("2026-04-10T12:30", "UTC")
SHOP = """
from pathlib import Path
from segue import Retry, daily, dag, hourly, task

@task(role="source")
def extract() -> list[int]:
    Path("run").touch()
    return [1]

@task(retry=Retry(2, delay="10m"))
def load(rows: list[int]) -> int:
    return 1

@task
def count(rows: int) -> int:
    return 1

@dag(schedule=daily(at="02:00"), start="2026-01-01")
def orders() -> None:
    count(load(extract()))

@task(retry=Retry(5, delay="30m", backoff=1, max_delay="30m"))
def ask() -> int:
    return 1

@dag(schedule=hourly(at=":05"))
def prices() -> None:
    ask()

@task
def item(row: int) -> int:
    return row

@dag(schedule=daily(at="03:00"))
def sizes() -> None:
    item.map(extract())

@dag(schedule=daily(at="04:00"), timeout="1m")
def hasty() -> None:
    ask()
"""
SETTINGS = """
alerts = [{to = "oncall"}]

[channels.oncall]
kind = "webhook"
url = "https://example.com/oncall"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "shop.py").write_text(SHOP)
    (folder / "segue.toml").write_text(SETTINGS)
    return folder


@pytest.fixture(scope="module")
def files(project):
    return definitions_of(at_home(project, project / ".segue"), ())


@pytest.fixture
def shop(project, tmp_path):
    return at_home(project, tmp_path / "home")


def at_home(project, home):
    return read_settings(project, {}, {"home": str(home)})


@pytest.fixture(scope="module")
def past_of(files):
    def past(*faults, days=2, **more):
        start = Instant(UNTIL - days * DAY)
        return Past(
            files,
            start,
            UNTIL,
            **{"spans": {}, "seed": 7, "workers": 4, "faults": read_faults(["slow=0.2x", *faults]), **more},
        )

    return past


@pytest.fixture(scope="module")
def failing(project, past_of, tmp_path_factory):
    """The home of a past in which `load` always fails."""
    settings = at_home(project, tmp_path_factory.mktemp("failing"))
    write_past(settings, past_of("fail=load:1"))
    return settings


@pytest.fixture
def reader_of():
    readers = []

    def read(settings):
        readers.append(SqliteReader(settings.home / DATABASE))
        return readers[-1]

    yield read
    for reader in readers:
        reader.close()


def rows_of(reader):
    return (
        list(reader.run_rows()), list(reader.task_rows()), list(reader.attempt_rows()), list(reader.slot_rows()),
        [msgspec.structs.replace(event, epoch=0) for event in reader.event_rows()],
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- rows
def test_what_is_written_is_whole_and_its_log_tells_the_same_story(shop, past_of, project, reader_of):
    played = write_past(shop, past_of("kill=0.1", "fail=load:0.3"))
    reader = reader_of(shop)
    assert validate_state(reader) == []
    assert compare(reader) == []
    counts = {dag: sum(states.values()) for dag, states in played.runs.items()}
    assert counts == {"orders": 2, "prices": 48, "sizes": 2, "hasty": 2}
    assert played.attempts == len(list(reader.attempt_rows())) > 60
    states = {attempt.state for _, attempt in reader.attempt_rows()}
    assert states >= {AttemptState.SUCCESS, AttemptState.LOST, AttemptState.FAILED}
    assert not (project / "run").exists()


def test_the_same_seed_writes_the_same_rows_and_another_one_others(shop, past_of, project, tmp_path, reader_of):
    again, other = at_home(project, tmp_path / "again"), at_home(project, tmp_path / "other")
    for settings in (shop, again):
        write_past(settings, past_of("fail=load:0.3"))
    write_past(other, replace(past_of("fail=load:0.3"), seed=8))
    assert rows_of(reader_of(shop)) == rows_of(reader_of(again))
    assert rows_of(reader_of(shop)) != rows_of(reader_of(other))


def test_a_task_of_which_durations_are_known_lasts_that_long(shop, past_of, reader_of):
    known = {"prices": {"ask": [10 * 60_000_000]}}
    write_past(shop, replace(past_of(days=1), spans=known, faults=read_faults(())))
    lasted = {run.ended - run.started for run in reader_of(shop).run_rows() if run.run.dag == "prices" and run.ended}
    assert {round(one / 60e6) for one in lasted} == {10}


def test_an_attempt_has_used_something_and_said_a_few_lines(failing, reader_of):
    attempts = [attempt for _, attempt in reader_of(failing).attempt_rows()]
    good = next(one for one in attempts if one.key.task == "extract" and one.state is AttemptState.SUCCESS)
    bad = next(one for one in attempts if one.state is AttemptState.FAILED)
    assert good.worker in "1234"
    assert 0 < good.cpu < good.ended - good.began
    assert good.peak_rss > 10_000_000
    assert good.rows > 0
    first, last = lines_of(failing, good)
    assert first["msg"] == "simulated: shop.py was not run"
    assert last["msg"] == f"{good.rows:,} rows"
    assert lines_of(failing, bad)[-1]["msg"].splitlines()[-1] == "Simulated: this failure is simulated"
    assert lines_of(failing, bad)[-1]["level"] == "ERROR"


def lines_of(settings, attempt):
    data = LogFiles(settings.logs).read(attempt, 0, 100_000).data
    return [msgspec.json.decode(line) for line in data.splitlines()]


# ------------------------------------------------------------------------------------------------------------ the end
def test_at_the_end_what_cannot_come_to_its_end_stands_at_its_first_tasks(shop, past_of, reader_of):
    late = replace(past_of(), until=parse_moment("2026-04-10T02:00:01", "UTC"))
    write_past(shop, late)
    reader = reader_of(shop)
    (run,) = reader.runs(RunQuery(states=(RunState.RUNNING,)))
    detail = reader.run(run.run)
    assert run.run.dag == "orders"
    assert [(view.task, view.state) for view in detail.tasks] == [("extract", TaskState.RUNNING)]


def test_a_run_waits_for_the_one_before_that_waits_for_its_retry(shop, past_of, reader_of):
    write_past(shop, past_of("fail=prices/ask:1@2h"))
    reader = reader_of(shop)
    newest, before = reader.runs(RunQuery(dag="prices", limit=2))
    assert (newest.state, before.state) == (RunState.QUEUED, RunState.RUNNING)
    (task,) = reader.run(before.run).tasks
    assert task.state is TaskState.UP_FOR_RETRY


def test_a_backfill_goes_on_at_the_end(shop, past_of, reader_of):
    fills = (read_fill("orders:2026-01..2026-03@5m"),)
    write_past(shop, past_of(fills=fills))
    (backfill,) = reader_of(shop).backfills()
    assert (backfill.state, backfill.row.total, backfill.row.cap) == ("running", 90, 1)
    assert backfill.row.created == UNTIL - 5 * 60_000_000
    done = dict(backfill.runs)
    assert (done[RunState.RUNNING], 0 < done[RunState.SUCCESS] < 80) == (1, True)


def test_a_run_that_reaches_its_timeout_is_stopped(shop, past_of, reader_of):
    write_past(shop, past_of(spans={"hasty": {"ask": [HOUR]}}, days=1))
    (run,) = reader_of(shop).runs(RunQuery(dag="hasty"))
    assert (run.state, run.ended - run.started) == (RunState.FAILED, 60_000_000)
    (attempt,) = reader_of(shop).run(run.run).attempts
    assert attempt.state is AttemptState.CANCELLED


def test_alerts_are_raised_and_nobody_is_told(failing, reader_of):
    alerts = reader_of(failing).alerts()
    assert {view.alert.kind for view in alerts} >= {"failed"}
    told = {(one.target, one.state) for view in alerts for one in view.deliveries}
    assert told == {("oncall", "silenced")}
    assert list(reader_of(failing).alerts(open_only=True)) == []


def test_no_result_is_kept_of_what_was_only_played(failing, reader_of):
    assert {(row.inline, row.ref) for _, row in reader_of(failing).task_rows()} == {(None, None)}


# ------------------------------------------------------------------------------------------------------------ refusals
def test_a_home_that_has_a_history_is_left_alone(shop, past_of):
    write_past(shop, past_of(days=1))
    with pytest.raises(UsageError, match=r"has a history already: name a new folder with --home"):
        write_past(shop, past_of(days=1))


def test_a_server_is_left_alone(shop, monkeypatch):
    monkeypatch.setenv("SEGUE_DATABASE_URL", "postgresql://nobody@localhost/none")
    with pytest.raises(UsageError, match="leave out SEGUE_DATABASE_URL|driver"):
        refuse_lived_in(shop)


def test_half_a_past_is_none(shop, past_of):
    with pytest.raises(UsageError, match="2025-01 lies before the DAG's start"):
        write_past(shop, past_of(days=1, fills=(read_fill("orders:2025-01"),)))
    assert not list(shop.home.glob("segue.db*"))
    write_past(shop, past_of(days=1))


def test_a_request_that_is_refused_ends_the_play_with_its_reason(shop, past_of):
    with pytest.raises(Refused, match="the least is 1"):
        write_past(shop, past_of(days=1, fills=(Filled("orders", "2026-02", HOUR, 0),)))


def test_a_backfill_of_a_dag_that_is_not_there_is_refused(shop, past_of):
    with pytest.raises(UsageError, match="--backfill nights: there is no DAG nights: there are orders, prices"):
        write_past(shop, past_of(fills=(read_fill("nights:2026-02"),)))


def test_only_the_dags_that_are_named_are_played(shop):
    assert [one.spec.id for file in definitions_of(shop, ["ord*"]) for one in file.definitions] == ["orders"]
    assert len(definitions_of(shop, [str(shop.root / "shop.py")])[0].definitions) == 4
    with pytest.raises(UsageError, match="there is no DAG nights: there are orders, prices, sizes, hasty"):
        definitions_of(shop, ["nights"])


def test_a_file_that_cannot_be_read_is_told_and_a_project_without_dags_too(tmp_path):
    settings = at_home(tmp_path, tmp_path / ".segue")
    with pytest.raises(UsageError, match="nothing to play"):
        definitions_of(settings, ())
    (tmp_path / "shop.py").write_text("from segue import dag\ndef broken(:")
    with pytest.raises(DefinitionError):
        definitions_of(settings, ())


@pytest.mark.parametrize(("text", "fill"), [
    ("orders:2026-02..2026-03", Filled("orders", "2026-02..2026-03", DAY)),
    ("orders:2026-02@8h", Filled("orders", "2026-02", 8 * HOUR)),
])  # fmt: skip
def test_a_backfill_is_read_as_people_write_it(text, fill):
    assert read_fill(text) == fill


@pytest.mark.parametrize("text", ["orders", "orders:", ":2026-02", "orders:2026-02@soon"])
def test_a_backfill_that_is_none_shows_how_to_write_one(text):
    with pytest.raises(UsageError, match=r"--backfill .*: (write orders:2026-02|'soon' is not a duration)"):
        read_fill(text)
