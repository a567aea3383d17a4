"""What will run when, how long it takes, and whether it is in time; read from a home that is made up."""

import msgspec
import pytest

from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.moment import DAY, HOUR, parse_moment
from segue.model.spec import DagSpec, TaskSpec
from segue.model.timing import Foretold, Timing
from segue.model.views import DagView
from segue.model.why import Why
from segue.schedule.declare import cron, daily, hourly, listed
from segue.show.outlook import clocks_of, fires, forecasts_of, words_of
from segue.show.views.ahead import clock_item, forecast_item
from tests.unit.show.known import Known

ZONE = "America/Los_Angeles"
MINUTE = 60_000_000
NOW = parse_moment("2026-04-20T13:00", ZONE)
SEEN = Timing(enabled=Instant(NOW - 100 * DAY), cursor=NOW, accepted=NOW)


def dag(name="orders", schedule=None, **options):
    data = (daily(at="02:00") if schedule is None else schedule).to_data()
    return DagSpec(name, (TaskSpec("all"),), schedule=data, timezone=ZONE, **options)


def home(*specs, spans=None, **timings):
    timed = {spec.id: timings.get(spec.id, SEEN) for spec in specs}
    return Known({spec.id: spec for spec in specs}, timed, spans or {})


def plain(value):
    """As programs read it."""
    return msgspec.json.decode(msgspec.json.encode(value))


def at(text):
    return parse_moment(text, ZONE)


# ---------------------------------------------------------------------------------------------------------------- next
def test_the_next_run_of_each_dag_is_told_the_soonest_first():
    found = clocks_of(home(dag(), dag("clicks", hourly(at=":10"))), NOW)
    assert [(one.spec.id, one.coming[0].due) for one in found] == [
        ("clicks", at("2026-04-20T13:10")), ("orders", at("2026-04-21T02:00")),
    ]  # fmt: skip
    assert all(one.state == "runs" and len(one.coming) == 1 for one in found)


def test_of_one_dag_the_next_five_are_told_and_of_days_everything():
    here = home(dag(), dag("clicks", hourly()))
    assert len(clocks_of(here, NOW, "orders")[0].coming) == 5
    days = {one.spec.id: len(one.coming) for one in clocks_of(here, NOW, days=3)}
    assert days == {"orders": 3, "clicks": 72}
    assert len(clocks_of(here, NOW, "orders", days=2)[0].coming) == 2


def test_a_dag_of_which_nothing_falls_due_in_these_days_still_runs():
    (one,) = clocks_of(home(dag(schedule=cron("0 0 1 1 *"))), NOW, days=3)
    assert (one.state, one.coming) == ("runs", ())


@pytest.mark.parametrize(
    ("schedule", "timing", "state"),
    [
        (daily(), Timing(), "not seen"),
        (daily(), Timing(enabled=NOW, paused=True), "paused"),
        (daily(), Timing(enabled=NOW, hard=True), "paused"),
        (daily(), Timing(enabled=NOW, retired=True), "retired"),
        (cron("@once"), Timing(), "once"),
        (cron("@once"), Timing(cursor=NOW), "over"),
        (listed(["2025-01-01", "2025-01-02"]), SEEN, "over"),
    ],
)
def test_what_does_not_run_by_itself_says_why(schedule, timing, state):
    (one,) = clocks_of(home(dag(schedule=schedule), orders=timing), NOW)
    assert one.state == state
    assert bool(one.coming) is (state == "not seen")


def test_a_dag_that_runs_by_hand_or_is_quarantined_has_no_next_run():
    by_hand = DagSpec("tool", (TaskSpec("all"),))
    here = home(dag(), by_hand)
    here.views["orders"] = DagView("orders", 1, "", "", "", quarantined=Why("failed", ("x",)), timing=SEEN)
    assert [(one.spec.id, one.state) for one in clocks_of(here, NOW)] == [
        ("orders", "quarantined"),
        ("tool", "by hand"),
    ]


