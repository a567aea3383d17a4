"""What people ask for. Every request is answered in the transaction that carries it out, or refused with the reason."""

from __future__ import annotations

from typing import assert_never

import msgspec

from segue.engine.alerts import mark_alert, silence
from segue.engine.backfills import move_backfill, start_backfill
from segue.engine.board import Board, Dag
from segue.engine.defining import deploy
from segue.engine.machine import EXPANDED, Machine
from segue.engine.neighbours import due_of
from segue.engine.pausing import drain, pause, unpause
from segue.engine.recall import cell_of, check_dag, check_place, open_dag, recall, take_up
from segue.engine.releasing import reject, release
from segue.engine.reopening import apply_mark, check_environments, maps_over
from segue.engine.retrying import retry
from segue.engine.reuse import ReusePlan, plan_reuse, take_over, with_kept_results
from segue.engine.setting import set_pool, set_secret
from segue.engine.stopping import stop_run
from segue.engine.tally import Mark
from segue.model.acts import (
    CancelRun,
    Deploy,
    Drain,
    MarkAlert,
    MarkTask,
    MoveBackfill,
    PauseDags,
    RejectTask,
    ReleaseTask,
    RerunRun,
    RetryRun,
    SetPool,
    SetSecret,
    Silence,
    StartBackfill,
    TriggerRun,
    UnpauseDags,
)
from segue.model.changes import Answered
from segue.model.commands import Cancel
from segue.model.errors import Refused
from segue.model.events import Request
from segue.model.ids import RunKey
from segue.model.images import RunImage, RunRow
from segue.model.state import RUN_FINAL, RunState, TaskState

__all__ = ["act", "refuse"]


def act(board: Board, request: Request) -> None:
    """Carry a request out, or answer why not."""
    if request.facts.answer is not None:
        return  # it has been answered in an earlier life; the inbox passes that answer on
    was = _was(board, request)
    try:
        run, text = _carry_out(board, request)
    except Refused as refusal:
        refuse(board, request, str(refusal))
        return
    if text:
        board.changes.append(_answer(board, request, True, text, run, was))


def refuse(board: Board, request: Request, reason: str) -> None:
    """Answer that it was not done, and why."""
    board.changes.append(_answer(board, request, False, reason))


def _answer(board: Board, request: Request, ok: bool, text: str, run: RunKey | None = None, was: str = "") -> Answered:
    name = type(request.act).__name__
    return Answered(request.id, request.actor, name, ok, text, board.now, run, request.act, was, request.origin)


def _was(board: Board, request: Request) -> str:
    """What stands there before it is changed, for the audit."""
    facts = request.facts
    match request.act:
        case SetPool(name) if name in board.queue.pools:
            return str(board.queue.pools[name])
        case RetryRun() | CancelRun() if facts.run is not None:
            return facts.run.state.value
        case MoveBackfill() if facts.backfill is not None:
            return facts.backfill.state
        case _:
            return ""


def _carry_out(board: Board, request: Request) -> tuple[RunKey | None, str]:
    match request.act:
        case TriggerRun() as wanted:
            return _trigger(board, request, wanted)
        case RerunRun() as wanted:
            return _rerun(board, request, wanted)
        case RetryRun() as wanted:
            return retry(board, request, wanted)
        case CancelRun() as wanted:
            return _cancel(board, request, wanted)
        case MarkTask() as wanted:
            return _mark(board, request, wanted)
        case ReleaseTask() as wanted:
            return release(board, request, wanted)
        case RejectTask() as wanted:
            return reject(board, request, wanted)
        case SetPool() | SetSecret() | PauseDags() | UnpauseDags() | Drain() | Deploy():
            return None, _set(board, request, request.act)
        case StartBackfill() | MoveBackfill() | MarkAlert() | Silence():
            return None, _further(board, request, request.act)
        case _:
            assert_never(request.act)


