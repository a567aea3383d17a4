"""Flows: runs whose tasks are made while they go on.

A flow has one task from the beginning, its body. Where the body waits, its attempt ends with the calls it has made;
each becomes a task of the run without edges, and the body goes on from its top when those that it waits for have ended.
What holds of tasks holds of steps: retries, pools, guards, hooks. That one fails matters only if the body says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from segue.engine.board import Board, Note
from segue.engine.machine import FINAL_CODES, Machine
from segue.engine.steps import BODY
from segue.engine.tally import Tally
from segue.model.changes import Spawned
from segue.model.commands import Recorded
from segue.model.errors import Refused
from segue.model.events import Deferred
from segue.model.images import Step
from segue.model.state import FINAL, TaskState
from segue.model.why import Why
from segue.resolve.graph import GrowingGraph

__all__ = ["await_steps", "defer", "failed_steps", "record_of", "refuse_step", "spawn", "waits_for"]

_NAMED: Final = 3


def defer(board: Board, found: tuple[Machine, int, Tally], outcome: Deferred, note: Note) -> None:
    """Make what the body called tasks of the run, and wait for those that it needs.

    Args:
        board: what the engine knows.
        found: the run, its body, and what that has been through.
        outcome: what the body said.
        note: when, and when its code began.
    """
    machine, cell, _ = found
    if machine.doomed(cell):
        board.move(machine, cell, TaskState.CANCELLED, machine.stopped, note)
        return
    for step in outcome.steps:
        number = spawn(machine, step)
        board.changes.append(Spawned(machine.key, number, step, board.now))
    await_steps(machine, outcome.awaits)
    names = tuple(machine.label(one) for one in sorted(machine.steps.awaited))
    board.move(machine, cell, TaskState.DEFERRED, waits_for(machine), Note(note.at, note.began, followed=names))
    machine.listed[cell] = 0
    machine.dirty.append(cell)


def spawn(machine: Machine, step: Step) -> int:
    """Take a call in as one more task of the run, which may run at once; gives its number."""
    assert isinstance(machine.graph, GrowingGraph)
    node = machine.graph.add(step.task)
    machine.steps.made.append(step)
    machine.owner.append(node)
    machine.waits.append(0)
    for each in (machine.states, machine.seen, machine.listed):
        each.append(0)
    machine.open += 1
    machine.dirty.append(node)
    return node


def await_steps(machine: Machine, numbers: Iterable[int]) -> None:
    """The body waits for those of these calls that have not ended."""
    machine.steps.awaited = {number for number in numbers if machine.states[number] not in FINAL_CODES}


def waits_for(machine: Machine) -> Why:
    """What the body of a flow waits for."""
    names = [machine.label(one) for one in sorted(machine.steps.awaited)]
    more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return Why("deferred", (", ".join(names[:_NAMED] + more) or "its turn",))


def failed_steps(machine: Machine, cells: set[int]) -> set[int]:
    """Of what has failed in a flow, what a retry opens again: nothing while the body goes on.

    A failure that the body has gone past, with another call, is part of its way; it stays.
    """
    if machine.states[BODY] not in FINAL_CODES:
        return set()
    return cells - {number for step in machine.steps.made for number in step.handled}


def record_of(machine: Machine) -> tuple[Recorded, ...]:
    """What the body of a flow is told of the calls it has made."""
    return tuple(_recorded(machine, cell, step) for cell, step in enumerate(machine.steps.made, BODY + 1))


def _recorded(machine: Machine, cell: int, step: Step) -> Recorded:
    state = machine.state_of(cell)
    value = machine.results.get(cell)
    return Recorded(
        step.task.id,
        step.digest,
        state,
        machine.reasons.get(cell, "") if state in FINAL else "",
        None if value is None else value.inline,
        cell in machine.marked,
    )


def refuse_step(machine: Machine, label: str) -> None:
    """A person retries a flow, never one step of it (rulings, "Flow").

    Raises:
        Refused: this is the label of a step.
    """
    if machine.steps and label != machine.label(BODY):
        raise Refused(
            f"{label} is a step of flow {machine.key.dag}: `segue retry {machine.key}` goes on with the flow, what "
            "succeeded is not repeated"
        )
