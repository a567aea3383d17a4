"""What an attempt is told when it is launched, checked against what is committed, and what it comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from segue.model.commands import Given, Launch, Missing
from segue.model.events import Followed, LostCause, Outcome, Value
from segue.model.ids import fence_of
from segue.model.state import FINAL, AttemptState
from segue.testing.world.ledger import Ledger, RunRecord, Violation, downstream
from segue.testing.world.oracle import ruling
from segue.testing.world.script import Script

__all__ = ["check_launch", "empty_of", "fate_of"]


def check_launch(launch: Launch, ledger: Ledger, fence_key: bytes) -> None:
    """Look at a launch as its executor gets it, after the commit.

    Args:
        launch: the command.
        ledger: what is committed.
        fence_key: of the store.

    Raises:
        Violation: it is not what the committed state says.
    """
    key = launch.key
    run = ledger.runs.get(key.run)
    record = run.attempts.get(key) if run is not None else None
    if run is None or record is None or record.state is not AttemptState.QUEUED:
        raise Violation("commit, then act", f"{key} is launched, its row says {record and record.state}")
    if launch.fence != fence_of(key, fence_key):
        raise Violation("I3", f"{key} is launched with a wrong fence")
    if launch.kind != record.kind:
        raise Violation("I38", f"{key} is launched as {launch.kind}, its row says {record.kind}")
    if launch.kind == "hook":
        return
    if launch.task != run.specs.get(key.task):
        raise Violation("I17", f"{key} is launched with another version's task")
    if run.stop == "now" or (run.stop and launch.task.kind != "teardown"):
        raise Violation("I15", f"{key} is launched after its run was stopped ({run.stop})")
    task = run.task(key.task, key.index)
    kept = tuple(sorted(run.kept.get((key.task, key.index), {}).items()))
    if launch.state != kept:
        raise Violation("STATE", f"{key} is given {launch.state}, it keeps {kept}")
    if launch.kind == "publish":
        if not task.released or launch.staged != task.staged:
            raise Violation("I38", f"{key} publishes {launch.staged!r}, released is {task.released} {task.staged!r}")
        return
    _check_code(launch, ledger, run)


def _check_code(launch: Launch, ledger: Ledger, run: RunRecord) -> None:
    key = launch.key
    task = run.task(key.task, key.index)
    if (launch.tries, launch.round) != (task.tries, task.round):
        raise Violation(
            "I6", f"{key} is told {launch.tries} failures of round {launch.round}, not {task.tries} of {task.round}"
        )
    if ruling(run, launch.task) != (True, None):
        raise Violation("I1", f"{key} is launched, and its rule does not hold")
    wanted = empty_of(ledger, run, key.task)
    if launch.empty != wanted:
        raise Violation("I38", f"{key} is told that its guard says {launch.empty} to nothing, it says {wanted}")
    _check_inputs(launch, run)


def _check_inputs(launch: Launch, run: RunRecord) -> None:
    key = launch.key
    if len(launch.inputs) != len(launch.task.data):
        raise Violation("I1", f"{key} is given {len(launch.inputs)} inputs for {len(launch.task.data)} arguments")
    for name, given in zip(launch.task.data, launch.inputs, strict=True):
        up = run.task(name, None)
        if isinstance(given, Given) and up.expanded is None and given.value != up.result:
            raise Violation("I1", f"{key} is given {given.value} of {name}, which is {up.result}")
        if isinstance(given, Missing) and given.state in FINAL and given.state is not up.state:
            raise Violation("I1", f"{key} is told that {name} is {given.state}, it is {up.state}")


def empty_of(ledger: Ledger, run: RunRecord, name: str) -> str:
    """What the guard of a task does about nothing: by its option, what people have eased, and the environment."""
    task = run.specs[name]
    if task.rules.empty == "ok" or ledger.limits.guards == "off" or task.kind in ("setup", "teardown"):
        return "ok"
    slot, like = run.row.slot, ""
    if slot is not None:  # every slot here is a day
        start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=slot[0])
        like = start.astimezone(ZoneInfo(run.spec.timezone)).strftime("%a").lower()
    if (run.row.run.dag, name, "empty", like) in ledger.eased:
        return "ok"
    return "warn" if ledger.limits.guards == "warn" else task.rules.empty


def fate_of(launch: Launch, ledger: Ledger, script: Script) -> Outcome | LostCause:
    """How an attempt ends if no accident stops it, its guard and all; the cause where it never says a word."""
    key, task = launch.key, launch.task
    if launch.kind != "user":
        return script.errand(key, launch.kind)
    ending = script.ending(key.of, task, launch.round, launch.tries)
    if isinstance(ending, Followed):
        below = downstream(ledger.runs[key.run].spec)[task.id]
        return Followed(tuple(name for name in ending.ids if name in below), ending.value)
    if isinstance(ending, Value) and task.kind == "task" and launch.empty == "hold":
        return script.guarded(key.of, ending, launch.round, launch.tries) or ending
    return ending
