"""Why something waits: one sentence from the state that decides, the blocker named."""

from __future__ import annotations

from segue.engine.board import NEW, Board
from segue.engine.flows import waits_for
from segue.engine.machine import EXPANDED, FINAL_CODES, LOOKBACK, Machine
from segue.engine.past import explain_past
from segue.engine.places import limit_of
from segue.engine.tally import Tally
from segue.model.duration import show_duration
from segue.model.ids import RunKey
from segue.model.state import FINAL, RUN_FINAL, RunState, TaskState
from segue.model.why import Why
from segue.resolve.rules import Verdict

__all__ = ["explain"]


def explain(board: Board, run: RunKey, task: str | None, index: int | None) -> Why | None:
    """The reason why a run (`task` None) or a task of it is where it is; None where the engine does not hold it."""
    machine, dag = board.runs.get(run), board.dags.get(run.dag)
    if machine is None:
        fault = dag.quarantined if dag is not None else None
        return None if fault is None else Why("quarantined", (run.dag, str(fault)))
    if task is None:
        return _run(board, machine)
    cell = machine.cell(task, index)
    if cell is None:
        return None
    if machine.states[cell] == EXPANDED:
        cell = next((item for item in machine.spans[cell] if machine.states[item] not in FINAL_CODES), None)
        if cell is None:
            return Why("final", ("all its items have ended",))
    return _task(board, machine, cell)


def _run(board: Board, machine: Machine) -> Why:
    if machine.state in RUN_FINAL:
        return Why("final", (machine.state.value,))  # still here for a hook
    if machine.stopping:
        return Why("cancelling" if machine.stop != "timeout" else "timing_out")
    if machine.waiting:
        return _place(board, machine)
    if machine.state is RunState.HELD and not machine.granted:
        if not machine.held:
            return explain_past(board, machine)
        return Why("held", (", ".join(machine.label(cell) for cell in sorted(machine.held)[:3]),))
    if machine.alive:
        return Why("moving", (str(machine.alive),))
    waiting = [cell for cell in machine.used() if machine.states[cell] not in FINAL_CODES]
    moving = (cell for cell in waiting if machine.verdict(machine.owner[cell]) is not Verdict.WAIT)
    return _task(board, machine, next(moving, waiting[0]))


def _place(board: Board, machine: Machine) -> Why:
    dag = board.dags[machine.key.dag]
    for other in dag.granted.values():
        if machine.row.slot is not None and other.row.slot == machine.row.slot:
            return Why("slot", (str(other.key),))
    rivals = [other for other in dag.granted.values() if other.line == machine.line]
    limit = str(limit_of(board, machine))
    if machine.row.backfill is not None:
        return Why("backfill_cap", (str(len(rivals)), limit, str(machine.row.backfill)))
    active = ", ".join(str(other.key) for other in rivals[:3])
    if machine.line == LOOKBACK:
        return Why("lookback_turn", (active,))
    return Why("max_active_runs", (str(len(rivals)), limit, machine.key.dag, active))


def _task(board: Board, machine: Machine, cell: int) -> Why:
    state, tally = machine.state_of(cell), machine.tallies.get(cell, NEW)
    if state in FINAL:
        return Why("final", (state.value,))
    if machine.doomed(cell):
        return Why("cancelling" if machine.stop != "timeout" else "timing_out")
    if state is TaskState.RUNNING:
        return Why("publishing" if cell in machine.withheld else "running", (str(tally.number),))
    if state is TaskState.QUEUED:
        return Why("queued")
    if state is TaskState.HELD:
        label = machine.label(cell)
        return Why("held_task", (machine.reasons.get(cell, ""), str(machine.key), label))
    if machine.waiting:
        return _place(board, machine)
    if state is TaskState.DEFERRED and machine.steps.awaited:
        return waits_for(machine)
    if cell in machine.joined:
        return Why("deferred", (str(machine.joined[cell]),))
    if machine.verdict(machine.owner[cell]) is Verdict.WAIT:
        return _rule(board, machine, machine.owner[cell])
    return _delay(board, machine, cell, tally) or _limit(board, machine, cell)


def _rule(board: Board, machine: Machine, node: int) -> Why:
    """What a task waits for by its rule, or in the slot before."""
    if machine.rule(node) is Verdict.RUN:
        return explain_past(board, machine, node)
    return Why("teardown" if node in machine.graph.setups else "upstream", (_unfinished(machine, node),))


def _delay(board: Board, machine: Machine, cell: int, tally: Tally) -> Why | None:
    left = (tally.not_before or 0) - board.now
    if left <= 0:
        return None
    if cell in machine.withheld:
        return Why("publish_delay", (show_duration(left),))
    if tally.tries:
        return Why("delay", (show_duration(left), str(tally.tries + 1), str(machine.task(cell).rules.retry.times + 1)))
    return Why("loss_delay", (show_duration(left),))


def _unfinished(machine: Machine, node: int) -> str:
    waiting = []
    graph = machine.graph
    for up in dict.fromkeys((*graph.up[node], *graph.scopes.get(node, ()), *graph.needs.get(node, ()))):
        left = [cell for cell in machine.cells(up) if machine.states[cell] not in FINAL_CODES]
        if left:
            whole = len(machine.cells(up))
            name = machine.graph.tasks[up].id
            waiting.append(f"{name} ({machine.state_of(left[0]).value})" if whole == 1 else f"{len(left)} of {name}")
    more = [f"and {len(waiting) - 3} more"] if len(waiting) > 3 else []
    return ", ".join(waiting[:3] + more)


def _limit(board: Board, machine: Machine, cell: int) -> Why:
    """A cell that may run by its rule: which limit stops it."""
    queue, task, dag = board.queue, machine.task(cell), machine.key.dag
    limit = board.dags[dag].version.spec.max_active_tasks
    if board.dags[dag].timing.hard:
        return Why("dag_paused", (dag,))
    if board.agenda.draining:
        return Why("draining")
    of_task, of_dag = queue.by_task.get((dag, task.id), 0), queue.by_dag.get(dag, 0)
    if task.rules.max_active is not None and of_task >= task.rules.max_active:
        return Why("max_active", (str(of_task), str(task.rules.max_active), task.id))
    if limit is not None and of_dag >= limit:
        return Why("max_active_tasks", (str(of_dag), str(limit), dag))
    return queue.why(machine, cell) or Why("order", (str(queue.ahead_of(machine)),))
