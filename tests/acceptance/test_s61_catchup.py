"""S61: nothing of the past runs unless it is asked for; what is asked for is throttled; no hole is silent."""

import pytest

from segue import daily
from segue.model.acts import MoveBackfill, PauseDags, UnpauseDags
from segue.model.backfills import unpack_slots
from segue.model.moment import datetime_at, parse_moment
from tests.acceptance.clocked import Clocked, Fired, declared

NOON = "2024-06-15T12:00"


def days(fired: list[Fired]) -> list[str]:
    return [f"{one.start:%m-%d}" for one in fired if one.start is not None]


def told(world: Clocked) -> list[str]:
    return [view.alert.text for view in world.store.alerts.values() if view.alert.kind == "missed"]


def test_s61_catchup_is_off_unless_it_is_said():
    world = Clocked(NOON, schedule=daily(), start="2020-01-01")
    assert world.fired == []
    assert days(world.play_until("2024-06-17T12:00")) == ["06-15", "06-16"]


def test_s61_catchup_from_a_far_start_asks_first_and_is_throttled():
    world = Clocked(NOON, schedule=daily(), start="2024-01-01", catchup=True)
    assert (world.fired, world.proposed) == ([], 166)
    assert world.ask(MoveBackfill(1, "resume")).ok
    most = 0
    while world.alive:
        most = max(most, len(world.alive))
        key = next(iter(world.alive))
        world.end(key.of.label, run=key.run)
    assert most == 4
    assert len(set(days(world.fired))) == len(world.fired) == 166


def test_s61_unpausing_creates_no_run():
    world = Clocked(NOON, schedule=daily())
    world.ask(PauseDags(("d",)))
    assert world.play_until("2024-09-01T12:00") == []
    world.ask(UnpauseDags(("d",)))
    assert world.fired == []
    assert told(world) == ["78 intervals of DAG d will not be run by themselves: due during a pause"]
    assert days(world.play_until("2024-09-02T12:00")) == ["09-01"]


@pytest.mark.parametrize(
    "edit",
    [
        {"schedule": daily(at="02:00")},
        {"schedule": "0 * * * *"},
        {"timezone": "America/New_York"},
        {"start": "2019-01-01"},
    ],
    ids=["time", "cadence", "zone", "start"],
)
def test_s61_an_edit_creates_no_run_of_the_past(edit):
    options = {"schedule": daily(), "start": "2024-01-01"}
    world = Clocked(NOON, **options)
    world.define(declared(**(options | edit)))
    assert (world.fired, world.proposed) == ([], 0)
    fired = world.play_until("2024-06-17T12:00")
    edited = datetime_at(parse_moment(NOON, "UTC"), "UTC")
    assert fired and all(one.end is not None and one.end > edited for one in fired)


@pytest.mark.parametrize(
    ("moment", "out", "run", "waiting"),
    [("2024-06-20T12:00", 5, 5, 0), ("2024-06-25T12:00", 10, 10, 0), ("2024-07-25T12:00", 40, 1, 39)],
)
def test_s61_after_an_outage_every_interval_is_run_or_told_of_and_can_be_had(
    moment: str, out: int, run: int, waiting: int
):
    world = Clocked(NOON, schedule=daily())
    fired = world.down_until(moment)
    assert (len(fired), world.proposed) == (run, waiting)
    covered = {round(one.start.timestamp()) * 1_000_000 for one in fired if one.start is not None}
    for backfill in world.store.backfills.values():
        covered |= {start for start, _ in unpack_slots(backfill.row.slots)}
    assert len(covered) == out
    assert len(told(world)) == (waiting > 0)
