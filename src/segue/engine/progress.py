"""What follows by itself: rules decide, maps expand, runs take places, cells are dispatched, runs end."""

from __future__ import annotations

from heapq import heappop
from math import prod
from typing import Final

from segue.engine.board import Board, Note
from segue.engine.machine import CODE, EXPANDED, FINAL_CODES, PENDING, SUCCESS, UP_FOR_RETRY, Machine
from segue.engine.queue import may_be_ahead
from segue.model.changes import AttemptMoved, Expanded, Given, Input, Launch, Many, Missing, Stored
from segue.model.ids import AttemptKey, fence_of
from segue.model.spec import MAX_ITEMS, Over
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.model.why import Why
from segue.resolve.rules import BIT, Verdict

__all__ = ["conclude", "dispatch", "grant_places", "launch_of", "settle", "sweep", "wake"]

READY: Final = Why("ready")
CANCELLED, SKIPPED = CODE[TaskState.CANCELLED], CODE[TaskState.SKIPPED]


# -------------------------------------------------------------------------------------------------------------- rules
def settle(board: Board, machine: Machine) -> None:
    """Decide every task whose upstream has changed, as far as this turn has room."""
    if machine.sweep is not None:
        sweep(board, machine)
    if machine.cancel_at is not None:
        machine.dirty.clear()
    while machine.dirty and machine.granted and board.room:
        _decide(board, machine, machine.dirty.popleft())


def _decide(board: Board, machine: Machine, node: int) -> None:
    if machine.listed[node]:
        return
    verdict = machine.verdict(node)
    code = machine.states[node]
    if verdict is Verdict.WAIT or code in FINAL_CODES:
        return
    if code == EXPANDED:
        _decide_items(board, machine, node, verdict)
    elif verdict is Verdict.RUN:
        if code == PENDING and machine.graph.tasks[node].mapped is not None:
            _expand(board, machine, node)
        else:
            _offer(board, machine, node, machine.cells(node))
    else:
        _close(board, machine, node, node, verdict)


def _decide_items(board: Board, machine: Machine, node: int, verdict: Verdict) -> None:
    if verdict is Verdict.RUN:
        _offer(board, machine, node, machine.spans[node])
        return
    for cell in machine.spans[node]:
        if not board.room:
            machine.dirty.append(node)
            return
        if machine.states[cell] in (PENDING, UP_FOR_RETRY):
            _close(board, machine, node, cell, verdict)


def _offer(board: Board, machine: Machine, node: int, cells: range | tuple[int]) -> None:
    """Hand the waiting cells of a task to the queue, in stretches, and those between attempts to their timers."""
    machine.listed[node] = 1
    first = None
    for cell in cells:
        code = machine.states[cell]
        if code == PENDING:
            first = cell if first is None else first
            continue
        if first is not None:
            board.queue.push(machine, node, first, cell)
            first = None
        if code == UP_FOR_RETRY:
            board.later(machine, cell, machine.tally(cell).not_before or board.now)
    if first is not None:
        board.queue.push(machine, node, first, cells[-1] + 1)


def _close(board: Board, machine: Machine, node: int, cell: int, verdict: Verdict) -> None:
    """The rule says that a cell will not run."""
    gate = machine.excluded_by(node)
    if verdict is Verdict.UPSTREAM_FAILED or machine.states[cell] == UP_FOR_RETRY:
        board.move(machine, cell, TaskState.UPSTREAM_FAILED, Why("upstream_failed", (_first_bad(machine, node),)))
    elif gate is not None:
        board.move(machine, cell, TaskState.SKIPPED, Why("not_followed", (machine.graph.tasks[gate].id,)))
    else:
        rule = machine.graph.tasks[node].rules.trigger_rule
        board.move(machine, cell, TaskState.SKIPPED, Why("rule", (rule, _standing(machine, node))))


def _first_bad(machine: Machine, node: int) -> str:
    for up in machine.graph.up[node]:
        for cell in machine.cells(up):
            if BIT.get(machine.state_of(cell), 0) & 6:
                return machine.label(cell)
    return ", ".join(machine.graph.tasks[up].id for up in machine.graph.up[node])


