"""What the words of attempts mean. Each is believed only with the fence of the attempt that is alive."""

from __future__ import annotations

from typing import Final, assert_never

from segue.engine.board import Board, Note
from segue.engine.delays import DAY, LONG_ENOUGH, PLATFORM_DELAY, PLATFORM_LIMIT, loss_delay, retry_delay
from segue.engine.flows import defer
from segue.engine.hooks import find_hook, hook_began, hook_ended, is_hook, owner_of
from segue.engine.machine import Machine
from segue.engine.reopening import apply_mark
from segue.engine.starting import start_run
from segue.engine.tally import Tally
from segue.model.changes import AttemptMoved, StateChanged
from segue.model.commands import Answer
from segue.model.duration import show_duration
from segue.model.events import (
    OWN_CAUSES,
    Asked,
    Cancelled,
    Deferred,
    Ended,
    Failure,
    Followed,
    Held,
    Lost,
    LostCause,
    MayStart,
    Outcome,
    Skipped,
    Started,
    StartsRun,
    StateSet,
    Value,
)
from segue.model.ids import AttemptKey, Instant
from segue.model.state import AttemptState, TaskState
from segue.model.why import Why
from segue.resolve.rules import Verdict

__all__ = ["hear"]

BEGUN: Final = Why("begun")
PUBLISHED: Final = Why("published")
_SAYS: Final = {
    LostCause.SIGNAL: "killed by signal {0}",
    LostCause.EXIT: "its process ended with exit code {1} and no result",
    LostCause.MEMORY: "killed, likely out of memory (peak {2} MB)",
    LostCause.WORKER: "its worker was stopped",
    LostCause.LEASE: "its supervisor lost the lease",
    LostCause.OWNER: "its owner stopped while it ran",
}


def _find(board: Board, key: AttemptKey, fence: bytes) -> tuple[Machine, int, Tally] | None:
    machine = board.runs.get(key.run)
    if machine is None:
        return None
    cell = machine.cell(key.task, key.index)
    tally = None if cell is None else machine.tallies.get(cell)
    if cell is None or tally is None or not tally.alive or tally.number != key.number or tally.fence != fence:
        return None
    return machine, cell, tally


def hear(board: Board, word: Started | Ended | Lost | Asked) -> None:
    """Take in the word of an attempt."""
    match word:
        case Started():
            _started(board, word)
        case Ended():
            _ended(board, word)
        case Lost():
            _vanished(board, word)
        case _:
            _asked(board, word)


# ------------------------------------------------------------------------------------------------------------ begins
def _started(board: Board, event: Started | Asked) -> None:
    """The attempt's code runs, or (asked) may run."""
    if is_hook(event.key):
        hook_began(board, event)
        return
    found = _find(board, event.key, event.fence)
    if found is None or found[2].began is not None:
        return
    machine, cell, tally = found
    tally.began = event.at
    old, new = AttemptState.QUEUED, AttemptState.RUNNING
    kind = machine.kind_of(cell)
    board.changes.append(
        AttemptMoved(event.key, old, new, event.at, tally.round, began=event.at, worker=event.worker, kind=kind)
    )
    board.move(machine, cell, TaskState.RUNNING, BEGUN, Note(at=event.at))


def _asked(board: Board, event: Asked) -> None:
    """`MayStart`: yes once RUNNING is committed; no to an attempt that is not alive or whose run is being cancelled.

    `StateSet`: yes once it is kept, to every living attempt, also of the task's hooks.
    """
    match event.what:
        case MayStart():
            found = _find(board, event.key, event.fence)
            wanted = found is not None and not found[0].doomed(found[1]) and found[2].mark is None
            if wanted:
                _started(board, event)
        case StateSet(name, value):
            wanted = _keep_state(board, event, name, value)
        case _:
            assert_never(event.what)
    board.commands.append(Answer(event.key, event.seq, wanted))


def _speaker(board: Board, event: Asked) -> Machine | None:
    found = (find_hook if is_hook(event.key) else _find)(board, event.key, event.fence)
    return None if found is None else found[0]


def _keep_state(board: Board, event: Asked, name: str, value: str) -> bool:
    machine = _speaker(board, event)
    cell = None if machine is None else owner_of(machine, event.key)
    if machine is None or cell is None:
        return False
    machine.kept.setdefault(cell, {})[name] = value
    task = machine.task(cell).id
    board.changes.append(StateChanged(machine.key, task, machine.item(cell), name, value, board.now))
    return True


