"""Rows 46, 58 of the failure catalogue: a DAG that is deleted while it runs, people who click at the same moment."""

from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from segue.model.acts import Act, CancelRun, MarkTask, RejectTask, ReleaseTask, RerunRun, RetryRun
from segue.model.changes import Answered
from segue.model.definition import Defined
from segue.model.events import Held, Request, Value
from segue.model.ids import RunKey
from segue.model.state import RUN_FINAL
from segue.schedule.declare import hourly
from tests.unit.engine.driver import BOOM, DAY, GOOD, SECOND, STOPPED, World, dag, task

ROWS = Held("empty", "no rows", Value(b"none"), b"files")
HOUR = 3_600


# ---------------------------------------------------------------------------------- row 46: deleted while it is running
@pytest.mark.parametrize("seed", range(50))
def test_row_46_a_dag_that_is_deleted_at_any_instant_ends_its_runs_and_disturbs_no_other(seed: int):
    random = Random(seed)  # noqa: S311  # a test
    specs = [
        dag(task("a", retries=1), task("b", "a"), id=name, file=f"{name}.py", schedule=hourly().to_data())
        for name in ("gone", "stays")
    ]
    world = World(*specs, planning=True, now=20_000 * DAY)
    for _ in range(random.randrange(12)):
        _go_on(world, random)
    world.send(Defined("", "gone.py", gone=("gone",)), Defined("", "dags.py", gone=("gone",)))
    deleted = {run for run in world.store.runs if run.dag == "gone"}
    for _ in range(40):
        _go_on(world, random)
    while world.alive:
        _go_on(world, random, hours=0)
    assert world.store.dags["gone"].timing.retired
    assert {run for run in world.store.runs if run.dag == "gone"} == deleted
    assert all(view.state in RUN_FINAL for run, view in world.store.runs.items() if run.dag == "gone")
    assert any(view.state == "success" for run, view in world.store.runs.items() if run.dag == "stays")


def _go_on(world: World, random: Random, hours: float = 1) -> None:
    if world.alive and random.random() < 0.7:
        key = random.choice(sorted(world.alive))
        world.end(key.of.label, run=key.run, outcome=random.choice([GOOD, GOOD, BOOM]))
    else:
        world.wait(HOUR * hours * random.random())


# ----------------------------------------------------------------------------------- row 58: clicked at the same moment
def running(world: World) -> None:
    world.start("a")


def retrying(world: World) -> None:
    world.end("a", outcome=BOOM)


def failed(world: World) -> None:
    world.end("a", outcome=BOOM)
    world.wait(60)
    world.end("a", outcome=BOOM)


def good(world: World) -> None:
    world.end("a")
    world.end("b")


def held(world: World) -> None:
    world.end("a", outcome=ROWS)


def being_cancelled(world: World) -> None:
    world.cancel()


def cancelled(world: World) -> None:
    world.cancel()
    world.end("a", outcome=STOPPED)


def queued(world: World) -> None:
    """It has been launched, and has not begun."""


STATES = (queued, running, retrying, failed, good, held, being_cancelled, cancelled)
CLICKS: dict[str, Callable[[RunKey], Act]] = {
    "retry": RetryRun,
    "rerun": RerunRun,
    "rerun failed": lambda run: RerunRun(run, failed=True),
    "replace": lambda run: RerunRun(run, replace=True),
    "cancel": CancelRun,
    "cancel now": lambda run: CancelRun(run, now=True),
    "mark success": lambda run: MarkTask(run, "a", "success", "because"),
    "mark failed": lambda run: MarkTask(run, "a", "failed", "because"),
    "release": lambda run: ReleaseTask(run, "a", "it is fine"),
    "reject": lambda run: RejectTask(run, "a", "it is not"),
}


def outcome(state: Callable[[World], None], *turns: tuple[str, ...], restart: bool = False) -> dict[str, str]:
    """What becomes of the task that people clicked at, turn by turn, in its run and in those made of it."""
    world = World(dag(task("a", retries=1), task("b", "a"), task("c")))
    run = world.trigger(day=1)
    world.end("c")
    state(world)
    requests = []
    for turn in turns:
        clicks = [Request(f"click {len(requests) + at}", "ana", CLICKS[name](run)) for at, name in enumerate(turn)]
        requests += [request.id for request in clicks]
        world.send(*clicks)
        if restart:
            world.restart()
            world.send(*(request for request in clicks if request.id not in answered(world)))  # as the inbox does
    while world.alive or (world.wake_at is not None and world.wake_at < world.now + DAY):
        if world.alive:
            key = next(iter(world.alive))
            stopping = world.store.runs[key.run].cancel_at is not None
            world.end(key.of.label, outcome=STOPPED if stopping else GOOD, run=key.run)
        else:
            world.wait((world.wake_at - world.now) / SECOND)
    assert all(view.state in RUN_FINAL or view.state == "held" for view in world.store.runs.values())
    assert answered(world) >= set(requests)
    return {str(run): world.state("a", run) for run in world.store.runs}


def answered(world: World) -> set[str]:
    names = [change.request for change in world.history if isinstance(change, Answered)]
    assert len(names) == len(set(names)), "each is answered once"
    return set(names)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_row_58_two_clicks_at_the_same_moment_come_to_what_they_do_one_after_the_other(state: Callable[[World], None]):
    """Or one of them is refused, so that nothing becomes of it."""
    for first, second in product(CLICKS, repeat=2):
        in_order = [outcome(state, (first,), (second,)), outcome(state, (second,), (first,))]
        for restart in (False, True):
            together = outcome(state, (first, second), restart=restart)
            assert any(together.items() <= one.items() for one in in_order), (
                first,
                second,
                restart,
                together,
                in_order,
            )