def _set(board: Board, request: Request, wanted: SetPool | SetSecret | PauseDags | UnpauseDags | Drain | Deploy) -> str:
    """What people decide for runs to come."""
    match wanted:
        case SetPool():
            return set_pool(board, wanted)
        case SetSecret():
            return set_secret(board, request, wanted)
        case PauseDags():
            return pause(board, request, wanted)
        case UnpauseDags():
            return unpause(board, request, wanted)
        case Drain():
            return drain(board, wanted)
        case Deploy():
            return deploy(board, wanted)
        case _:
            assert_never(wanted)


def _further(board: Board, request: Request, wanted: StartBackfill | MoveBackfill | MarkAlert | Silence) -> str:
    match wanted:
        case StartBackfill():
            return start_backfill(board, request, wanted)
        case MoveBackfill():
            return move_backfill(board, request, wanted)
        case MarkAlert():
            return mark_alert(board, wanted)
        case Silence():
            return silence(board, request, wanted)
        case _:
            assert_never(wanted)


# ---------------------------------------------------------------------------------------------------------- new runs
def _trigger(board: Board, request: Request, wanted: TriggerRun) -> tuple[RunKey, str]:
    dag = open_dag(board, wanted.dag)
    row = RunRow(
        RunKey(wanted.dag, wanted.key, 1), request.id, dag.version.number, dag.version.bundle, wanted.slot,
        params=wanted.params, reason=wanted.reason,
    )  # fmt: skip
    for machine in _rivals(dag, row):
        if machine.row.params == row.params and not wanted.replace:
            return machine.key, f"{machine.key} is already asked for"
    check_place(board, request)
    return _create(board, request, row, wanted.replace)


def _rerun(board: Board, request: Request, wanted: RerunRun) -> tuple[RunKey, str]:
    old = recall(board, wanted.run, request.facts)
    if old.key.dag not in board.dags and request.facts.version is not None:
        board.dags[old.key.dag] = Dag(request.facts.version)
    dag = open_dag(board, old.key.dag)
    row = msgspec.structs.replace(
        old.row, request=request.id, version=dag.version.number, bundle=dag.version.bundle, kind="manual", klass=0,
        backfill=None,
        params=old.row.params if wanted.params is None else wanted.params, reason=f"rerun of {old.key}{_words(wanted)}",
    )  # fmt: skip
    for machine in dag.runs:
        same = (machine.row.reason, machine.row.version, machine.row.params) == (row.reason, row.version, row.params)
        if same and machine.cancel_at is None and not wanted.replace:
            return machine.key, f"{machine.key} is already asked for"
    if old.state not in RUN_FINAL and old.state is not RunState.HELD and not wanted.replace:
        raise Refused(f"{old.key} has not ended: cancel it, or ask with --replace")
    check_place(board, request, old.key)
    plan = _reuse(board, dag, request.facts.run, wanted, row.params) if wanted.failed or wanted.cut else None
    if old.state not in RUN_FINAL and wanted.replace:
        take_up(board, old)
        stop_run(board, old, "cancel", request.actor)
    run, text = _create(board, request, row, wanted.replace)
    if plan is None:
        return run, text
    take_over(board, board.runs[run], plan, old.key)
    return run, f"{text}: {plan.summary}"


def _reuse(board: Board, dag: Dag, old: RunImage | None, wanted: RerunRun, params: bytes) -> ReusePlan:
    if old is None:
        raise Refused(f"{wanted.run} has done nothing yet that could be taken over")
    if old.spec.is_flow or dag.version.spec.is_flow:
        raise Refused(f"a flow is run again whole: `segue rerun {wanted.run}`; `segue retry` goes on where it stopped")
    kept = with_kept_results(old, board.now, board.limits.results)
    plan = plan_reuse(kept, dag.version.spec, params, wanted.cut, proven=wanted.failed, graph=dag.graph)
    if not plan.runs and not plan.new:
        raise Refused(f"nothing to run: all tasks of {wanted.run} are done and unchanged (without --failed all run)")
    return plan


