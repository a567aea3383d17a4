"""What follows by itself: rules decide, maps expand, runs take places, cells are dispatched, runs end."""

from __future__ import annotations

from heapq import heappop
from math import prod
from typing import Final

from segue.engine.board import Board
from segue.engine.flows import record_of
from segue.engine.guards import empty_of
from segue.engine.lookback import follow_end, is_foreseen
from segue.engine.machine import CANCELLED, CODE, FINAL_CODES, PENDING, SUCCESS, UP_FOR_RETRY, Machine
from segue.engine.past import explain_past, is_looking, look_back
from segue.engine.queue import may_be_ahead
from segue.engine.stopping import sweep_cells
from segue.model.changes import AttemptMoved, Expanded
from segue.model.commands import Given, Input, Launch, Many, Missing, Stored
from segue.model.duration import show_duration
from segue.model.ids import AttemptKey, fence_of
from segue.model.spec import MAX_ITEMS, Over
from segue.model.state import RUN_FINAL, AttemptState, RunState, SlotState, TaskState
from segue.model.why import Why
from segue.resolve.rules import BAD, BIT, Verdict

__all__ = ["conclude", "dispatch", "launch_of", "settle", "wake"]

READY: Final = Why("ready")
PUBLISH: Final = Why("publish")
AWAITED: Final = Why("awaited")
SKIPPED, DEFERRED = CODE[TaskState.SKIPPED], CODE[TaskState.DEFERRED]


# -------------------------------------------------------------------------------------------------------------- rules
def settle(board: Board, machine: Machine) -> None:
    """Decide every task whose upstream has changed, as far as this turn has room."""
    if machine.sweep is not None:
        sweep_cells(board, machine)
    if machine.behind and machine.state not in RUN_FINAL:
        look_back(board, machine)
    while machine.dirty and (machine.granted or machine.stopping) and board.room:
        _decide(board, machine, machine.dirty.popleft())


def _decide(board: Board, machine: Machine, node: int) -> None:
    if machine.listed[node] or machine.doomed(node):
        return
    verdict = machine.verdict(node)
    code = machine.states[node]
    if verdict is Verdict.WAIT or code in FINAL_CODES:
        return
    if verdict is not Verdict.RUN:
        _close_all(board, machine, node, verdict)
    elif not machine.granted:
        board.wait_for_place(machine)
    elif code == PENDING and machine.graph.tasks[node].mapped is not None:
        _expand(board, machine, node)
    else:
        _offer(board, machine, node)


def _close_all(board: Board, machine: Machine, node: int, verdict: Verdict) -> None:
    """The rule says that a task will not run."""
    state, why = _ending(machine, node, verdict)
    for cell in machine.cells(node):
        if not board.room:
            machine.dirty.append(node)
            return
        if machine.states[cell] in (PENDING, UP_FOR_RETRY):
            board.move(machine, cell, state, why)
    machine.listed[node] = 1


def _offer(board: Board, machine: Machine, node: int) -> None:
    """Hand the waiting cells of a task to the queue, in stretches, and those between attempts to their timers."""
    machine.listed[node] = 1
    cells = machine.cells(node)
    first = None
    for cell in cells:
        code = machine.states[cell]
        if code == PENDING or (code == DEFERRED and cell not in machine.joined):
            first = cell if first is None else first
            continue
        if first is not None:
            board.queue.push(machine, node, first, cell)
            first = None
        if code == UP_FOR_RETRY:
            board.later(machine, cell, machine.tally(cell).not_before or board.now)
    if first is not None:
        board.queue.push(machine, node, first, cells[-1] + 1)


def _ending(machine: Machine, node: int, verdict: Verdict) -> tuple[TaskState, Why]:
    task = machine.graph.tasks[node]
    gate = machine.excluded_by(node)
    if verdict is Verdict.UPSTREAM_FAILED:
        return TaskState.UPSTREAM_FAILED, Why("upstream_failed", (_first_bad(machine, node),))
    if node in machine.graph.setups:
        names = ", ".join(machine.graph.tasks[setup].id for setup in machine.graph.setups[node])
        return TaskState.SKIPPED, Why("no_setup", (names,))
    if gate is not None:
        return TaskState.SKIPPED, Why("not_followed", (machine.graph.tasks[gate].id,))
    return TaskState.SKIPPED, Why("rule", (task.rules.trigger_rule, _standing(machine, node)))


def _first_bad(machine: Machine, node: int) -> str:
    graph = machine.graph
    cells = (cell for up in (*graph.up[node], *graph.scopes.get(node, ())) for cell in machine.cells(up))
    return next(machine.label(cell) for cell in cells if BIT.get(machine.state_of(cell), 0) & BAD)


def _standing(machine: Machine, node: int) -> str:
    ups = tuple(dict.fromkeys((*machine.graph.up[node], *machine.graph.scopes.get(node, ()))))
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
        board.move(machine, node, TaskState.FAILED, Why("map_failed", (trouble,)))
    elif total:
        board.changes.append(Expanded(machine.key, task.id, total, machine.tally(node).round, board.now))
        machine.expand(node, total)
        _offer(board, machine, node)
    elif empty_of(board, machine, node) == "hold":
        board.move(machine, node, TaskState.HELD, Why("empty_map", (", ".join(names),)))
    else:
        board.move(machine, node, TaskState.SKIPPED, Why("empty_map", (", ".join(names),)))


