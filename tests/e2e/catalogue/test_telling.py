"""Rows 54, 55 of the failure catalogue: a receiver that is away for an hour, restarts around a deadline."""

from random import Random

import pytest

from segue.model.alerts import Alert
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.views import AlertView
from segue.schedule.declare import daily, hourly
from segue.tell.channels import Channel
from segue.tell.courier import Courier
from segue.tell.routes import Routes, Rule
from tests.unit.engine.driver import DAY, SECOND, World, dag, task

HOUR = 3_600 * SECOND
MIDNIGHT = 20_000 * DAY


def test_row_54_a_receiver_that_is_away_for_an_hour_gets_all_alerts_afterwards():
    """That it holds up nothing meanwhile is seen with real receivers, in tests/e2e/test_alerts.py."""
    hook = {"hook": Channel("hook", "webhook", "https://hooks.example.com/")}
    courier = Courier(Routes(hook, [Rule(frozenset({"failed"}), "*", ("hook",))]), lambda dag: DagSpec(dag))
    views = [AlertView(Alert(f"d{at}", "failed", Instant(at), f"d{at}"), Instant(MIDNIGHT + at)) for at in range(50)]
    courier.learn(views)
    arrived, tries = [], 0
    for seconds in range(0, 2 * 3_600, 5):
        now = Instant(MIDNIGHT + seconds * SECOND)
        (errands, marks) = courier.errands(now, ())
        assert (len(errands) <= 1, marks) == (True, [])
        for errand in errands:
            tries += 1
            if seconds < 3_600:
                assert courier.failed(errand, now, "no answer in time").state == "failed"
            else:
                arrived.append(errand.view.alert.thing)
                assert courier.sent(errand, now).state == "sent"
    assert sorted(arrived) == sorted(view.alert.thing for view in views)
    assert len(arrived) == len(set(arrived))
    assert tries < 50 * 20


@pytest.mark.parametrize("seed", range(8))
def test_row_55_restarts_around_deadlines_make_one_row_for_each_that_was_missed(seed: int):
    random = Random(seed)  # noqa: S311  # a test
    late = dag(task("a"), id="late", schedule=daily(at="02:00").to_data(), deadline_at=8 * 60)
    good = dag(task("a"), id="good", schedule=daily(at="02:00").to_data(), deadline_at=8 * 60)
    finer = dag(task("a"), id="finer", schedule=hourly().to_data(), deadline=HOUR // 2, max_active_runs=100)
    world = World(late, good, finer, planning=True, now=MIDNIGHT)
    world.wait((26 * HOUR + HOUR // 4) / SECOND)
    for key in [key for key in world.alive if key.run.dag == "good"]:
        world.end("a", run=key.run)
    end = MIDNIGHT + DAY + 8 * HOUR + HOUR // 4
    while world.now < end:
        world.wait(random.choice([1, 5, 30, 300, 1_500]))
        away = random.choice([0, 1, 5, 30, 90, 1_000])
        world.now += away * SECOND
        world.restart()
    world.wait(60)
    told = [view.alert for view in world.store.alerts.values() if view.alert.kind == "deadline"]
    named = [thing for alert in told for thing in ([alert.thing] if alert.thing else [one for one, _ in alert.causes])]
    wanted = {"late@2024-10-04", *(f"finer@{key}" for key in hours_until(world.now))}
    assert (sorted(named), len(named)) == (sorted(wanted), len(set(named)))


def hours_until(now: int) -> list[str]:
    """The hours whose deadline has passed."""
    many = (now - MIDNIGHT - HOUR // 2) // HOUR
    return [f"2024-10-{4 + at // 24:02}T{at % 24:02}:00" for at in range(many)]