# -------------------------------------------------------------------------------------------------------------- ends
def _ended(board: Board, event: Ended) -> None:
    """The attempt said how it ended."""
    if is_hook(event.key):
        hook_ended(board, event)
        return
    found = _find(board, event.key, event.fence)
    if found is None:
        return
    machine, cell, tally = found
    outcome = event.outcome
    state, cause, text = AttemptState.SUCCESS, "", ""
    if isinstance(outcome, Failure):
        state = AttemptState.TIMED_OUT if outcome.kind == "timeout" else AttemptState.FAILED
        cause, text = outcome.kind, outcome.text
    if isinstance(outcome, Deferred):
        cause = "deferred"
    if isinstance(outcome, Cancelled) or tally.mark is not None:
        state = AttemptState.CANCELLED
    note = _close(board, found, event, (state, cause, text))
    if tally.mark is not None:
        _marked(board, found)
    elif cell in machine.withheld:
        _published(board, found, outcome, note)
    else:
        _accept(board, found, outcome, note)


def _published(board: Board, found: tuple[Machine, int, Tally], outcome: Outcome, note: Note) -> None:
    machine, cell, _ = found
    match outcome:
        case Failure():
            _unpublished(board, found, outcome.text, note, again=outcome.retryable)
        case Cancelled():
            _accept(board, found, outcome, note)
        case _:
            board.succeed(machine, cell, Note(note.at, note.began, machine.withheld[cell].value), PUBLISHED)


def _unpublished(board: Board, found: tuple[Machine, int, Tally], text: str, note: Note, *, again: bool = True) -> None:
    """Publish again as after a platform loss, whoever's doing it was; at last a person decides again."""
    machine, cell, tally = found
    tally.platform += 1
    if machine.doomed(cell):
        board.move(machine, cell, TaskState.CANCELLED, machine.stopped, note)
    elif again and tally.platform <= PLATFORM_LIMIT:
        _again(board, found, PLATFORM_DELAY, Why("publish_again", (text, show_duration(PLATFORM_DELAY))), note)
    else:
        _hold(board, found, machine.withheld[cell], Why("unpublished", (text,)), note)


def _hold(board: Board, found: tuple[Machine, int, Tally], held: Held, why: Why, note: Note) -> None:
    """Wait for a person; in a run that is being stopped nobody will decide any more."""
    machine, cell, _ = found
    if machine.stopping:
        board.move(machine, cell, TaskState.CANCELLED, machine.stopped, note)
        return
    machine.withheld[cell] = held
    board.move(machine, cell, TaskState.HELD, why, note)


def _accept(board: Board, found: tuple[Machine, int, Tally], outcome: Outcome, note: Note) -> None:
    machine, cell, _ = found
    match outcome:
        case Value():
            board.succeed(machine, cell, Note(note.at, note.began, outcome))
        case Followed():
            machine.choose(machine.owner[cell], outcome.ids)
            board.succeed(machine, cell, Note(note.at, note.began, outcome.value, outcome.ids))
        case Skipped():
            board.move(machine, cell, TaskState.SKIPPED, Why("skip", (outcome.why or "it raised Skip",)), note)
        case Failure():
            _failed(board, found, outcome, note)
        case Held():
            _hold(board, found, outcome, Why("guard", (outcome.text,)), note)
        case Deferred():
            defer(board, found, outcome, note)
        case StartsRun():
            start_run(board, found, outcome, note)
        case Cancelled() if machine.doomed(cell):
            board.move(machine, cell, TaskState.CANCELLED, machine.stopped, note)
        case Cancelled():
            _lost(board, found, LostCause.WORKER, "stopped, and nobody here asked for that", note)
        case _:
            assert_never(outcome)


def _marked(board: Board, found: tuple[Machine, int, Tally]) -> None:
    machine, cell, tally = found
    mark, tally.mark = tally.mark, None
    assert mark is not None
    apply_mark(board, machine, cell, mark)


def _vanished(board: Board, event: Lost) -> None:
    """The attempt is gone without a word."""
    peak = (event.usage.peak_rss or 0) // 1_000_000
    text = _SAYS[event.cause].format(event.signal, event.exit_code, peak)
    if is_hook(event.key):
        hook_ended(board, event, text)
        return
    found = _find(board, event.key, event.fence)
    if found is None:
        return
    machine, cell, tally = found
    note = _close(board, found, event, (AttemptState.LOST, event.cause.value, text))
    if tally.mark is not None:
        _marked(board, found)
    elif machine.doomed(cell):
        board.move(machine, cell, TaskState.CANCELLED, machine.stopped, note)
    else:
        _lost(board, found, event.cause, text, note)