def _standing(machine: Machine, node: int) -> str:
    ups = machine.graph.up[node]
    named = [f"{machine.label(up)} {machine.state_of(up).value}" for up in ups if up not in machine.spans][:3]
    folded = [f"{machine.graph.tasks[up].id} (mapped)" for up in ups if up in machine.spans][: 3 - len(named)]
    more = len(ups) - len(named) - len(folded)
    return ", ".join([*named, *folded, *([f"and {more} more"] if more else [])])


# --------------------------------------------------------------------------------------------------------------- maps
def _expand(board: Board, machine: Machine, node: int) -> None:
    task = machine.graph.tasks[node]
    assert task.mapped is not None
    lengths = [_length(machine, over) for over in task.mapped.over]
    names = [over.task or over.param for over in task.mapped.over]
    trouble = ""
    for name, length in zip(names, lengths, strict=True):
        if length is None:
            trouble = trouble or f"{name} gave no list"
    known = [length or 0 for length in lengths]
    total = prod(known) if task.mapped.mode == "product" else known[0]
    if not trouble and task.mapped.mode == "zip" and len(set(known)) > 1:
        trouble = "lengths differ: " + ", ".join(f"{name} has {size}" for name, size in zip(names, known, strict=True))
    if not trouble and total > MAX_ITEMS:
        trouble = f"{total} items, {MAX_ITEMS} are allowed"
    if trouble:
        machine.reasons[node] = trouble
        board.move(machine, node, TaskState.FAILED, Why("map_failed", (trouble,)))
    elif total:
        round_ = machine.tallies[node].round if node in machine.tallies else 1
        board.changes.append(Expanded(machine.key, task.id, total, round_, board.now))
        machine.expand(node, total)
        _offer(board, machine, node, machine.spans[node])
    elif task.rules.empty == "hold":
        board.move(machine, node, TaskState.HELD, Why("empty_map", (", ".join(names),)))
    else:
        board.move(machine, node, TaskState.SKIPPED, Why("empty_map", (", ".join(names),)))


def _length(machine: Machine, over: Over) -> int | None:
    if over.task is None:
        return over.length
    up = machine.graph.index[over.task]
    if up in machine.spans:
        return len(machine.items_done(up))
    if machine.states[up] == SKIPPED and machine.graph.tasks[up].mapped is not None:
        return 0
    return machine.lengths.get(up)


def _picks(machine: Machine, node: int, item: int) -> tuple[int, ...]:
    mapped = machine.graph.tasks[node].mapped
    assert mapped is not None
    if mapped.mode == "zip":
        return (item,) * len(mapped.over)
    digits = []
    for over in reversed(mapped.over):
        item, digit = divmod(item, _length(machine, over) or 1)
        digits.append(digit)
    return tuple(reversed(digits))


# ----------------------------------------------------------------------------------------------------------- dispatch
def wake(board: Board) -> None:
    """Offer again what has waited for its delay."""
    while board.timers and board.timers[0][0] <= board.now:
        _, _, machine, cell, generation = heappop(board.timers)
        if generation == machine.generation and not machine.frozen:
            machine.retrying -= 1
            board.queue.push(machine, machine.owner[cell], cell, cell + 1)


def dispatch(board: Board, machine: Machine, cell: int) -> None:
    """Queue an attempt of a cell that the queue gave."""
    tally = machine.tally(cell)
    board.begin(machine)
    tally.number += 1
    tally.alive, tally.began, tally.not_before = True, None, None
    key = board.key_of(machine, cell)
    tally.fence = fence_of(key, board.secret)
    board.changes.append(
        AttemptMoved(key, None, AttemptState.QUEUED, board.now, round=tally.round, fence=tally.fence)
    )
    board.move(machine, cell, TaskState.QUEUED, READY)
    board.queue.occupy(machine, cell)
    board.commands.append(launch_of(machine, cell))


def launch_of(machine: Machine, cell: int) -> Launch:
    """The command that starts the cell's living attempt."""
    node, item, tally = machine.owner[cell], machine.item(cell), machine.tallies[cell]
    task = machine.graph.tasks[node]
    picks = () if item is None else _picks(machine, node, item)
    over = {} if item is None or task.mapped is None else {
        over.task: pick for over, pick in zip(task.mapped.over, picks, strict=True) if over.task is not None
    }  # fmt: skip
    inputs = tuple(_input(machine, up, over.get(machine.graph.tasks[up].id)) for up in machine.graph.data[node])
    if over:
        spans = machine.spans
        picks = tuple(
            -1 if one.task is not None and machine.graph.index[one.task] in spans else pick
            for one, pick in zip(task.mapped.over if task.mapped else (), picks, strict=True)
        )
    return Launch(
        AttemptKey(machine.key, task.id, item, tally.number), tally.fence, machine.brief, task, inputs, picks,
        tally.round, tally.tries, may_be_ahead(task.rules),
    )  # fmt: skip


