"""Hooks: what is called after a task or run has ended, as attempts of their own.

The attempt is made in the transaction of the end it follows, so it is called at least once. It takes no slot of any
limit, is tried again when it is lost, and whatever it says changes nothing. A run stays in memory until the last of its
hooks has ended.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from segue.engine.board import Board
from segue.engine.machine import Machine
from segue.engine.tally import HookTally
from segue.model.changes import AttemptMoved
from segue.model.commands import Launch
from segue.model.events import Asked, Cancelled, Ended, Failure, Lost, Started
from segue.model.ids import AttemptKey, fence_of, hook_id
from segue.model.spec import Rules, TaskSpec
from segue.model.state import AttemptState

__all__ = ["call_due", "call_hook", "find_hook", "hook_began", "hook_ended", "is_hook", "launch_of_hook", "owner_of"]

TIMEOUT: Final = 60_000_000
MOST_TRIES: Final = 3


def is_hook(key: AttemptKey) -> bool:
    """Say whether this is an attempt of a hook."""
    return "!" in key.task


def owner_of(machine: Machine, key: AttemptKey) -> int | None:
    """The cell whose hook this is, None for one of the DAG."""
    return machine.cell(key.task.partition("!")[0], key.index)


def call_due(board: Board) -> None:
    """Call the hooks of all that has ended in this step."""
    calls, board.calls = board.calls, []
    for machine, name, at in calls:
        call_hook(board, machine, name, at)


def call_hook(board: Board, machine: Machine, name: tuple[str, str, int | None], at: int) -> None:
    """Call a hook, now or when an attempt of an earlier call of it has ended.

    Args:
        board: what the engine knows.
        machine: the run.
        name: task (empty for the DAG), hook, map index.
        at: the round of what has ended.
    """
    task, hook, index = name
    which = (hook_id(task, hook), index)
    tally = machine.hooks.setdefault(which, HookTally())
    if tally.alive:
        tally.again = at
        return
    tally.round, tally.tries = at, 0
    _try(board, machine, which, tally)


def _try(board: Board, machine: Machine, which: tuple[str, int | None], tally: HookTally) -> None:
    tally.number += 1
    tally.tries += 1
    tally.alive, tally.began = True, None
    key = AttemptKey(machine.key, *which, tally.number)
    tally.fence = fence_of(key, board.secret)
    new = AttemptMoved(key, None, AttemptState.QUEUED, board.now, tally.round, tally.fence, kind="hook")
    board.changes.append(new)
    board.commands.append(launch_of_hook(machine, key, tally))


def launch_of_hook(machine: Machine, key: AttemptKey, tally: HookTally) -> Launch:
    """The command that starts a hook's living attempt."""
    cell = owner_of(machine, key)
    spec = TaskSpec("", Rules()) if cell is None else machine.task(cell)
    task = replace(spec, rules=replace(spec.rules, timeout=TIMEOUT, idempotent=True))
    state = () if cell is None else machine.state_kept(cell)
    step = None if cell is None else machine.steps.at(cell)
    return Launch(key, tally.fence, machine.brief, task, round=tally.round, kind="hook", state=state, step=step)


def find_hook(board: Board, key: AttemptKey, fence: bytes) -> tuple[Machine, HookTally] | None:
    """The hook whose living attempt this is; None where it is not alive or the fence is another's."""
    machine = board.runs.get(key.run)
    tally = None if machine is None else machine.hooks.get((key.task, key.index))
    if machine is None or tally is None or not tally.alive or (tally.number, tally.fence) != (key.number, fence):
        return None
    return machine, tally


def hook_began(board: Board, event: Started | Asked) -> None:
    """Its code runs."""
    found = find_hook(board, event.key, event.fence)
    if found is not None and found[1].began is None:
        tally = found[1]
        tally.began = event.at
        board.changes.append(
            AttemptMoved(
                event.key, AttemptState.QUEUED, AttemptState.RUNNING, event.at, tally.round, began=event.at,
                worker=event.worker, kind="hook",
            )
        )  # fmt: skip


def hook_ended(board: Board, event: Ended | Lost, text: str = "") -> None:
    """It has ended, or is gone: then it is tried again, a few times."""
    found = find_hook(board, event.key, event.fence)
    if found is None:
        return
    machine, tally = found
    state, cause, text = _ending(event, text)
    usage = event.usage
    signal, exit_code = (event.signal, event.exit_code) if isinstance(event, Lost) else (None, None)
    board.changes.append(
        AttemptMoved(
            event.key, AttemptState.QUEUED if tally.began is None else AttemptState.RUNNING, state, event.at,
            tally.round, b"", tally.began or event.started, cause, text, signal, exit_code,
            usage.peak_rss, usage.cpu, usage.worker, usage.log, usage.notes, "hook",
        )
    )  # fmt: skip
    tally.alive = False
    which = (event.key.task, event.key.index)
    if state in (AttemptState.LOST, AttemptState.CANCELLED) and tally.tries < MOST_TRIES:
        _try(board, machine, which, tally)
    elif tally.again:
        tally.round, tally.again, tally.tries = tally.again, 0, 0
        _try(board, machine, which, tally)
    else:
        board.over.append(machine.key)


def _ending(event: Ended | Lost, text: str) -> tuple[AttemptState, str, str]:
    if isinstance(event, Lost):
        return AttemptState.LOST, event.cause.value, text
    match event.outcome:
        case Failure(kind, said):
            return AttemptState.TIMED_OUT if kind == "timeout" else AttemptState.FAILED, kind, said
        case Cancelled():
            return AttemptState.CANCELLED, "", ""
        case _:
            return AttemptState.SUCCESS, "", ""
