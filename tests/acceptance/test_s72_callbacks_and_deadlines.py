"""S72 (native half): what is called after an end, and the alert of a deadline, come once, and in time.

`on_failure_callback` and `on_success_callback` are `on_failure=` and `on_success=`, `sla` is `deadline=`, and what
`sla_miss_callback` was written for is the alert that is sent then.
"""

from datetime import datetime

from segue import Retry, dag, daily, task
from segue.define.compile import compile_dag
from segue.model.commands import Launch
from segue.model.moment import datetime_at, parse_moment
from segue.model.views import AlertView
from tests.unit.engine.driver import BOOM, GOOD, World

ZONE = "America/New_York"


def note(context: object) -> None:
    """What a user wants to happen."""


@task(retry=Retry(1, delay="1m"), on_failure=note, on_success=note)
def extract() -> int:
    return 1


@task(deadline="3h", on_failure=note, on_success=note, owner="dana")
def load(rows: int) -> int:
    return rows


@dag(schedule=daily(at="02:00"), start="2026-03-01", timezone=ZONE, deadline="08:00", owner="ops")
def orders() -> None:
    load(extract())


def begun() -> World:
    """The day of 9 March, New York's summer time being one day old; the run of the 8th began at two."""
    orders.trace()
    world = World(compile_dag(orders), planning=True, now=parse_moment("2026-03-08T12:00", ZONE))
    world.wait((parse_moment("2026-03-09T02:00", ZONE) - world.now) / 1_000_000)
    (key,) = world.alive
    world.last_run = key.run
    return world


def until(world: World, moment: str) -> list[tuple[str, datetime]]:
    """Let the time come; what has been told of so far, and when."""
    world.wait((parse_moment(moment, ZONE) - world.now) / 1_000_000)
    return [(view.alert.thing, datetime_at(view.at, ZONE)) for view in told(world)]


def told(world: World) -> list[AlertView]:
    return [view for view in world.store.alerts.values() if view.alert.kind == "deadline"]


def test_s72_a_task_that_never_started_and_its_run_are_late_once_and_on_time():
    world = begun()
    for _ in range(3):
        world.restart()
    late = until(world, "2026-03-09T23:00")
    assert [thing for thing, _ in late] == ["orders@2026-03-08/load", "orders@2026-03-08"]
    assert [f"{when:%d %H:%M}" for _, when in late] == ["09 05:00", "09 08:00"]
    task_late, run_late = (view.alert for view in told(world))
    assert (task_late.task, task_late.owner, run_late.owner) == ("load", "dana", "ops")
    assert "waits for extract" in task_late.text


def test_s72_what_is_done_in_time_is_not_late():
    world = begun()
    world.end("extract")
    world.end("load")
    world.play()
    assert until(world, "2026-03-09T23:00") == []


def calls(world: World) -> list[str]:
    """The tasks after whose end something was called, each time."""
    return [one.key.task for one in world.commands if isinstance(one, Launch) and one.kind == "hook"]


def test_s72_success_and_failure_call_what_they_should_once():
    world = begun()
    world.end("extract", outcome=BOOM)
    assert calls(world) == []
    world.wait(60)
    world.end("extract", outcome=BOOM)
    assert calls(world) == ["extract!failure"]
    world.end("extract!failure", outcome=GOOD)
    assert world.retry().ok
    world.end("extract")
    assert calls(world) == ["extract!success"]
    world.end("load")
    assert calls(world) == ["load!success"]
