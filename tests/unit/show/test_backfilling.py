import pytest

from segue.app.home import Home
from segue.app.reading import open_reading
from segue.model.backfills import BackfillRow, unpack_slots
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.moment import parse_moment
from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.model.state import RunState, SlotState
from segue.model.timing import Foretold
from segue.model.views import BackfillView, SlotView
from segue.schedule.declare import cron, daily, every, hourly
from segue.show.backfilling import (
    Wish,
    effects_object,
    effects_of,
    is_over,
    plan_backfill,
    progress_of,
    range_of,
    read_only,
)
from segue.show.views.backfills import backfill_item

HOUR = 3_600_000_000
NOW = parse_moment("2026-10-20T12:00", "UTC")


def spec(*tasks, schedule=None, **options):
    timetable = (schedule or daily()).to_data()
    return DagSpec("daily", tasks or (TaskSpec("load"),), timetable, **options)


def asked(many):
    raise AssertionError(f"asked about {many}")


def plan(wish, of=None, rows=(), many=asked, now=NOW):
    return plan_backfill(of or spec(), Foretold(), rows, wish, now, many)


def keys(found):
    return [found.key(slot) for slot in found.slots]


def row(day, state):
    start = parse_moment(day, "UTC")
    return SlotView("daily", (start, Instant(start + 24 * HOUR)), state, "daily@x", None, 1)


@pytest.mark.parametrize("text", ["2026-10-01..2026-10-03", "2026-10-01...2026-10-03"])
def test_a_range_includes_both_ends(text):
    assert keys(plan(Wish(text))) == ["2026-10-01", "2026-10-02", "2026-10-03"]


def test_four_spellings_mean_the_same():
    spellings = [
        range_of("2026-10-01..2026-10-03", None, None),
        range_of("2026-10-01...2026-10-03", None, None),
        range_of(None, "2026-10-01", "2026-10-03"),
    ]
    assert len({tuple(plan(Wish(text)).slots) for text in spellings}) == 1


def test_a_month_or_a_day_alone_is_a_range():
    assert len(plan(Wish("2026-09")).slots) == 30
    assert keys(plan(Wish("2026-09-07"))) == ["2026-09-07"]
    assert len(plan(Wish("2026-09-07"), spec(schedule=hourly())).slots) == 24


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((None, None, None), "which intervals?"),
        ((None, "2026-10-01", None), "a backfill has two ends"),
        ((None, None, "2026-10-01"), "a backfill has two ends"),
        (("2026-10", "2026-10-01", None), "either 2026-10 or -s and -e"),
    ],
)
def test_half_a_range_is_refused(words, said):
    with pytest.raises(UsageError, match=said):
        range_of(*words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-10-05..2026-10-01", "runs backwards"),
        ("2026-10-05..", "is not a range"),
        ("yesterday", "yesterday"),
        ("2026-11-01..2026-11-05", "in 2026-11-01..2026-11-05 is complete yet: 2026-11-01 is due 2026-11-02"),
        ("2026-09-01..2026-09-05", "2026-09-01 lies before the DAG's start 2026-09-03"),
    ],
)  # fmt: skip
def test_a_range_that_cannot_be_run_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        plan(Wish(text), spec(start=parse_moment("2026-09-03", "UTC")))


def test_the_interval_that_has_not_ended_is_left_out_and_said_so():
    found = plan(Wish("2026-10-18..2026-10-22"))
    assert keys(found) == ["2026-10-18", "2026-10-19"]
    assert found.coming is not None and found.key(found.coming) == "2026-10-20"


def test_what_is_there_is_left_alone_and_counted():
    rows = [row("2026-10-02", SlotState.FRESH), row("2026-10-03", SlotState.FAILED), row("2026-10-04", SlotState.HELD)]
    found = plan(Wish("2026-10-01..2026-10-05"), rows=rows)
    assert keys(found) == ["2026-10-01", "2026-10-05"]
    assert (dict(found.alone), found.more) == ({"fresh": 1, "failed": 1, "held": 1}, ("failed", "held"))
    found = plan(Wish("2026-10-01..2026-10-05", only=("missing", "failed")), rows=rows)
    assert keys(found) == ["2026-10-01", "2026-10-03", "2026-10-05"]
    assert len(plan(Wish("2026-10-01..2026-10-05", only=("all",)), rows=rows).slots) == 5
    assert plan(Wish("2026-10-02"), rows=rows).slots == ()


def test_what_it_asks_for_names_the_slots_the_order_the_cap_and_the_reason():
    act = plan(Wish("2026-10-01..2026-10-02", "newest", 2, reason="restatement", params=b"p")).act
    assert (act.dag, act.order, act.cap, act.only) == ("daily", "newest", 2, ("missing",))
    assert (act.reason, act.params, len(unpack_slots(act.slots))) == ("restatement", b"p", 2)


def test_a_dag_without_intervals_cannot_be_backfilled():
    with pytest.raises(UsageError, match="no schedule, so no interval to backfill: `segue run daily` runs it"):
        plan(Wish("2026-10"), DagSpec("daily", (TaskSpec("load"),)))
    with pytest.raises(UsageError, match="runs once, without interval"):
        plan(Wish("2026-10"), spec(schedule=cron("@once")))
    with pytest.raises(UsageError, match="daily has no interval in 2026-10-01"):
        plan(Wish("2026-10-01"), spec(schedule=cron("0 0 15 * *")))
    with pytest.raises(UsageError, match="only intervals that it has foretold"):
        plan(Wish("2026-10-01"), DagSpec("daily", (TaskSpec("load"),), ("custom", "Tides", "Tides()")))