def _input(machine: Machine, up: int, pick: int | None) -> Input:
    name = machine.graph.tasks[up].id
    span = machine.spans.get(up)
    if span is not None:
        done = machine.items_done(up)
        if pick is not None:
            return Stored(name, done[pick])
        if len(done) == len(span):
            return Many(name, len(span))
        there = set(done)
        return Many(name, len(span), tuple(at for at in range(len(span)) if at not in there))
    if machine.states[up] == SUCCESS and up not in machine.marked:
        value = machine.results.get(up)
        return Stored(name) if value is None else Given(value)
    if machine.states[up] == SKIPPED and machine.graph.tasks[up].mapped is not None:
        return Many(name, 0)
    return Missing(name, machine.state_of(up))


# --------------------------------------------------------------------------------------------------------------- runs
def grant_places(board: Board) -> bool:
    """Give free places to waiting runs, at most one active run a slot; say whether any was given."""
    given = False
    while board.crowded:
        dag = board.dags[board.crowded.pop()]
        limit = dag.version.spec.run_limit
        taken = {machine.row.slot for machine in dag.granted.values() if machine.row.slot is not None}
        for machine in tuple(dag.waiting):
            if len(dag.granted) >= limit or dag.quarantined is not None:
                break
            if machine.row.slot in taken or machine.cancel_at is not None:
                continue
            dag.waiting.remove(machine)
            dag.granted[machine.key] = machine
            if machine.row.slot is not None:
                taken.add(machine.row.slot)
            machine.granted = given = True
            machine.rederive()
            board.active[machine.key] = machine
    return given


def sweep(board: Board, machine: Machine) -> None:
    """Cancel every cell without a living attempt, as far as this turn has room."""
    assert machine.sweep is not None
    why = Why("cancelled", (machine.cancelled_by,))
    while board.room:
        cell = next(machine.sweep, None)
        if cell is None:
            machine.sweep = None
            return
        tally = machine.tallies.get(cell)
        if machine.states[cell] not in FINAL_CODES and not (tally and tally.alive):
            board.move(machine, cell, TaskState.CANCELLED, why, Note(actor=machine.cancelled_by))


def conclude(board: Board, machine: Machine) -> None:
    """End or park a run of which nothing can move any more."""
    if machine.sweep is not None or machine.alive or (machine.dirty and machine.granted):
        return
    if machine.state not in (RunState.QUEUED, RunState.RUNNING, RunState.HELD):
        return
    if machine.open == 0:
        _end(board, machine)
    elif machine.granted and machine.held and not machine.ready and not machine.retrying:
        board.begin(machine)
        names = ", ".join(machine.label(cell) for cell in sorted(machine.held)[:3])
        board.leave(machine, RunState.HELD, Why("parked", (names,)))
        board.move_slot(machine, SlotState.HELD)


def _end(board: Board, machine: Machine) -> None:
    begun = machine.started is not None
    if machine.cancel_at is None:
        board.begin(machine)
    if machine.cancel_at is None and machine.blamed:
        names = ", ".join(machine.label(cell) for cell in sorted(machine.blamed)[:3])
        board.leave(machine, RunState.FAILED, Why("culprits", (names,)))
        board.move_slot(machine, SlotState.FAILED)
    elif machine.cancel_at is not None or any(machine.states[cell] == CANCELLED for cell in machine.used()):
        board.leave(machine, RunState.CANCELLED, Why("stopped"))
        if begun:
            board.move_slot(machine, SlotState.FAILED)
    elif all(machine.states[cell] == SKIPPED for leaf in machine.graph.leaves for cell in machine.cells(leaf)):
        board.leave(machine, RunState.SUCCESS, Why("all_skipped"))
        board.move_slot(machine, SlotState.SKIPPED)
    else:
        board.leave(machine, RunState.SUCCESS, Why("all_good"))
        board.move_slot(machine, SlotState.FRESH)
