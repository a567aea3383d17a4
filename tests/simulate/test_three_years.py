"""Three years of hours: each exactly once, whoever dies, sleeps, pauses or catches up meanwhile."""

from __future__ import annotations

from random import Random

from segue.model.acts import PauseDags, UnpauseDags
from segue.model.backfills import unpack_slots
from segue.model.changes import BackfillMade, RunMoved
from segue.schedule.declare import hourly
from tests.simulate.years import DAY, HOUR, MINUTE, Life, at, timed

HOURS = 26_280
BERLIN = "Europe/Berlin"
START, END = at("2025-01-01", BERLIN), at("2028-01-01", BERLIN)
ALL = [(START + n * HOUR, START + (n + 1) * HOUR) for n in range(HOURS)]
HOURLY = timed(hourly(), start=START, end=END, timezone=BERLIN)


def slots(life: Life, kind: str = "scheduled") -> list[tuple[int, int]]:
    return [row.slot for row in life.made if row.kind == kind and row.slot is not None]


def test_the_hours_of_three_years_are_what_they_are() -> None:
    assert ALL[-1][1] == END


def test_every_hour_of_three_years_is_run_exactly_once_through_fifty_deaths_of_its_owner() -> None:
    rng = Random(1)
    deaths = {turn: rng.choice(("before", "after")) for turn in rng.sample(range(HOURS), 50)}
    life = Life(START, lambda turn, where: deaths.get(turn) == where)
    life.define(HOURLY)
    while life.now < END + HOUR:
        known = life.deaths
        life.wait(30 * DAY)
        if life.deaths > known:
            life.now += rng.choice((0, MINUTE // 2, 2 * HOUR, 9 * HOUR))
    assert life.deaths == 50
    assert slots(life) == ALL
    assert len(life.made) == HOURS


def test_after_an_outage_of_three_years_the_newest_hour_is_run_and_the_others_are_proposed() -> None:
    life = Life(START)
    life.define(HOURLY)
    life.wait(5 * HOUR)
    before = slots(life)
    life.now = END
    life.begin()
    life.wait(MINUTE)
    assert slots(life) == [*before, ALL[-1]]
    (proposed,) = (one for one in life.changes if isinstance(one, BackfillMade))
    assert proposed.state == "proposed"
    assert [*unpack_slots(proposed.row.slots)] == ALL[len(before) : -1]


def test_of_an_outage_of_ten_hours_every_one_is_run_oldest_first() -> None:
    life = Life(START)
    life.define(HOURLY)
    life.wait(5 * HOUR)
    life.now += 10 * HOUR + 2 * MINUTE
    life.begin()
    life.wait(MINUTE)
    assert slots(life) == ALL[:15]


def test_a_pause_of_three_years_is_followed_by_nothing_of_it() -> None:
    life = Life(START)
    life.define(HOURLY)
    life.wait(5 * HOUR)
    assert life.ask(PauseDags(("d",))).ok
    life.wait(END - life.now)
    assert life.ask(UnpauseDags(("d",))).ok
    life.wait(DAY)
    assert slots(life) == ALL[:5]


def test_a_catch_up_runs_all_hours_of_three_years_once_and_never_more_at_a_time_than_may() -> None:
    limit = 4
    life = Life(END, lasts=MINUTE)
    life.define(
        timed(hourly(), start=START, end=END, timezone=BERLIN, catchup=True, max_active_runs=limit), confirmed=True
    )
    life.wait(HOURS * 2 * MINUTE)
    assert slots(life) == ALL
    placed: set[object] = set()
    most = 0
    for change in life.changes:
        if isinstance(change, RunMoved):
            (placed.add if change.placed else placed.discard)(change.run)
            most = max(most, len(placed))
    assert most == limit