def test_what_depends_on_the_past_is_run_one_by_one_oldest_first():
    of = spec(TaskSpec("a"), TaskSpec("total", Rules(depends_on_past=True)))
    found = plan(Wish("2026-10-01..2026-10-05", cap=8), of)
    assert (found.wish.cap, found.serial) == (1, "total")
    for order in ("newest", "parallel"):
        with pytest.raises(UsageError, match=f"total depends on the past: backfill daily oldest first, not {order}"):
            plan(Wish("2026-10-01..2026-10-05", order), of)


def test_before_very_many_intervals_are_looked_at_somebody_is_asked():
    counts = []

    def ask(count):
        counts.append(count)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        plan(Wish("2026-10-01..2026-10-15"), spec(schedule=every("1s")), many=ask)
    assert counts == [15 * 86_400]


def test_only_reads_a_list_of_states():
    assert read_only("missing, failed,missing") == ("missing", "failed")
    assert read_only("all") == ("all",)
    with pytest.raises(UsageError, match="--only faild: did you mean failed"):
        read_only("faild")
    with pytest.raises(UsageError, match="--only fresh9x: there are missing, failed, held, stale, all"):
        read_only("fresh9x")
    with pytest.raises(UsageError, match="names nothing"):
        read_only(" , ")


# ------------------------------------------------------------------------------------------------------------- effects
def test_a_pipeline_that_needs_an_hour_a_day_catches_up_24_days_per_day_and_one_of_23_hours_never_will():
    found = plan(Wish("2026-09", cap=1))
    hour = effects_of(found, {"load": [HOUR]}, 4, 1)
    assert hour.outlook is not None and hour.outlook.verdict == "catches up 24 days per day"
    assert hour.outlook.finish == 30 * HOUR
    long = effects_of(found, {"load": [23 * HOUR]}, 4, 1)
    assert long.outlook is not None and long.outlook.verdict == "will never catch up: 23 h per day at cap 1"


def test_what_a_source_may_see_is_the_runs_of_the_clock_and_of_the_backfill():
    one = TaskSpec("a", Rules(connections=("shop",)))
    two = TaskSpec("b", Rules(connections=("shop", "lake"), idempotent=False))
    of = spec(one, two, max_active_runs=3)
    effects = effects_of(plan(Wish("2026-09", cap=5), of), {}, 4, 1)
    assert effects.connections == (("shop", 8), ("lake", 8))
    assert (effects.tasks, effects.risky) == (("a", "b"), ("b",))


def test_with_fewer_than_four_workers_scheduled_work_may_wait_as_long_as_the_longest_task():
    found = plan(Wish("2026-09"))
    assert effects_of(found, {"load": [HOUR]}, 3, 1).wait == HOUR
    assert effects_of(found, {"load": [HOUR]}, 4, 1).wait == 0
    assert effects_of(found, {"load": [HOUR]}, 4, 0).wait == HOUR


def test_a_plan_is_written_as_json():
    found = plan(Wish("2026-10-18..2026-10-22", reason="a bug"), rows=[row("2026-10-18", SlotState.FAILED)])
    said = effects_object(found, effects_of(found, {"load": [HOUR]}, 2, 1))
    assert said["intervals"] == ["2026-10-19"]
    assert (said["left_alone"], said["not_complete"], said["reason"]) == ({"failed": 1}, "2026-10-20", "a bug")
    assert (said["seconds"], said["scheduled_work_may_wait"]) == (3600, 3600)
    empty = plan(Wish("2026-10-18"), rows=[row("2026-10-18", SlotState.FRESH)])
    assert effects_object(empty, effects_of(empty, {}, 4, 1))["verdict"] is None


# ------------------------------------------------------------------------------------------------------------ progress
def view(state="running", made=6, **runs):
    of = BackfillRow(3, "daily", b"", 10, created=Instant(0), reason="outage", actor="ana")
    return BackfillView(of, state, made, tuple((RunState(name), count) for name, count in runs.items()))


def test_progress_counts_what_needs_nothing_more_and_foretells_the_end_at_the_present_pace():
    found = progress_of(view(success=3, failed=1, running=1, held=1), Instant(4 * HOUR))
    assert (found.over, found.good, found.failed, found.active, found.held) == (4, 3, 1, 2, 1)
    assert found.left == 6 * HOUR
    assert progress_of(view(made=1, running=1), Instant(HOUR)).left is None
    assert progress_of(view("paused", success=6), Instant(HOUR)).left is None


def test_a_backfill_is_over_when_nothing_of_it_moves_by_itself():
    assert not is_over(view(success=6))
    assert not is_over(view("cancelled", running=1))
    assert is_over(view("cancelled", success=6))
    assert is_over(view("paused", success=6))
    assert is_over(view(made=10, success=9, held=1))


def test_a_backfill_is_written_as_json():
    said = backfill_item(view(success=3, failed=1, running=2), Instant(4 * HOUR))
    assert (said.id, said.over, said.intervals, said.seconds_left) == ("3", 4, 10, 6 * 3600)
    assert said.runs == {"success": 3, "failed": 1, "running": 2}
    assert backfill_item(view("done", success=10), Instant(0)).seconds_left is None


def test_a_home_that_does_not_exist_has_no_backfill(tmp_path):
    with open_reading(Home(tmp_path / "none")) as reading:
        assert reading.backfills() == ()
        assert reading.runs_of(1) == ()
        with pytest.raises(UsageError, match="there is no backfill 1"):
            reading.backfill(1)
