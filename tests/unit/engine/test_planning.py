"""The clocks of DAGs: SEMANTICS, "Catch-up", cell by cell, and what keeps a clock honest."""

from __future__ import annotations

import sys

import pytest
from msgspec import structs

from segue.model.acts import Drain, PauseDags, UnpauseDags
from segue.model.backfills import unpack_slots
from segue.model.changes import AlertRaised, BackfillMade, Decision, RunCreated, SlotMoved, TimingSet
from segue.model.definition import Defined, Definition
from segue.model.errors import Conflict
from segue.model.events import Event, Expired, Failure, Value
from segue.model.ids import Instant, RunKey
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.schedule.declare import cron, daily, every, hourly
from segue.schedule.planner import CUSTOM
from tests.unit.engine.driver import DAY, SECOND, World, dag, task

HOUR = 3_600 * SECOND
FIRST = 1_000
"""The day on which every test begins, at 06:00."""


class Clocks(World):
    """A world in which time goes by, attempts end at once, and people look at what the schedule has made."""

    def __init__(self, *specs: DagSpec, at: int = FIRST * DAY + 6 * HOUR, workers: int = 100) -> None:
        self.outcome = Value(b"v")
        self.turns = 0
        super().__init__(*specs, planning=True, now=at, workers=workers)

    def step(self, *events: Event) -> Decision:
        """One turn."""
        self.turns += 1
        return super().step(*events)

    def play_for(self, span: int) -> None:
        """Let time pass; every attempt ends in the instant in which it is launched."""
        until = self.now + span
        while True:
            while self.alive:
                key = next(iter(self.alive))
                self.end(key.of.label, outcome=self.outcome, run=key.run)
            if self.asks:
                self.send()
            elif self.wake_at is not None and self.wake_at <= until:
                self.now = max(self.now, self.wake_at)
                self.send()
            else:
                break
        self.now = until

    def idle_for(self, span: int) -> None:
        """Let time pass; no attempt ends."""
        self.wait(span / SECOND)

    def down_for(self, span: int) -> None:
        """Nobody leads for a while."""
        self.now += span
        self.restart()

    @property
    def made(self) -> list[int]:
        """The days whose scheduled runs were made, in order."""
        rows = [one.row for one in self.history if isinstance(one, RunCreated)]
        return [row.slot[0] // DAY for row in rows if row.kind == "scheduled"]

    @property
    def hours_made(self) -> list[int]:
        """The hours of the first day, and on, whose scheduled runs were made, in order."""
        rows = [one.row for one in self.history if isinstance(one, RunCreated)]
        return [(row.slot[0] - FIRST * DAY) // HOUR for row in rows if row.kind == "scheduled"]

    @property
    def proposed(self) -> list[list[int]]:
        """The days of each backfill that waits for a person."""
        rows = [one for one in self.history if isinstance(one, BackfillMade)]
        assert all(one.state == "proposed" for one in rows)
        return [[start // DAY for start, _ in unpack_slots(one.row.slots)] for one in rows]

    @property
    def told(self) -> list[str]:
        """What people were told of intervals left out."""
        return [one.alert.text for one in self.history if isinstance(one, AlertRaised) and one.alert.kind == "missed"]

    def timing(self, name: str = "d"):
        return self.store.dags[name].timing

    def pause(self, *names: str, **more: object):
        return self.ask(PauseDags(names or ("d",), **more))

    def unpause(self, *names: str, **more: object):
        return self.ask(UnpauseDags(names or ("d",), **more))

    def forget(self, run: RunKey) -> None:
        """A run is not kept any longer."""
        self.send(Expired((run,)))

    def calls_of_a_turn(self, span: int) -> int:
        """How many Python functions are called in the turn after so long."""
        self.now += span
        calls = 0

        def count(frame: object, event: str, arg: object) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            self.engine.step(Instant(self.now), ())
        finally:
            sys.setprofile(None)
        return calls

    def defined(
        self, *specs: DagSpec, file: str = "dags.py", gone: tuple[str, ...] = (), confirmed: bool = False
    ) -> None:
        """A file has been read."""
        found = tuple(Definition(structs.replace(spec, file=file), str(hash(spec)), "", "b") for spec in specs)
        self.send(Defined("", file, tuple(map(self.writer.known, found)), (), gone, confirmed))


def by_day(**options: object) -> DagSpec:
    return dag(task("a"), **({"schedule": daily().to_data()} | options))


def by_hour(**options: object) -> DagSpec:
    return by_day(schedule=hourly().to_data(), **options)


CATCHES_UP = {"catchup": True, "start": (FIRST - 4) * DAY}
LONG_AGO = {"catchup": True, "start": (FIRST - 400) * DAY}


# ----------------------------------------------------------------------------------- first deploy, or schedule edited
def test_without_catchup_the_first_run_is_at_the_next_tick():
    world = Clocks(by_day(start=(FIRST - 4) * DAY))
    assert world.made == []
    world.play_for(DAY)
    assert world.made == [FIRST]
    assert not world.told, "slots before the first deploy are shown missing, and nobody is woken for them"


def test_with_catchup_every_interval_since_the_start_is_run_oldest_first():
    world = Clocks(by_day(**CATCHES_UP))
    world.play_for(2 * DAY)
    assert world.made == [FIRST - 4, FIRST - 3, FIRST - 2, FIRST - 1, FIRST, FIRST + 1]


def test_a_catchup_over_more_than_ten_intervals_waits_for_a_person_as_a_backfill():
    world = Clocks(by_day(**LONG_AGO))
    world.play_for(2 * DAY)
    assert world.made == [FIRST, FIRST + 1]
    assert world.proposed == [list(range(FIRST - 400, FIRST))]


def test_a_confirmed_catchup_runs_all_however_many():
    world = Clocks()
    world.defined(by_day(**LONG_AGO), confirmed=True)
    world.play_for(DAY)
    assert world.made == list(range(FIRST - 400, FIRST + 1))
    assert world.proposed == []
    world.defined(by_day(catchup=True, start=(FIRST - 800) * DAY))
    assert len(world.proposed) == 1, "who agrees agrees once"


def test_a_catchup_has_no_more_runs_at_once_than_its_dag_allows_and_one_in_line():
    world = Clocks()
    world.defined(by_day(**LONG_AGO, max_active_runs=3), confirmed=True)
    assert world.made == list(range(FIRST - 400, FIRST - 396))
    assert len(world.alive) == 3
    last = list(world.store.runs)[-1]
    assert world.why(run=last).startswith("waits: 3 of 3 runs of d are active (max_active_runs): d@")


@pytest.mark.parametrize(
    "edit",
    [
        {"schedule": daily(at="05:00").to_data()},
        {"timezone": "Asia/Tokyo"},
        {"start": (FIRST - 300) * DAY},
        {"end": (FIRST + 300) * DAY},
    ],
)
def test_an_edit_runs_nothing_of_the_past(edit):
    world = Clocks(by_day())
    world.play_for(3 * DAY)
    before, edited = len(world.made), world.now
    world.define(by_day(**edit))
    world.play_for(3 * DAY)
    new = [one.row for one in world.history if isinstance(one, RunCreated)][before:]
    assert new, "it goes on"
    assert all(row.slot[1] > edited for row in new)


def test_an_edit_of_a_dag_that_catches_up_runs_what_no_run_has_covered():
    world = Clocks(by_day(**CATCHES_UP))
    world.play_for(2 * DAY)
    world.define(by_day(catchup=True, start=(FIRST - 6) * DAY))
    world.play_for(DAY)
    assert sorted(world.made) == list(range(FIRST - 6, FIRST + 3))
    assert world.made[6:] == [FIRST - 6, FIRST - 5, FIRST + 2]


def test_catchup_that_is_turned_on_later_runs_the_missing_intervals_since_the_start():
    world = Clocks(by_day(start=(FIRST - 2) * DAY))
    world.play_for(2 * DAY)
    world.define(by_day(start=(FIRST - 2) * DAY, catchup=True))
    world.play_for(DAY)
    assert world.made == [FIRST, FIRST + 1, FIRST - 2, FIRST - 1, FIRST + 2]


def test_a_scheduled_run_that_failed_is_not_made_again_by_a_catchup():
    world = Clocks(by_day(start=FIRST * DAY))
    world.outcome = Failure("ValueError", "boom")
    world.play_for(DAY)
    world.define(by_day(start=FIRST * DAY, catchup=True))
    world.play_for(DAY)
    assert world.made == [FIRST, FIRST + 1]


def test_catchup_without_a_start_has_nothing_to_catch_up():
    world = Clocks(by_day(catchup=True))
    world.play_for(DAY)
    assert world.made == [FIRST]


def test_catchup_from_a_start_whose_first_interval_is_not_over_begins_there():
    world = Clocks(by_day(catchup=True, start=FIRST * DAY))
    world.play_for(DAY)
    assert world.made == [FIRST]


# ------------------------------------------------------------------------------------------------------------ unpaused
def test_nothing_of_a_pause_is_run_and_that_is_told():
    world = Clocks(by_day())
    world.pause()
    world.play_for(5 * DAY)
    assert world.made == []
    answer = world.unpause()
    world.play_for(DAY)
    assert world.made == [FIRST + 5]
    assert world.told == ["5 intervals of DAG d will not be run by themselves: due during a pause"]
    assert [str(one.why) for one in world.history if isinstance(one, TimingSet) and one.actor] == [
        "ana paused it",
        "ana lets it go on",
    ]
    assert answer.text == "d goes on; 5 intervals are left out: `segue backfill d 1972-09-27..1972-10-01`"


def test_with_catchup_all_of_a_pause_is_run():
    world = Clocks(by_day(**CATCHES_UP))
    world.play_for(DAY)
    world.pause()
    world.play_for(15 * DAY)
    world.unpause()
    world.play_for(DAY)
    assert world.made == list(range(FIRST - 4, FIRST + 17))


def test_with_catchup_a_pause_in_which_nothing_fell_due_changes_nothing():
    world = Clocks(by_day(**CATCHES_UP))
    world.play_for(0)
    world.pause()
    world.unpause()
    world.play_for(DAY)
    assert world.made == list(range(FIRST - 4, FIRST + 1))


def test_unpause_run_latest_runs_the_newest_interval_of_the_pause():
    world = Clocks(by_day())
    world.pause()
    world.play_for(5 * DAY)
    world.unpause(run="latest")
    world.play_for(0)
    assert world.made == [FIRST + 4]
    assert len(world.told) == 1


@pytest.mark.parametrize("missed", ["run", "latest", "skip"])
def test_unpause_run_missed_runs_all_of_the_pause_up_to_ten_whatever_the_dag_says_of_outages(missed):
    world = Clocks(by_day(missed=missed))
    world.pause()
    world.play_for(10 * DAY)
    world.unpause(run="missed")
    world.play_for(0)
    assert world.made == list(range(FIRST, FIRST + 10))
    assert world.proposed == []


def test_unpause_run_missed_of_more_than_ten_runs_the_newest_and_proposes_the_rest():
    world = Clocks(by_day())
    world.pause()
    world.play_for(11 * DAY)
    answer = world.unpause(run="missed")
    world.play_for(0)
    assert world.made == [FIRST + 10]
    assert world.proposed == [list(range(FIRST, FIRST + 10))]
    assert "10 intervals are left out" in answer.text


def test_unpause_run_latest_runs_what_ended_in_the_pause_and_falls_due_after_it():
    world = Clocks(by_day(schedule=daily(at="02:00").to_data()))
    world.pause()
    world.play_for(19 * HOUR)
    world.unpause(run="latest")
    world.play_for(HOUR)
    assert world.made == [FIRST]
    assert not world.told


def test_a_pause_until_an_instant_ends_by_itself_and_leaves_out_what_fell_due_in_it():
    world = Clocks(by_day())
    world.pause(until=Instant(world.now + 2 * DAY))
    world.play_for(4 * DAY)
    assert world.made == [FIRST + 2, FIRST + 3]
    assert not world.timing().paused
    assert world.told == ["2 intervals of DAG d will not be run by themselves: due during a pause"]


def test_a_pause_that_ended_while_nobody_led_leaves_out_its_own_time_only():
    world = Clocks(by_day())
    world.pause(until=Instant(world.now + 2 * DAY))
    world.down_for(4 * DAY)
    world.play_for(0)
    assert world.made == [FIRST + 2, FIRST + 3]


def test_a_dag_that_was_paused_before_it_was_planned_begins_when_it_goes_on():
    world = Clocks()
    world.planning = False
    world.restart()
    world.define(by_day())
    world.pause()
    world.planning = True
    world.down_for(5 * DAY)
    assert world.timing().cursor is None
    world.unpause()
    world.play_for(DAY)
    assert world.made == [FIRST + 5]
    assert not world.told


def test_a_schedule_edited_during_a_pause_begins_anew_when_it_goes_on():
    world = Clocks(by_day())
    world.pause()
    world.define(by_hour())
    world.play_for(DAY)
    world.unpause(run="missed")
    world.play_for(HOUR)
    assert world.hours_made == [30]


@pytest.mark.parametrize(("run", "made"), [("", []), ("latest", [FIRST + 5]), ("missed", range(FIRST + 1, FIRST + 6))])
def test_an_edit_that_is_undone_before_the_clock_begins_anew_leaves_a_pause_one(run, made):
    world = Clocks(by_day())
    world.play_for(DAY)
    world.pause()
    world.play_for(5 * DAY)
    world.ask(Drain(True))
    world.define(by_hour())
    world.unpause(run=run)
    world.define(by_day())
    world.ask(Drain(False))
    world.play_for(DAY)
    assert world.made == [FIRST, *made, FIRST + 6]


def test_a_single_interval_that_is_left_out_is_spoken_of_as_one():
    world = Clocks(by_day())
    world.pause()
    world.play_for(DAY)
    assert world.unpause().text == "d goes on; 1 interval is left out: `segue backfill d 1972-09-27`"
    assert world.told == ["1 interval of DAG d will not be run by itself: due during a pause"]


# ----------------------------------------------------------------------------------------------- the scheduler was down
def test_up_to_ten_missed_intervals_are_run_oldest_first():
    world = Clocks(by_day())
    world.down_for(10 * DAY)
    world.play_for(DAY)
    assert world.made == list(range(FIRST, FIRST + 11))
    assert world.proposed == []
    assert not world.told


def test_of_more_than_ten_the_newest_is_run_and_the_others_are_a_proposed_backfill():
    world = Clocks(by_day())
    world.down_for(11 * DAY)
    world.play_for(DAY)
    assert world.made == [FIRST + 10, FIRST + 11]
    assert world.proposed == [list(range(FIRST, FIRST + 10))]
    assert world.told == [
        "10 intervals of DAG d will not be run by themselves: due while no scheduler led; "
        "`segue backfills resume 1` runs them"
    ]


def test_three_years_of_outage_are_one_turn_one_run_and_one_proposed_backfill():
    world = Clocks(by_hour())
    turns = len(world.history)
    world.down_for(3 * 365 * DAY)
    world.play_for(0)
    (backfill,) = [one for one in world.history if isinstance(one, BackfillMade)]
    assert backfill.row.total == 26_279
    assert world.hours_made == [6 + 26_279]
    assert len(world.history) - turns < 20


def test_with_catchup_every_missed_interval_is_run_however_many():
    world = Clocks(by_day(**CATCHES_UP))
    world.play_for(0)
    world.down_for(40 * DAY)
    world.play_for(0)
    assert world.made == list(range(FIRST - 4, FIRST + 40))


@pytest.mark.parametrize("days", [1, 3, 30])
def test_missed_latest_runs_only_the_newest(days):
    world = Clocks(by_day(missed="latest"))
    world.down_for(days * DAY)
    world.play_for(0)
    assert world.made == [FIRST + days - 1]
    assert world.proposed == []
    assert len(world.told) == (days > 1)


def test_with_missed_latest_a_single_interval_that_was_missed_drives_out_none_that_waits_for_room():
    world = Clocks(by_day(missed="latest", max_active_runs=1))
    world.idle_for(3 * DAY)
    assert world.made == [FIRST, FIRST + 1]
    world.down_for(DAY)
    world.play_for(HOUR)
    assert (world.made, world.told) == ([FIRST, FIRST + 1, FIRST + 2, FIRST + 3], [])


@pytest.mark.parametrize("days", [1, 3, 30])
def test_missed_skip_runs_none(days):
    world = Clocks(by_day(missed="skip"))
    world.down_for(days * DAY)
    world.play_for(DAY)
    assert world.made == [FIRST + days]
    assert len(world.told) == 1


@pytest.mark.parametrize("missed", ["run", "latest", "skip"])
def test_an_interval_that_fell_due_a_minute_ago_is_on_time(missed):
    world = Clocks(by_day(missed=missed))
    world.down_for(18 * HOUR + 60 * SECOND)
    world.play_for(0)
    assert world.made == [FIRST]
    assert not world.told


@pytest.mark.parametrize(("missed", "made"), [("run", [0, 1]), ("latest", [1]), ("skip", [1])])
def test_the_newest_interval_is_run_where_it_fell_due_just_now_and_others_before_were_missed(missed, made):
    world = Clocks(by_day(missed=missed))
    world.down_for(18 * HOUR + DAY + 30 * SECOND)
    world.play_for(0)
    assert world.made == [FIRST + day for day in made]


def test_of_more_than_ten_the_one_that_fell_due_just_now_is_the_newest():
    world = Clocks(by_day())
    world.down_for(18 * HOUR + 11 * DAY + 30 * SECOND)
    world.play_for(0)
    assert world.made == [FIRST + 11]
    assert world.proposed == [list(range(FIRST, FIRST + 11))]


def test_a_turn_that_comes_late_while_a_scheduler_leads_misses_nothing():
    world = Clocks(by_day(missed="skip"))
    world.now += 20 * HOUR
    world.send()
    assert world.made == [FIRST]


def test_a_clock_that_jumps_forwards_makes_no_stampede():
    world = Clocks(by_hour())
    world.now += 400 * DAY
    world.send()
    world.play_for(0)
    assert len(world.hours_made) == 1
    assert [one.row.total for one in world.history if isinstance(one, BackfillMade)] == [400 * 24 - 1]


def test_what_waits_for_room_is_not_missed_by_an_outage():
    world = Clocks(by_hour(missed="skip"))
    world.idle_for(4 * HOUR)
    assert world.hours_made == [6, 7]
    world.down_for(1)
    world.play_for(0)
    assert world.hours_made == [6, 7, 8, 9]


# ------------------------------------------------------------------------------------------------------------- overlap
def test_today_waits_for_yesterday_and_says_so():
    world = Clocks(by_day())
    world.idle_for(3 * DAY)
    assert world.made == [FIRST, FIRST + 1]
    assert world.why(run=RunKey("d", "1972-09-28", 1)) == (
        "waits: 1 of 1 runs of d are active (max_active_runs): d@1972-09-27"
    )
    world.play_for(0)
    assert world.made == [FIRST, FIRST + 1, FIRST + 2]


def test_a_waiting_run_begins_in_the_turn_in_which_the_run_before_it_ends():
    world = Clocks(by_day())
    world.idle_for(2 * DAY)
    world.step(world.word("a", Value(b"v"), run=RunKey("d", "1972-09-27", 1)))
    assert [key.run.key for key in world.alive] == ["1972-09-28"]


def test_with_overlap_skip_an_interval_that_falls_due_during_a_run_is_shown_as_skipped():
    world = Clocks(by_day(overlap="skip", **CATCHES_UP))
    world.idle_for(DAY)
    assert world.made == [FIRST - 4]
    assert world.slot(FIRST).state == "skipped"
    world.play_for(2 * DAY)
    assert world.made == [FIRST - 4, FIRST - 3, FIRST - 2, FIRST - 1, FIRST + 1, FIRST + 2]


def test_no_catchup_brings_a_skipped_interval_back():
    world = Clocks(by_day(overlap="skip", start=(FIRST - 1) * DAY))
    world.idle_for(3 * DAY)
    assert [world.slot(day).state for day in (FIRST + 1, FIRST + 2)] == ["skipped", "skipped"]
    assert world.made == [FIRST]
    world.define(by_day(overlap="skip", start=(FIRST - 1) * DAY, catchup=True))
    world.play_for(0)
    assert world.made == [FIRST, FIRST - 1]


def test_with_overlap_skip_an_interval_that_falls_due_as_an_owner_takes_over_is_looked_up_first():
    world = Clocks(by_day(overlap="skip"))
    world.idle_for(DAY)
    world.now = (FIRST + 2) * DAY
    world.restart()
    assert world.made == [FIRST]
    assert world.slot(FIRST + 1).state == "skipped"
    world.idle_for(DAY)
    assert world.slot(FIRST + 2).state == "skipped"


def test_with_overlap_skip_a_manual_run_that_is_good_is_no_reason_to_skip():
    world = Clocks(by_day(overlap="skip"))
    world.idle_for(18 * HOUR)
    world.now += DAY
    world.trigger(day=FIRST + 1)
    skipped = [one for one in world.history if isinstance(one, SlotMoved) and one.state == "skipped"]
    assert not skipped
    world.play_for(0)
    assert world.made == [FIRST]


# ----------------------------------------------------------------------------------------------------- slots and people
def test_a_manual_run_that_is_good_satisfies_the_slot():
    world = Clocks(by_day(), at=FIRST * DAY + 6 * HOUR)
    world.pause()
    world.play_for(2 * DAY)
    world.trigger(day=FIRST)
    world.play_for(0)
    world.unpause(run="missed")
    world.play_for(0)
    assert world.made == [FIRST + 1]


def test_a_manual_run_that_is_alive_satisfies_the_slot():
    world = Clocks(by_day())
    world.pause()
    world.play_for(2 * DAY)
    world.trigger(day=FIRST)
    world.unpause(run="missed")
    assert world.made == [FIRST + 1]


def test_a_manual_run_that_failed_does_not_satisfy_the_slot():
    world = Clocks(by_day())
    world.pause()
    world.play_for(2 * DAY)
    world.trigger(day=FIRST)
    world.outcome = Failure("ValueError", "boom")
    world.play_for(0)
    world.unpause(run="missed")
    world.play_for(0)
    assert world.made == [FIRST, FIRST + 1]


def test_a_slot_whose_runs_are_forgotten_is_not_run_again():
    world = Clocks(by_day())
    world.play_for(DAY)
    run = RunKey("d", "1972-09-27", 1)
    world.forget(run)
    world.define(by_day(start=FIRST * DAY, catchup=True))
    world.play_for(0)
    assert world.made == [FIRST]


def test_many_slots_that_are_satisfied_are_passed_in_few_turns():
    world = Clocks()
    world.defined(by_day())
    world.play_for(300 * DAY)
    world.defined(by_day(start=FIRST * DAY, catchup=True))
    assert [len(days) for days in world.proposed] == [300]
    before = world.turns
    world.defined(by_day(start=FIRST * DAY, catchup=True, end=(FIRST + 900) * DAY), confirmed=True)
    assert world.turns - before < 10
    world.play_for(DAY)
    assert world.made == list(range(FIRST, FIRST + 301))


# ---------------------------------------------------------------------------------------------------------------- @once
def test_once_makes_one_run_without_interval_when_it_is_first_enabled():
    world = Clocks(by_day(schedule=("once",)))
    world.play_for(30 * DAY)
    rows = [one.row for one in world.history if isinstance(one, RunCreated)]
    assert [(row.run, row.slot, row.kind) for row in rows] == [(RunKey("d", "once", 1), None, "scheduled")]


def test_a_new_version_does_not_repeat_once():
    world = Clocks(by_day(schedule=("once",)))
    world.play_for(DAY)
    world.define(by_day(schedule=("once",), timezone="Asia/Tokyo"))
    world.define(by_day())
    world.define(by_day(schedule=("once",), doc="new"))
    world.pause()
    world.unpause()
    world.play_for(DAY)
    assert sum(isinstance(one, RunCreated) for one in world.history) == 1


# --------------------------------------------------------------------------------------------------- what stands still
def test_a_paused_dag_plans_nothing_while_runs_and_people_go_on():
    world = Clocks(by_day())
    world.idle_for(DAY)
    world.pause()
    world.trigger()
    world.play_for(5 * DAY)
    assert world.made == [FIRST]
    assert sum(isinstance(one, RunCreated) for one in world.history) == 2
    assert {str(view.state.value) for view in world.store.runs.values()} == {"success"}


def test_a_dag_that_is_run_by_hand_has_no_clock():
    world = Clocks(dag(task("a")))
    world.play_for(30 * DAY)
    assert not [one for one in world.history if isinstance(one, TimingSet | RunCreated)]


def test_a_clock_that_is_taken_away_and_given_back_begins_anew():
    world = Clocks(by_day())
    world.define(by_day(schedule=None))
    world.play_for(5 * DAY)
    world.define(by_day(doc="again"))
    world.play_for(DAY)
    assert world.made == [FIRST + 5]


def test_an_empty_dag_plans_nothing():
    world = Clocks(dag(schedule=daily().to_data()))
    world.play_for(3 * DAY)
    assert world.made == []


def test_a_timetable_that_is_over_makes_the_engine_sleep():
    world = Clocks(by_day(end=(FIRST + 1) * DAY))
    world.play_for(3 * DAY)
    assert world.made == [FIRST]
    assert world.wake_at is None


def test_an_engine_that_drives_what_it_was_asked_plans_nothing():
    world = World(by_day())
    world.wait(10 * 86_400)
    assert not [one for one in world.history if isinstance(one, TimingSet | RunCreated)]


def test_while_it_is_drained_nothing_is_planned_or_dispatched():
    world = Clocks(by_day())
    world.idle_for(DAY)
    world.ask(Drain())
    assert world.wake_at is None
    world.end("a", run=RunKey("d", "1972-09-27", 1))
    world.now += DAY
    world.trigger()
    assert world.alive == {}
    assert world.why() == "the owner is being drained: nothing begins until `segue drain --off`"
    assert world.made == [FIRST]
    world.ask(Drain(on=False))
    world.play_for(0)
    assert world.made == [FIRST, FIRST + 1]


def test_a_fault_of_one_clock_stops_no_other():
    world = Clocks(by_day(schedule=("nonsense",)), by_day(id="other"))
    world.play_for(DAY)
    assert world.store.dags["d"].quarantined is not None
    assert [one.row.run.dag for one in world.history if isinstance(one, RunCreated)] == ["other"]


def test_a_quarantined_dag_plans_nothing_until_a_new_version_comes():
    world = Clocks(by_day(schedule=("nonsense",)))
    with pytest.raises(Conflict, match="read anew"):
        world.define(by_day())
    assert world.timing().generation == "", "nothing is decided from memory that is not what the store has"
    world.restart()
    world.play_for(DAY)
    assert world.made == [FIRST]


# ------------------------------------------------------------------------------------------------------- looking ahead
def test_a_due_run_is_dispatched_in_the_turn_in_which_it_falls_due():
    world = Clocks(by_day())
    world.now = (FIRST + 1) * DAY
    decision = world.step()
    assert [type(one).__name__ for one in decision.commands] == ["Launch"]
    assert {type(one).__name__ for one in decision.changes} >= {"RunCreated", "TimingSet", "AttemptMoved"}


def test_a_run_and_the_step_of_its_clock_are_one_change_set():
    world = Clocks(by_hour())
    for _ in range(30):
        before = len(world.history)
        world.now += HOUR
        decision = world.step()
        runs = [one for one in decision.changes if isinstance(one, RunCreated)]
        steps = [one for one in decision.changes if isinstance(one, TimingSet)]
        assert bool(runs) <= bool(steps), world.history[before:]
        for run in runs:
            assert steps[-1].timing.cursor >= run.row.slot[1]
        if world.alive:
            world.end("a", run=next(iter(world.alive)).run)


def test_a_timetable_of_the_users_own_runs_the_slots_it_foretold_and_then_waits_for_more():
    slots = tuple((FIRST * DAY + n * DAY, FIRST * DAY + n * DAY + HOUR, (FIRST + 1 + n) * DAY) for n in range(3))
    more = tuple((FIRST * DAY + n * DAY, FIRST * DAY + n * DAY + HOUR, (FIRST + 1 + n) * DAY) for n in range(2, 5))
    spec = by_day(schedule=(CUSTOM, "trading_days"))
    world = Clocks()

    def foretell(found: tuple) -> None:
        known = world.writer.known(Definition(spec, "x", "", "b", foretold=Foretold(found, found[-1][1])))
        world.send(Defined("", "dags.py", (known,)))

    foretell(slots)
    world.play_for(10 * DAY)
    assert world.made == [FIRST + 1, FIRST + 2]
    foretell(more)
    world.play_for(DAY)
    assert world.made == [FIRST + 1, FIRST + 2, FIRST + 3, FIRST + 4]
    world.restart()
    world.play_for(DAY)
    assert len(world.made) == 4


def test_an_engine_without_clocks_that_are_due_sleeps_until_the_next_is():
    world = Clocks(*(by_day(id=f"d{n}", schedule=daily(at=f"{n:02}:00").to_data()) for n in range(1, 24)))
    assert world.wake_at == (FIRST + 1) * DAY + HOUR
    world.play_for(DAY)
    assert len(world.made) == 6


def test_the_planner_looks_only_at_dags_that_are_due():
    def cost(others: int) -> int:
        idle = (by_day(id=f"d{n}", schedule=cron("0 0 1 1 *").to_data()) for n in range(others))
        world = Clocks(by_hour(), *idle, at=FIRST * DAY + 6 * HOUR)
        world.play_for(3 * HOUR)
        return world.calls_of_a_turn(HOUR)

    assert cost(300) <= cost(10) + 50


def test_after_a_restart_no_slot_is_made_twice_and_none_is_lost():
    world = Clocks(by_hour())
    for minutes in (7, 53, 60, 1, 119, 30, 30, 61, 300):
        world.idle_for(minutes * 60 * SECOND)
        world.restart()
        world.play_for(0)
    assert world.hours_made == list(range(6, 6 + sum((7, 53, 60, 1, 119, 30, 30, 61, 300)) // 60))


def test_every_minute_is_made_once_however_many_fall_due_in_a_turn():
    world = Clocks(by_day(schedule=every("10s").to_data(), max_active_runs=16))
    for span in (3, 27, 41, 9, 10, 30):
        world.now += span * SECOND
        world.send()
        world.play_for(0)
    starts = [one.row.slot[0] for one in world.history if isinstance(one, RunCreated)]
    assert starts == list(range(starts[0], starts[0] + 12 * 10 * SECOND, 10 * SECOND))
