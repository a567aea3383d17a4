"""What the words of attempts mean. Each is believed only with the fence of the attempt that is alive."""

from __future__ import annotations

from typing import Final, assert_never

from segue.engine.board import Board, Note
from segue.engine.delays import DAY, LONG_ENOUGH, PLATFORM_DELAY, PLATFORM_LIMIT, loss_delay, retry_delay
from segue.engine.machine import Machine, Tally
from segue.engine.reopening import apply_mark
from segue.model.changes import Answer, AttemptMoved
from segue.model.duration import show_duration
from segue.model.events import (
    OWN_CAUSES,
    Asked,
    Cancelled,
    Ended,
    Failure,
    Followed,
    Lost,
    LostCause,
    Outcome,
    Skipped,
    Started,
    Value,
)
from segue.model.ids import AttemptKey, Instant
from segue.model.state import AttemptState, TaskState
from segue.model.why import Why
from segue.resolve.rules import Verdict

__all__ = ["asked", "ended", "lost", "started"]

BEGUN: Final = Why("begun")
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


# ------------------------------------------------------------------------------------------------------------ begins
def started(board: Board, event: Started | Asked) -> bool:
    """The attempt's code runs, or (asked) may run: say whether this is news."""
    found = _find(board, event.key, event.fence)
    if found is None or found[2].began is not None:
        return False
    machine, cell, tally = found
    tally.began = event.at
    old, new = AttemptState.QUEUED, AttemptState.RUNNING
    board.changes.append(AttemptMoved(event.key, old, new, event.at, tally.round, began=event.at, worker=event.worker))
    board.move(machine, cell, TaskState.RUNNING, BEGUN, Note(at=event.at))
    return True


def asked(board: Board, event: Asked) -> None:
    """`MayStart`: yes once RUNNING is committed; no to an attempt that is not alive or whose run is being cancelled."""
    found = _find(board, event.key, event.fence)
    wanted = found is not None and found[0].cancel_at is None and found[2].mark is None
    if wanted:
        started(board, event)
    board.commands.append(Answer(event.key, event.seq, wanted))


# -------------------------------------------------------------------------------------------------------------- ends
def ended(board: Board, event: Ended) -> None:
    """The attempt said how it ended."""
    found = _find(board, event.key, event.fence)
    if found is None:
        return
    machine, cell, tally = found
    outcome = event.outcome
    state, cause, text = AttemptState.SUCCESS, "", ""
    if isinstance(outcome, Failure):
        state = AttemptState.TIMED_OUT if outcome.kind == "timeout" else AttemptState.FAILED
        cause, text = outcome.kind, outcome.text
    if isinstance(outcome, Cancelled) or tally.mark is not None:
        state = AttemptState.CANCELLED
    note = _close(board, found, event, (state, cause, text))
    if tally.mark is not None:
        _marked(board, found)
    else:
        _accept(board, found, outcome, note)


def _accept(board: Board, found: tuple[Machine, int, Tally], outcome: Outcome, note: Note) -> None:
    machine, cell, _ = found
    match outcome:
        case Value():
            machine.keep(cell, outcome)
            board.succeed(machine, cell, Note(note.at, note.began, outcome))
        case Followed():
            machine.keep(cell, outcome.value)
            machine.choose(machine.owner[cell], outcome.ids)
            board.succeed(machine, cell, Note(note.at, note.began, outcome.value, outcome.ids))
        case Skipped():
            board.move(machine, cell, TaskState.SKIPPED, Why("skip", (outcome.why or "it raised Skip",)), note)
        case Failure():
            _failed(board, found, outcome, note)
        case Cancelled() if machine.cancel_at is not None:
            board.move(machine, cell, TaskState.CANCELLED, Why("cancelled", (machine.cancelled_by,)), note)
        case Cancelled():
            _lost(board, found, LostCause.WORKER, "stopped, and nobody here asked for that", note)
        case _:
            assert_never(outcome)


def _marked(board: Board, found: tuple[Machine, int, Tally]) -> None:
    machine, cell, tally = found
    mark, tally.mark = tally.mark, None
    assert mark is not None
    apply_mark(board, machine, cell, mark)


def lost(board: Board, event: Lost) -> None:
    """The attempt is gone without a word."""
    found = _find(board, event.key, event.fence)
    if found is None:
        return
    machine, cell, tally = found
    peak = (event.usage.peak_rss or 0) // 1_000_000
    text = _SAYS[event.cause].format(event.signal, event.exit_code, peak)
    note = _close(board, found, event, (AttemptState.LOST, event.cause.value, text))
    if tally.mark is not None:
        _marked(board, found)
    elif machine.cancel_at is not None:
        board.move(machine, cell, TaskState.CANCELLED, Why("cancelled", (machine.cancelled_by,)), note)
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
            usage.peak_rss, usage.cpu, usage.worker, usage.log, usage.notes,
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
    if machine.cancel_at is not None:
        final = "the run is being cancelled"
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
    if not rules.idempotent and tally.began is not None:
        board.move(machine, cell, TaskState.FAILED, Why("unknown", (text,)), note)
    elif cause is LostCause.OWNER:
        _again(board, found, 0, Why("owner_gone"), note)
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