def _words(wanted: RerunRun) -> str:
    return (" --failed" if wanted.failed else "") + "".join(f" --from {word}" for word in wanted.cut)


def _rivals(dag: Dag, row: RunRow) -> list[Machine]:
    """Runs that are active, or wait to be, for the same slot."""
    found = dag.runs if row.slot is not None else ()
    return [machine for machine in found if machine.row.slot == row.slot and machine.cancel_at is None]


def _create(board: Board, request: Request, row: RunRow, replace: bool) -> tuple[RunKey, str]:
    dag = board.dags[row.run.dag]
    for machine in _rivals(dag, row) if replace else ():
        stop_run(board, machine, "cancel", request.actor)
    n = request.facts.next_n
    while (run := RunKey(row.run.dag, row.run.key, n)) in board.runs:
        n += 1
    due = board.now if row.slot is None else due_of(dag.clock_of(dag.version.spec), row.slot)
    row = msgspec.structs.replace(row, run=run, due=due, created=board.now, actor=request.actor)
    machine = Machine(row, dag.version.spec, dag.graph)
    board.create(machine)
    return run, f"{run} is queued{_paused(dag)}"


def _paused(dag: Dag) -> str:
    if not dag.timing.paused:
        return ""
    what = "paused hard: nothing of it begins" if dag.timing.hard else "paused"
    return f" (its DAG is {what}; `segue unpause {dag.version.spec.id}`)"


# -------------------------------------------------------------------------------------------------------- old runs
def _cancel(board: Board, request: Request, wanted: CancelRun) -> tuple[RunKey, str]:
    machine = recall(board, wanted.run, request.facts)
    if machine.state in RUN_FINAL:
        raise Refused(f"{machine.key} has ended: {machine.state.value}")
    take_up(board, machine)
    stop_run(board, machine, "now" if wanted.now else "cancel", request.actor)
    return machine.key, f"{machine.key} is being cancelled"


def _mark(board: Board, request: Request, wanted: MarkTask) -> tuple[RunKey, str]:
    machine = recall(board, wanted.run, request.facts)
    check_dag(board, machine)
    check_place(board, request, machine.key)
    cell = cell_of(machine, wanted.task)
    tally = machine.tallies.get(cell)
    earlier = tally.mark if tally is not None else None
    if earlier is not None and earlier.request == request.id:
        return machine.key, ""  # asked again while its attempt is being stopped
    if earlier is not None:
        raise Refused(f"{wanted.task} is being marked by {earlier.actor} already")
    _check_mark(machine, cell, wanted)
    take_up(board, machine)
    mark = Mark(wanted, request.actor, request.id, request.origin)
    if tally is None or not tally.alive:
        apply_mark(board, machine, cell, mark)
    else:
        tally.mark = mark
        board.commands.append(Cancel(board.key_of(machine, cell), tally.fence))
    return machine.key, ""


def _check_mark(machine: Machine, cell: int, wanted: MarkTask) -> None:
    state = machine.state_of(cell)
    if machine.stopping:
        by = "stopped by its timeout" if machine.stop == "timeout" else "cancelled"
        raise Refused(f"{machine.key} was {by}: `segue retry {machine.key}` opens it again")
    if machine.states[cell] == EXPANDED:
        raise Refused(f"{wanted.task} is mapped: name one item, {wanted.task}[0]")
    if state.value == wanted.state:
        raise Refused(f"{wanted.task} is {state.value} already")
    check_environments(machine, machine.graph.descendants({machine.owner[cell]}))
    over = maps_over(machine, {machine.owner[cell]})
    if over and state is TaskState.SUCCESS:
        names = ", ".join(sorted(machine.graph.tasks[node].id for node in over))
        raise Refused(f"{names} was expanded over what {wanted.task} returned: retry it instead")