def _close(
    board: Board, found: tuple[Machine, int, Tally], event: Ended | Lost, how: tuple[AttemptState, str, str]
) -> Note:
    """End the attempt; give back what the task's move must say about its beginning."""
    machine, cell, tally = found
    state, cause, text = how
    old = AttemptState.QUEUED if tally.began is None else AttemptState.RUNNING
    began = event.started if tally.began is None else None
    usage = event.usage
    board.changes.append(
        AttemptMoved(
            event.key, old, state, event.at, tally.round, b"", tally.began or event.started, cause, text,
            event.signal if isinstance(event, Lost) else None,
            event.exit_code if isinstance(event, Lost) else None,
            usage.peak_rss, usage.cpu, usage.worker, usage.log, usage.notes, machine.kind_of(cell), usage.rows,
            usage.source, usage.refused,
        )
    )  # fmt: skip
    tally.began = tally.began or event.started
    if _lived(tally, event.at) > LONG_ENOUGH:
        tally.platform = 0
    tally.alive = False
    board.queue.release(machine, cell)
    return Note(at=event.at, began=began)


def _lived(tally: Tally, at: Instant) -> int:
    return 0 if tally.began is None else at - tally.began


# ----------------------------------------------------------------------------------------------------- what failed
def _failed(board: Board, found: tuple[Machine, int, Tally], outcome: Failure, note: Note) -> None:
    machine, cell, tally = found
    rules = machine.task(cell).rules
    tally.tries += 1
    text = outcome.text
    final = ""
    if machine.doomed(cell):
        final = "the run is being cancelled" if machine.stop != "timeout" else "the run has reached its timeout"
    elif not rules.idempotent:
        final = "it is not idempotent"
    elif not outcome.retryable:
        final = f"{outcome.kind} is not retried"
    if final:
        board.move(machine, cell, TaskState.FAILED, Why("failed_for_good", (text, final)), note)
    elif tally.tries > rules.retry.times:
        board.move(machine, cell, TaskState.FAILED, Why("failed", (text,)), note)
    else:
        delay = retry_delay(rules.retry, tally.tries, board.key_of(machine, cell))
        if outcome.retry_after is not None:
            delay = min(max(outcome.retry_after, 0), DAY)
        why = Why("retry", (text, str(tally.tries + 1), str(rules.retry.times + 1), show_duration(delay)))
        _again(board, found, delay, why, note)


def _lost(board: Board, found: tuple[Machine, int, Tally], cause: LostCause, text: str, note: Note) -> None:
    machine, cell, tally = found
    rules = machine.task(cell).rules
    if cause is LostCause.OWNER and (rules.idempotent or tally.began is None or cell in machine.withheld):
        _again(board, found, 0, Why("owner_gone"), note)
    elif cell in machine.withheld:
        _unpublished(board, found, text, note)
    elif not rules.idempotent and tally.began is not None:
        board.move(machine, cell, TaskState.FAILED, Why("unknown", (text,)), note)
    elif cause in OWN_CAUSES:
        tally.losses += 1
        if tally.losses > rules.retry.lost:
            board.move(machine, cell, TaskState.FAILED, Why("lost_for_good", (str(tally.losses), text)), note)
        else:
            delay = loss_delay(tally.losses)
            _again(board, found, delay, Why("lost", (text, show_duration(delay))), note)
    else:
        tally.platform += 1
        if tally.platform > PLATFORM_LIMIT:
            board.move(machine, cell, TaskState.FAILED, Why("lost_for_good", (str(tally.platform), text)), note)
        else:
            _again(board, found, PLATFORM_DELAY, Why("lost", (text, show_duration(PLATFORM_DELAY))), note)


def _again(board: Board, found: tuple[Machine, int, Tally], delay: int, why: Why, note: Note) -> None:
    machine, cell, tally = found
    tally.not_before = Instant(board.now + delay)
    board.move(machine, cell, TaskState.UP_FOR_RETRY, why, note)
    node = machine.owner[cell]
    if machine.listed[node] and machine.verdict(node) is Verdict.RUN:
        board.later(machine, cell, tally.not_before)
    else:  # derived anew since, or its upstream was opened again: the rule decides once more
        machine.listed[node] = 0
        machine.dirty.append(node)
