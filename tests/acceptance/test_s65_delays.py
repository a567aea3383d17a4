"""S65: delays are exactly 30, 60, 120, 240, 480 s, capped; jitter only when asked for."""

from dataclasses import dataclass

import pytest

from segue.model.events import Failure
from segue.model.spec import DagSpec, RetrySpec, Rules, TaskSpec
from segue.testing.world.parts import Parts
from segue.testing.world.plan import Action, Plan
from segue.testing.world.play import World
from segue.testing.world.script import SECOND, Told


@dataclass
class Recorded:
    """The delays of a run's retries, in microseconds."""

    waits: list[int]


def delays(retry: RetrySpec) -> list[int]:
    spec = DagSpec("flaky", (TaskSpec("t", Rules(retry=retry)),))
    plan = Plan(0, (spec,), (Action("r0", 0, "trigger", "flaky"),), exact=False)
    world = World(plan, Parts(), Told({"t": [Failure("OSError", "down")]}))
    world.play()
    (run,) = world.ledger.runs.values()
    attempts = [record for _, record in sorted(run.attempts.items())]
    return [after.made - before.ended for before, after in zip(attempts, attempts[1:], strict=False)]  # type: ignore[operator]


def test_s65_the_default_delay_doubles_up_to_ten_minutes() -> None:
    assert delays(RetrySpec(times=7)) == [one * SECOND for one in (30, 60, 120, 240, 480, 600, 600)]


@pytest.mark.parametrize("cap", [45, 100])
def test_s65_no_delay_is_longer_than_its_cap(cap: int) -> None:
    assert delays(RetrySpec(times=4, max_delay=cap * SECOND)) == [min(one, cap) * SECOND for one in (30, 60, 120, 240)]


def test_s65_jitter_comes_only_when_it_is_asked_for_and_is_the_same_each_time() -> None:
    shaken = RetrySpec(times=4, jitter=0.5)
    waits = delays(shaken)
    assert waits != delays(RetrySpec(times=4))
    assert waits == delays(shaken)
    for wait, plain in zip(waits, (30, 60, 120, 240), strict=True):
        assert plain * SECOND <= wait <= 1.5 * plain * SECOND
