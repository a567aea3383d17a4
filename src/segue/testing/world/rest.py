"""What must hold when nothing will happen any more by itself: liveness, and the store's own account of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from segue.model.acts import Act, TriggerRun
from segue.model.contracts import Writer
from segue.model.ids import RunKey, TaskKey
from segue.model.moment import DAY
from segue.model.state import LIVE, RUN_FINAL, RunState, SlotState, TaskState
from segue.store.audit import compare, validate_state
from segue.store.readers import RowReader, SlotReader
from segue.testing.world.clockwork import Clockwork
from segue.testing.world.executor import ScriptedExecutor
from segue.testing.world.inbox import ScriptedInbox
from segue.testing.world.ledger import Ledger, RunRecord, TaskRecord, Violation
from segue.testing.world.oracle import Known, foretell, ruling, run_state
from segue.testing.world.script import Script

__all__ = ["check_answered", "check_ended", "check_foretold", "check_slots", "check_stored", "stands_ready"]


def check_ended(ledger: Ledger, executor: ScriptedExecutor, faulty: frozenset[str]) -> None:
    """I31-I33, I16: every run has ended or is held, no attempt is alive; only `faulty` DAGs are quarantined."""
    if not ledger.quarantined <= faulty:
        raise Violation("I29", f"the engine failed: DAGs {sorted(ledger.quarantined)} are quarantined")
    for key, run in ledger.runs.items():
        if key.dag in ledger.quarantined:
            continue
        if run.state not in RUN_FINAL and run.state is not RunState.HELD:
            raise Violation("I31", f"{key} is {run.state} for ever: {_live(run)}")
        if run.calling and (ledger.driven is None or key in ledger.driven):
            raise Violation("HOOKS", f"{key} has hooks alive: {sorted(map(str, run.calling))}")
        if run.state is RunState.HELD and not any(_waits_for_others(run, *one) for one in run.counted()):
            raise Violation("I31", f"{key} is held by nothing: {_live(run)}")
        if run.alive or (run.placed and run.state is RunState.HELD):
            raise Violation("I16", f"{key} is {run.state} with attempts {sorted(map(str, run.alive))}")
    if executor.busy:
        raise Violation("I33", "an attempt lives on and nobody waits for it")


def _waits_for_others(run: RunRecord, name: str, _: int | None, task: TaskRecord) -> bool:
    """A person, or the slot before."""
    behind = run.specs[name].rules.depends_on_past and task.state is TaskState.PENDING
    return behind or task.state is TaskState.HELD


def stands_ready(run: RunRecord) -> bool:
    """Whether a parked run could go on: a person has decided, and its owner died before anything came of it."""
    live = [(name, task) for name, _, task in run.counted() if task.state in LIVE]
    return not live or any(task.state is not TaskState.HELD and ruling(run, run.specs[name])[0] for name, task in live)


def _live(run: RunRecord) -> list[str]:
    return sorted(f"{name}[{index}] {task.state}" for name, index, task in run.counted() if task.state in LIVE)


def check_answered(ledger: Ledger, inbox: ScriptedInbox, store: Writer, sent: Mapping[str, Act], exact: bool) -> None:
    """I28: everybody has his answer, what was acknowledged is there, and (`exact`) no trigger was refused."""
    for request, act in sent.items():
        if request not in inbox.acknowledged:
            raise Violation("I31", f"request {request} is never answered: {act}")
        answer = ledger.answers[request]
        if exact and not answer.ok and isinstance(act, TriggerRun):
            raise Violation("I31", f"request {request} was refused: {answer.text}")
        run = None if answer.run is None else ledger.runs[answer.run]
        forgotten = answer.at <= ledger.forgotten_until - DAY if run is None else run.forgotten
        if store.facts(act, request).answer is None and not forgotten:
            raise Violation("I28", f"request {request} was acknowledged and is not in the store")


def check_stored(ledger: Ledger, store: Writer, rows: RowReader) -> None:
    """I26, I27: the store gives back what was committed, its log tells the same, and no row is an orphan."""
    images = {image.row.run: image for image in store.snapshot(None).runs}
    there = {run.row.run for run in ledger.unfinished()}
    called = {key for key, run in ledger.runs.items() if run.calling}  # nobody drives those of a dead foreground owner
    if images.keys() != there | called:
        raise Violation("I26", f"the store has the unfinished runs {sorted(images)}, committed were {sorted(there)}")
    for key, image in images.items():
        for task in image.tasks:
            if task.state is not ledger.runs[key].task(task.task, task.index).state:
                raise Violation("I26", f"the store has {key}/{task.task} as {task.state}")
    for text in compare(rows):
        raise Violation("I26", text)
    for text in validate_state(rows):
        raise Violation("I27", text)


def check_slots(clockwork: Clockwork, rows: SlotReader) -> None:
    """I37: every slot shows what was last written of it, whatever has been forgotten."""
    for dag in {dag for dag, _ in clockwork.shown}:
        found = {(dag, view.slot): view.state for view in rows.slots(dag) if view.state is not SlotState.MISSING}
        wanted = {where: state for where, state in clockwork.shown.items() if where[0] == dag}
        if found != wanted:
            wrong = sorted(where for where in found.keys() | wanted.keys() if found.get(where) != wanted.get(where))
            raise Violation("I37", f"the slots {wrong} of {dag} show something else than was written")


def check_foretold(
    ledger: Ledger, script: Script, verdicts: Mapping[TaskKey, bool], opened: Collection[RunKey]
) -> None:
    """I35, I21: final states depend on the script alone, not on crashes, faults, limits or order.

    Args:
        ledger: what was committed.
        script: how every attempt ends.
        verdicts: what people have decided about held tasks: released, or not.
        opened: runs that were retried; nothing is foretold of those.
    """
    for key, run in ledger.runs.items():
        if key in opened:
            continue
        taken = {where: task for where, task in run.tasks.items() if task.reused_from is not None}
        wanted = foretell(run.spec, key, script, Known(ledger.limits.guards, verdicts, taken))
        found = {(name, index): task.state for name, index, task in run.counted()}
        if found != wanted:
            wrong = sorted(
                f"{name}[{index}] is {found.get((name, index))}, foretold {wanted.get((name, index))}"
                for name, index in found.keys() | wanted.keys()
                if found.get((name, index)) is not wanted.get((name, index))
            )
            raise Violation("I35", f"{key}: {wrong}")
        if run.state is not run_state(run.spec, wanted):
            raise Violation("I35", f"{key} is {run.state}, foretold {run_state(run.spec, wanted)}")
