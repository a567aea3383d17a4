"""Clocks that jump, DAGs that are edited, backfills that are cancelled, alerts in a storm (rows 25, 26, 31, 51, 55)."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from segue.model.acts import MoveBackfill, StartBackfill
from segue.model.backfills import pack_slots
from segue.model.changes import AlertRaised, BackfillMoved, RunCreated, RunMoved, TaskMoved
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RUN_FINAL, TaskState
from segue.schedule.declare import cron, daily, every, hourly
from tests.simulate.years import DAY, HOUR, MINUTE, SECOND, Life, at, timed

NOON = at("2026-04-01T12:00")


def starts(life: Life, kind: str = "scheduled") -> list[int]:
    return [row.slot[0] for row in life.made if row.kind == kind and row.slot is not None]


# ------------------------------------------------------------------------------------------------ the clock on the wall
@pytest.mark.parametrize("jump", [HOUR, 8 * HOUR, 30 * DAY, 365 * DAY])
def test_a_clock_that_jumps_forwards_makes_no_stampede_and_ends_nothing(jump: int) -> None:
    life = Life(NOON, lasts=30 * MINUTE)
    life.define(timed(hourly(), start=NOON))
    life.wait(HOUR + MINUTE)
    life.now += jump
    life.heard = [(when + jump, event) for when, event in life.heard]  # what an attempt lasts is no matter of the wall
    life.wait(20 * HOUR)
    missed = jump // HOUR
    made = starts(life)
    assert made == sorted(set(made))
    assert len(made) <= 1 + min(missed, 10) + 20
    assert not any(isinstance(one, TaskMoved) and one.new is TaskState.FAILED for one in life.changes)
    assert all(one.new not in RUN_FINAL or one.new == "success" for one in life.changes if isinstance(one, RunMoved))


def test_a_clock_that_is_set_back_makes_nothing_twice_and_the_next_interval_comes_once() -> None:
    life = Life(NOON)
    life.define(timed(hourly(), start=NOON))
    life.wait(14 * HOUR)
    life.now -= 12 * HOUR
    life.begin()  # as a new owner: one that goes on never sees its clock go back
    life.wait(13 * HOUR)
    assert starts(life) == [NOON + n * HOUR for n in range(15)]


# -------------------------------------------------------------------------------------------------------------- edits
TIMETABLES = (
    hourly(), hourly(at=":20"), daily(), daily(at="02:30"), cron("30 2 * * *"), cron("*/15 * * * *"), every("50m"),
)  # fmt: skip
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")


@pytest.mark.parametrize("seed", range(100))
def test_an_edit_of_schedule_zone_or_start_at_any_instant_runs_nothing_of_the_past(seed: int) -> None:
    rng = Random(seed)
    begin = at("2026-10-24") if rng.random() < 0.5 else at("2026-03-28")
    life = Life(begin)
    life.define(_drawn(rng, begin))
    life.wait(rng.randrange(2 * DAY))
    known, edited = len(life.made), life.now
    life.define(_drawn(rng, begin))
    life.wait(2 * DAY)
    later = [row for row in life.made[known:] if row.slot is not None]
    assert all(row.slot[1] > edited for row in later if row.slot is not None)
    assert len({row.slot for row in life.made}) == len(life.made)


def _drawn(rng: Random, begin: int) -> DagSpec:
    return timed(
        rng.choice(TIMETABLES), TaskSpec("t", function=str(rng.random())), timezone=rng.choice(ZONES),
        start=begin - rng.randrange(3 * DAY),
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- backfills
def test_after_a_backfill_was_cancelled_at_any_of_two_hundred_instants_no_run_of_it_is_made() -> None:
    day = at("2026-03-01")
    wanted = [(day + n * HOUR, day + (n + 1) * HOUR) for n in range(24)]
    cancelled_early = 0
    for number in range(200):
        life = Life(NOON, lasts=10 * MINUTE)
        life.define(timed(hourly(), start=day))
        act = StartBackfill("d", pack_slots(wanted), ("oldest", "newest", "parallel")[number % 3], cap=4)
        assert life.ask(act).ok
        life.wait(number * 18 * SECOND)
        life.ask(MoveBackfill(1, "cancel"))
        made = starts(life, "backfill")
        assert len(made) == len(set(made)) <= len(wanted)
        cancelled_early += len(made) < len(wanted)
        life.wait(11 * MINUTE)
        assert starts(life, "backfill") == made
        ended = {one.run for one in life.changes if isinstance(one, RunMoved) and one.new in RUN_FINAL}
        assert {row.run for row in life.made if row.kind == "backfill"} <= ended
    assert cancelled_early > 150


@pytest.mark.parametrize("seed", range(8))
def test_a_backfill_goes_on_through_deaths_of_its_owner(seed: int) -> None:
    rng = Random(seed)
    day = at("2026-03-01")
    wanted = [(day + n * HOUR, day + (n + 1) * HOUR) for n in range(12)]
    life = Life(NOON, lambda turn, where: turn > 2 and rng.random() < 0.2, lasts=MINUTE)
    life.define(timed(hourly(), start=day))
    assert life.ask(StartBackfill("d", pack_slots(wanted), "newest", cap=3)).ok
    life.wait(6 * HOUR)
    assert life.deaths > 3
    assert starts(life, "backfill") == [slot[0] for slot in reversed(wanted)]
    assert [one.new for one in life.changes if isinstance(one, BackfillMoved)][-1] == "done"


# ------------------------------------------------------------------------------------------------------------- alerts
def test_a_deadline_is_told_of_once_through_a_storm_of_restarts_around_it() -> None:
    for seed in range(20):
        rng = Random(seed)
        life = Life(NOON, lasts=50 * MINUTE)
        life.define(timed(hourly(), start=NOON, deadline=20 * MINUTE))
        life.wait(HOUR + 19 * MINUTE)
        for _ in range(30):
            life.wait(rng.randrange(8 * SECOND))
            life.begin()
        life.wait(5 * MINUTE)
        told = {
            (one.alert.thing, one.alert.episode) for one in life.changes
            if isinstance(one, AlertRaised) and one.alert.kind == "deadline"
        }  # fmt: skip
        assert told == {("d@2026-04-01T12:00", NOON + HOUR + 20 * MINUTE)}


def test_what_was_made_is_known_by_its_slot_whatever_is_deployed_meanwhile() -> None:
    life = Life(NOON)
    spec = timed(hourly(), start=NOON)
    life.define(spec)
    for edit in range(6):
        life.wait(40 * MINUTE)
        life.define(replace(spec, tasks=(TaskSpec("t", arguments=str(edit)),)))
    life.wait(HOUR)
    assert starts(life) == [NOON + n * HOUR for n in range(5)]
    assert sum(isinstance(one, RunCreated) for one in life.changes) == 5
