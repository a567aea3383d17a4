"""From what is stored to machines that go on. A crash loses memory, never more."""

from __future__ import annotations

from collections.abc import Iterator

from segue.engine.agenda import Agenda
from segue.engine.alarm import Alarm
from segue.engine.board import Board, Dag
from segue.engine.flows import await_steps, spawn
from segue.engine.guards import EMPTY
from segue.engine.hooks import launch_of_hook
from segue.engine.machine import CODE, Machine
from segue.engine.progress import launch_of
from segue.engine.renaming import remember
from segue.engine.steps import BODY
from segue.engine.tally import HookTally, Tally
from segue.model.commands import Adopt, Cancel, Command
from segue.model.events import Held, Value
from segue.model.ids import AttemptKey, fence_of
from segue.model.images import HookImage, RunImage, Snapshot, TaskImage
from segue.model.limits import Limits
from segue.model.state import RUN_FINAL, AttemptState, RunState, TaskState
from segue.resolve.graph import Graph
from segue.resolve.rules import Verdict

__all__ = ["board_of", "enter", "machine_of", "outstanding_of"]


def board_of(snapshot: Snapshot, limits: Limits, planning: bool) -> Board:
    """All DAGs as they were committed; runs enter one by one."""
    agenda = Agenda(planning, snapshot.backfills, snapshot.last_backfill)
    board = Board(snapshot.fence_key, limits, snapshot.pools, agenda, Alarm(snapshot.episodes))
    board.braked = snapshot.braked
    for image in snapshot.dags:
        dag = board.dags[image.dag] = Dag(image.version)
        dag.quarantined = image.quarantined
        dag.highest = max(dag.highest, image.highest)
        dag.eased.update((one.task, one.guard, one.like) for one in image.eased)
        dag.failed = image.failed
        dag.timing, dag.foretold, dag.place = image.timing, image.foretold, (image.location, image.version.spec.file)
        remember(board, dag.version.spec, None)
    return board


def enter(board: Board, machine: Machine) -> None:
    """Take a run of the store into memory, where it stood: in its place, or waiting for one, or neither."""
    board.admit(machine)
    board.recalled.append(machine)
    for cell, tally in machine.tallies.items():
        if tally.alive:
            board.queue.occupy(machine, cell)
    if machine.placed:
        machine.granted = True
        board.dags[machine.key.dag].granted[machine.key] = machine
        board.watch_deadline(machine)
    elif machine.state in RUN_FINAL:
        return  # a hook of it is alive, or a person is about to open it again
    elif machine.state is not RunState.HELD or not machine.stands_still():
        board.wait_for_place(machine)


def machine_of(board: Board, image: RunImage) -> Machine:
    """Build the machine of one run."""
    dag = board.dags.get(image.row.run.dag)
    same = dag is not None and dag.version.number == image.row.version
    machine = Machine(image.row, image.spec, dag.graph if dag is not None and same else Graph(image.spec))
    machine.state, machine.round, machine.placed = image.state, image.round, image.placed
    machine.cancel_at, machine.started = image.cancel_at, image.started
    machine.stop, machine.stopped_by = image.stop, image.stopped_by
    machine.spent, machine.placed_at = image.spent, image.placed_at
    machine.klass = machine.row.klass if image.klass is None else image.klass
    for hook in image.hooks:
        _restore_hook(board, machine, hook)
    for step in image.spawned:
        spawn(machine, step)
    for task in image.tasks:
        if task.expanded is not None:
            node = machine.graph.index[task.task]
            machine.expand(node, task.expanded)
            tally = machine.tally(node)
            tally.round, tally.number = task.round, task.number
    for task in image.tasks:
        if task.expanded is None:
            _restore_cell(board, machine, task)
    if machine.steps and machine.states[BODY] == CODE[TaskState.DEFERRED]:
        body = next(task for task in image.tasks if task.task == machine.label(BODY))
        await_steps(machine, (machine.graph.index[name] for name in body.followed or ()))
    machine.rederive()
    if machine.stopping and machine.state not in RUN_FINAL:
        machine.sweep = machine.used()
    return machine


def _restore_hook(board: Board, machine: Machine, image: HookImage) -> None:
    hook = machine.hooks[image.task, image.index] = HookTally()
    hook.number, hook.began = image.number, image.began
    hook.alive = image.state in (AttemptState.QUEUED, AttemptState.RUNNING)
    hook.fence = fence_of(AttemptKey(machine.key, image.task, image.index, image.number), board.secret)


def _restore_cell(board: Board, machine: Machine, image: TaskImage) -> None:
    cell = machine.cell(image.task, image.index)
    assert cell is not None, "items and expansion are one transaction"
    machine.states[cell] = CODE[image.state]
    if image.reason:
        machine.reasons[cell] = image.reason
    if image.marked:
        machine.marked.add(cell)
    value = Value(image.inline, image.ref, image.length, image.digest, image.preview)
    if image.state is TaskState.SUCCESS and not image.marked:
        machine.keep(cell, value)
    empty_map = machine.task(cell).mapped is not None and image.index is None
    if image.staged or (image.state is TaskState.HELD and not empty_map):
        machine.withheld[cell] = Held(EMPTY, image.reason, value, image.staged)
    if image.kept:
        machine.kept[cell] = dict(image.kept)
    if image.followed is not None and not machine.spec.is_flow:
        machine.choose(machine.owner[cell], image.followed)
    if image.state is TaskState.SUCCESS and not image.marked and image.number == 1 and image.round == 1:
        return
    tally = machine.tally(cell)
    tally.number, tally.round, tally.tries = max(tally.number, image.number), image.round, image.tries
    tally.losses, tally.platform, tally.not_before = image.losses, image.platform, image.not_before
    if image.attempt is not None:
        tally.alive, tally.began = True, image.attempt.began
        tally.fence = fence_of(board.key_of(machine, cell), board.secret)


def outstanding_of(board: Board, machine: Machine) -> Iterator[Command]:
    """What an owner that has taken a run over must do: launch what is queued, adopt what runs, go on cancelling.

    A queued attempt that must not begin is not launched: its run is being cancelled, it is to be marked, or its
    upstream was opened again. Nobody knows it, and its cancel says so.
    """
    for cell, tally in machine.tallies.items():
        if not tally.alive:
            continue
        key = board.key_of(machine, cell)
        if tally.began is not None:
            yield Adopt(key, tally.fence)
        elif _may_begin(machine, cell, tally):
            yield launch_of(board, machine, cell)
        else:
            yield Cancel(key, tally.fence)
        if tally.began is not None and machine.doomed(cell):
            yield Cancel(key, tally.fence)
    for (task, index), hook in machine.hooks.items():
        if hook.alive:
            key = AttemptKey(machine.key, task, index, hook.number)
            yield launch_of_hook(machine, key, hook) if hook.began is None else Adopt(key, hook.fence)


def _may_begin(machine: Machine, cell: int, tally: Tally) -> bool:
    unwanted = machine.doomed(cell) or tally.mark is not None
    return not unwanted and machine.verdict(machine.owner[cell]) is Verdict.RUN
