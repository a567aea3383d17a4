"""How an attempt is stopped: `on_cancel`, TERM, its grace, KILL (SEMANTICS, "Attempts").

`on_cancel` is called by the worker, in a thread beside the task's code, before that is sent TERM. A worker may be in no
condition to do so: dead, or in code that holds the interpreter's lock. Where it has not done so by half the grace, or
dies before, an *errand* does: a process of its own that has the task's state and nothing else. The attempt ends when
both are over. What was asked for twice must do no harm; being asked for at least once is the promise.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import msgspec

from segue.model.events import Cancelled, Ended, Failure, Lost
from segue.run.executors.crew import Crew
from segue.run.executors.inspection import NEVER
from segue.run.executors.worker import Attempt, Worker

__all__ = ["Stopping", "final"]


class Stopping:
    """Stops attempts that a worker has.

    Args:
        crew: sends the signals.
        grace: seconds from the beginning of the end to KILL, where the task does not say.
        send: gives an errand for this attempt to a worker.
    """

    def __init__(self, crew: Crew, grace: float, send: Callable[[Attempt], Attempt]) -> None:
        self._crew, self._grace, self._send = crew, grace, send

    def begin(self, attempt: Attempt, at_once: bool = False) -> float:
        """Stop it, and say in how many seconds to go on with that; what is queued behind has been taken back."""
        worker = attempt.worker
        assert worker is not None
        own = attempt.launch.task.rules.grace
        grace = 0.0 if at_once else self._grace if own is None else own / 1e6
        now = time.monotonic()
        if not grace:
            self._crew.kill(worker, signal.SIGKILL)
        elif not worker.closing:
            worker.kill_at = now + grace
            if attempt.hooked and _in_code(attempt, worker):
                worker.stop(attempt.token)
                worker.term_at = now + grace / 2
            else:
                self._crew.kill(worker, signal.SIGTERM)
        worker.closing = True
        return min(worker.term_at, worker.kill_at) - now

    def heeded(self, attempt: Attempt) -> None:
        """Its `on_cancel` was called."""
        attempt.tended = True
        if attempt.worker is not None and attempt.worker.term_at < NEVER:
            attempt.worker.term_at = NEVER
            self._crew.kill(attempt.worker, signal.SIGTERM)

    def go_on(self, worker: Worker, now: float) -> None:
        """Send what is due."""
        if now >= worker.term_at:
            worker.term_at = NEVER
            self._crew.kill(worker, signal.SIGTERM)
            for attempt in worker.queue.values():
                self._tend(attempt)
        if now >= worker.kill_at:
            worker.kill_at = NEVER
            self._crew.kill(worker, signal.SIGKILL)

    def defers(self, attempt: Attempt, event: Ended | Lost) -> bool:
        """Whether this end of the attempt has to wait for an errand, sent now if need be."""
        begun = event.started is not None or attempt.kept
        if begun and isinstance(event, Ended) and isinstance(event.outcome, Cancelled | Failure):
            self._tend(attempt)
        attempt.end = event
        return attempt.errand is not None and attempt.errand.end is None

    def _tend(self, attempt: Attempt) -> None:
        if attempt.hooked and attempt.verdict is not None and not attempt.tended:
            attempt.tended = True
            attempt.errand = self._send(attempt)


def _in_code(attempt: Attempt, worker: Worker) -> bool:
    sight = worker.look()
    return sight.token == attempt.token and sight.began > 0


def final(attempt: Attempt, event: Ended | Lost) -> Ended | Lost:
    """This end of an attempt, with a note where its `on_cancel` was called elsewhere."""
    said = attempt.errand.end if attempt.errand else None
    if said is None:
        return event
    note = "its on_cancel was called in a process of its own"
    if isinstance(said, Lost):
        note += ", which died"
    elif isinstance(said.outcome, Failure):
        note += f", and failed: {said.outcome.text}"
    usage = msgspec.structs.replace(
        event.usage, notes=(*event.usage.notes, note), log=event.usage.log or said.usage.log
    )
    return msgspec.structs.replace(event, usage=usage)