def _length(machine: Machine, over: Over) -> int | None:
    if over.task is None:
        return over.length
    up = machine.graph.index[over.task]
    if up in machine.spans:
        return len(machine.outcomes_of(up).done)
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
        if generation == machine.generation:
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
    kind = machine.kind_of(cell)
    made = AttemptMoved(key, None, AttemptState.QUEUED, board.now, tally.round, tally.fence, kind=kind)
    board.changes.append(made)
    why = PUBLISH if kind != "user" else AWAITED if machine.states[cell] == DEFERRED else READY
    board.move(machine, cell, TaskState.QUEUED, why)
    board.queue.occupy(machine, cell)
    board.commands.append(launch_of(board, machine, cell))


def launch_of(board: Board, machine: Machine, cell: int) -> Launch:
    """The command that starts the cell's living attempt."""
    node, item, tally = machine.owner[cell], machine.item(cell), machine.tallies[cell]
    task, held = machine.graph.tasks[node], machine.withheld.get(cell)
    if held is not None:
        return Launch(
            AttemptKey(machine.key, task.id, item, tally.number), tally.fence, machine.brief, task, round=tally.round,
            kind="publish", state=machine.state_kept(cell), staged=held.staged,
        )  # fmt: skip
    picks = () if item is None else _picks(machine, node, item)
    single = _single_items(machine, node, picks) if item is not None and node in machine.graph.lists else {}
    inputs = tuple(
        _input(machine, up) if up not in single else Stored(machine.graph.tasks[up].id, single[up])
        for up in machine.graph.data[node]
    )
    if single:
        assert task.mapped is not None
        index = machine.graph.index
        picks = tuple(
            -1 if over.task is not None and index[over.task] in single else pick
            for over, pick in zip(task.mapped.over, picks, strict=True)
        )
    return Launch(
        AttemptKey(machine.key, task.id, item, tally.number), tally.fence, machine.brief, task, inputs, picks,
        tally.round, tally.tries, may_be_ahead(task.rules), "user", machine.state_kept(cell),
        empty_of(board, machine, node), step=machine.steps.at(cell),
        steps=record_of(machine) if task.kind == "flow" else (),
    )  # fmt: skip


def _single_items(machine: Machine, node: int, picks: tuple[int, ...]) -> dict[int, int]:
    """Mapped upstream tasks of which one item is enough: its index. One that is crossed with itself is given whole."""
    mapped = machine.graph.tasks[node].mapped
    assert mapped is not None
    taken: dict[int, set[int]] = {}
    for over, pick in zip(mapped.over, picks, strict=True):
        up = None if over.task is None else machine.graph.index[over.task]
        if up is not None and up in machine.spans:
            taken.setdefault(up, set()).add(machine.outcomes_of(up).done[pick])
    return {up: items.pop() for up, items in taken.items() if len(items) == 1}


def _input(machine: Machine, up: int) -> Input:
    name = machine.graph.tasks[up].id
    if up in machine.spans:
        return Many(name, len(machine.spans[up]), machine.outcomes_of(up).without)
    if machine.states[up] == SUCCESS and up not in machine.marked:
        value = machine.results.get(up)
        return Stored(name) if value is None else Given(value)
    if machine.states[up] == SKIPPED and machine.graph.tasks[up].mapped is not None:
        return Many(name, 0)
    return Missing(name, machine.state_of(up))


# --------------------------------------------------------------------------------------------------------------- runs
def conclude(board: Board, machine: Machine) -> None:
    """End or park a run of which nothing can move any more."""
    if machine.state in RUN_FINAL or machine.sweep is not None or machine.alive or machine.dirty:
        return
    if not machine.granted and not machine.stopping:
        return  # also a verdict waits for its place: a slot shows one run at a time
    if machine.open == 0:
        if is_foreseen(board, machine):
            _end(board, machine)
    elif (machine.held or machine.behind) and not machine.ready and not machine.retrying:
        _park(board, machine)


def _park(board: Board, machine: Machine) -> None:
    """Nothing of the run can move before a person has decided, or the slot before is good."""
    if machine.behind and (is_looking(board, machine) or not machine.stands_still()):
        return
    if machine.held:
        board.begin(machine)
        names = ", ".join(machine.label(cell) for cell in sorted(machine.held)[:3])
        why = Why("parked", (names,))
    else:
        why = Why("waits_past", (str(explain_past(board, machine)),))
    board.leave(machine, RunState.HELD, why)
    if machine.started is not None:
        board.move_slot(machine, SlotState.HELD)


def _end(board: Board, machine: Machine) -> None:
    begun = machine.started is not None
    cancelled = any(machine.states[cell] == CANCELLED for cell in machine.used())
    if not machine.stopping:
        board.begin(machine)
    if machine.stop == "timeout" and (cancelled or machine.blamed):
        board.leave(machine, RunState.FAILED, Why("timed_out", (show_duration(machine.spec.timeout or 0),)))
        board.move_slot(machine, SlotState.FAILED)
    elif not machine.stopping and machine.blamed:
        names = ", ".join(machine.label(cell) for cell in sorted(machine.blamed)[:3])
        board.leave(machine, RunState.FAILED, Why("culprits", (names,)))
        board.move_slot(machine, SlotState.FAILED)
    elif (machine.stopping and machine.stop != "timeout") or cancelled:
        board.leave(machine, RunState.CANCELLED, Why("stopped"))
        if begun:
            board.move_slot(machine, SlotState.FAILED)
    elif all(machine.states[cell] == SKIPPED for leaf in machine.graph.leaves for cell in machine.cells(leaf)):
        board.leave(machine, RunState.SUCCESS, Why("all_skipped"))
        board.move_slot(machine, SlotState.SKIPPED)
    else:
        board.leave(machine, RunState.SUCCESS, Why("all_good"))
        board.move_slot(machine, SlotState.FRESH)
        follow_end(board, machine)