def test_a_pause_that_ends_by_itself_shows_what_comes_after_it():
    until = at("2026-04-22T12:00")
    (one,) = clocks_of(home(dag(), orders=Timing(enabled=NOW, paused=True, until=until)), NOW)
    assert (one.state, one.until, one.coming[0].due) == ("paused", until, at("2026-04-23T02:00"))


def test_what_is_accepted_and_has_no_run_yet_waits():
    clock = Timing("", at("2026-04-17"), at("2026-04-20"), at("2026-04-01"))
    assert clocks_of(home(dag(), orders=clock), NOW)[0].waiting == 3


def test_slots_of_a_timetable_of_the_users_own_come_as_foretold():
    slots = tuple(
        (Instant(NOW + n * DAY), Instant(NOW + n * DAY + HOUR), Instant(NOW + n * DAY + HOUR)) for n in range(-1, 3)
    )
    own = DagSpec("orders", schedule=("custom", "shop:Market", "Market()"))
    assert [slot.due for slot in fires(own, Foretold(slots), NOW)] == [slot[2] for slot in slots[1:]]
    assert "Market()" in words_of(own)
    assert words_of(DagSpec("orders")).startswith("runs when it is asked to")


def test_next_as_json_has_instants_in_utc():
    (one,) = clocks_of(home(dag()), NOW)
    assert plain(clock_item(one)) == {
        "dag_id": "orders", "state": "runs", "timezone": ZONE, "until": None, "waiting": 0,
        "schedule": "covers each calendar day; runs at 02:00 on the day after",
        "next": [{
            "due": "2026-04-21T09:00:00Z", "key": "2026-04-20", "start": "2026-04-20T07:00:00Z",
            "end": "2026-04-21T07:00:00Z",
        }],
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ forecast
def test_a_forecast_goes_by_recent_runs_and_compares_the_next_with_its_deadline():
    here = home(dag(deadline_at=3 * 60), spans={"orders": {"all": [30 * MINUTE] * 8 + [90 * MINUTE] * 2}})
    (one,) = forecasts_of(here, NOW)
    assert (one.estimate.median, one.estimate.p90, one.runs) == (30 * MINUTE, 90 * MINUTE, 10)
    assert [risk.risk for risk in one.risks] == ["at risk"]
    assert not one.overlaps
    told = plain(forecast_item(one))
    assert (told["median_seconds"], told["critical_path"], told["deadlines"][0]["risk"]) == (1800.0, ["all"], "at risk")
    assert told["next"]["due"] == "2026-04-21T09:00:00Z"


def test_what_waits_in_line_delays_the_next_run():
    clock = Timing("", at("2026-04-10"), at("2026-04-20"), at("2026-04-01"))
    here = home(dag(deadline_at=12 * 60), spans={"orders": {"all": [2 * HOUR]}}, orders=clock)
    assert forecasts_of(here, NOW)[0].risks[0].median == NOW + 22 * HOUR
    assert forecasts_of(here, NOW)[0].risks[0].risk == "on time"
    slow = home(dag(deadline_at=12 * 60), spans={"orders": {"all": [3 * HOUR]}}, orders=clock)
    assert forecasts_of(slow, NOW)[0].risks[0].risk == "late"


def test_runs_that_take_longer_than_their_interval_queue_up():
    here = home(dag(schedule=hourly()), spans={"orders": {"all": [90 * MINUTE]}})
    assert forecasts_of(here, NOW)[0].overlaps
    wide = home(dag(schedule=hourly(), max_active_runs=2), spans={"orders": {"all": [90 * MINUTE]}})
    assert not forecasts_of(wide, NOW)[0].overlaps


def test_without_history_nothing_is_foretold_and_a_retired_dag_is_left_out():
    here = home(dag(), dag("old"), DagSpec("tool", (TaskSpec("all"),)), old=Timing(retired=True))
    found = forecasts_of(here, NOW)
    assert [(one.clock.spec.id, one.estimate.known, one.runs) for one in found] == [
        ("orders", False, 0),
        ("tool", False, 0),
    ]
    assert found[1].next is None
    assert forecast_item(found[1]).next is None
    with pytest.raises(UsageError, match="no file declares DAG old any more"):
        forecasts_of(here, NOW, "old")
