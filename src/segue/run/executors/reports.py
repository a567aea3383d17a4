from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import msgspec

from segue.model.commands import Adopt, Answer
from segue.model.contracts import Clock
from segue.model.events import (
    Asked,
    Cancelled,
    Capacity,
    Ended,
    Event,
    Failure,
    Followed,
    Lost,
    LostCause,
    Outcome,
    Started,
    StateSet,
    Usage,
    Value,
)
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.size import show_bytes
from segue.run.executors.logfile import log_path
from segue.run.executors.veiling import veiled, veiled_question
from segue.run.executors.worker import Attempt, Question, Worker
from segue.run.wire import Ask, Gone, Report

__all__ = ["Reports"]


class Reports:
    """What the executor has to say: it comes again until it is acknowledged, and so long an attempt is known.

    Args:
        clock: stamps what no worker can stamp.

    Attributes:
        attempts: those in the hands of the executor, and those whose end is not yet acknowledged.
        again: how many results of a run came from an attempt that was not the first of its task.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seqs = count(1)
        self.events: list[Event] = []
        self.attempts: dict[AttemptKey, Attempt] = {}
        self.again: dict[RunKey, int] = {}

    def ack(self, events: Iterable[Event]) -> None:
        """These are committed: forget them."""
        known = {id(event) for event in events}
        self.events = [event for event in self.events if not self._forgets(event, known)]

    def capacity(self, workers: int, depth: int, anew: bool = False) -> None:
        """Say how much is taken; `anew`: to an engine that has not heard it yet, before all else."""
        if anew:
            self.events = [event for event in self.events if not isinstance(event, Capacity)]
        self.events.insert(0 if anew else len(self.events), Capacity(workers, depth))

    def started(self, attempt: Attempt, at: Instant) -> None:
        """The attempt's code has been running since `at`."""
        attempt.started = True
        if attempt.of is None:
            self.events.append(Started(attempt.launch.key, attempt.launch.fence, at, _worker_of(attempt)))

    def asked(self, attempt: Attempt, ask: Ask) -> None:
        """The attempt asks something and waits."""
        owner, seq = attempt.of or attempt, next(self._seqs)
        event = _question(owner, seq, Question(attempt, ask))
        if attempt.worker is not None:
            event = veiled_question(event, attempt.worker.veil)
        owner.questions[seq] = Question(attempt, msgspec.structs.replace(ask, what=event.what))
        self.events.append(event)

    def answered(self, answer: Answer) -> Question | None:
        """The question that this answers; what it set is kept from now on."""
        attempt = self.attempts.get(answer.key)
        question = attempt.questions.pop(answer.seq, None) if attempt else None
        if question and answer.yes and isinstance(question.ask.what, StateSet):
            question.attempt.kept[question.ask.what.name] = question.ask.what.value
        return question

    def adopted(self, adopt: Adopt) -> None:
        """Another engine takes over: tell it of an attempt that is gone, ask again what is not answered."""
        attempt = self.attempts.get(adopt.key)
        if attempt is None:
            self.events.append(Lost(adopt.key, adopt.fence, None, self._clock.now(), LostCause.OWNER))
        else:
            self.ask_again(attempt)

    def ask_again(self, attempt: Attempt) -> None:
        """Ask what is not answered and was heard by an engine that is no more."""
        heard = {event.seq for event in self.events if isinstance(event, Asked) and event.key == attempt.launch.key}
        self.events += [_question(attempt, *one) for one in attempt.questions.items() if one[0] not in heard]

    def never(self, key: AttemptKey, fence: bytes) -> Ended:
        """The end of an attempt that never began."""
        return Ended(key, fence, None, self._clock.now(), Cancelled(begun=False))

    def unplaced(self, attempt: Attempt, fault: str) -> Ended:
        """The end of an attempt that no worker could be made for."""
        launch = attempt.launch
        where = f"location {launch.brief.location}: " if launch.brief.location else ""
        return Ended(launch.key, launch.fence, None, self._clock.now(), Failure("interpreter", f"{where}{fault}"))

    def told(self, attempt: Attempt, report: Report) -> Ended | Lost:
        """The end of an attempt as its worker tells it."""
        launch = attempt.launch
        log = str(log_path(launch.key)) if report.said else None
        usage = Usage(
            report.rss, report.cpu, _worker_of(attempt), log, report.notes, report.rows, report.source, report.refused
        )  # fmt: skip
        return _veiled(attempt, Ended(launch.key, launch.fence, report.began, report.at, report.outcome, usage))

    def untold(self, attempt: Attempt, worker: Worker, gone: Gone, cause: LostCause) -> Ended | Lost:
        """The end of an attempt that its worker died with: as was judged before, else it is lost."""
        verdict = attempt.verdict
        if isinstance(verdict, Report):
            return self.told(attempt, verdict)
        launch, sight, now = attempt.launch, worker.look(), self._clock.now()
        began = sight.began_at if sight.token == attempt.token else None
        log = str(log_path(launch.key)) if worker.said() else None
        notes = (f"left {gone.left} processes behind: killed",) if gone.left and not worker.over else ()
        if worker.over and worker.reuse.memory:
            notes = (f"held {show_bytes(worker.over)} of memory, its limit is {show_bytes(worker.reuse.memory)}",)
        usage = Usage(max(gone.rss, worker.over) or None, gone.cpu or None, str(worker.number), log, notes)
        if verdict is None:
            signal, code = (None, None) if cause is LostCause.WORKER else (gone.signal, gone.exit_code)
            return _veiled(attempt, Lost(launch.key, launch.fence, began, now, cause, signal, code, usage))
        outcome: Outcome = Cancelled(begun=began is not None) if isinstance(verdict, Cancelled) else verdict
        return _veiled(attempt, Ended(launch.key, launch.fence, began, now, outcome, usage))

    def ended(self, attempt: Attempt, event: Ended | Lost) -> None:
        """That was the end of the attempt."""
        key = attempt.launch.key
        if key.number > 1 and isinstance(event, Ended) and isinstance(event.outcome, Value | Followed):
            self.again[key.run] = self.again.get(key.run, 0) + 1
        self.events.append(event)

    def _forgets(self, event: Event, known: set[int]) -> bool:
        if id(event) not in known:
            return False
        if isinstance(event, Ended | Lost):
            self.attempts.pop(event.key, None)
        return True


def _question(owner: Attempt, seq: int, question: Question) -> Asked:
    launch, ask = owner.launch, question.ask
    return Asked(launch.key, launch.fence, ask.at, seq, ask.what, _worker_of(question.attempt))


def _veiled(attempt: Attempt, event: Ended | Lost) -> Ended | Lost:
    return event if attempt.worker is None else veiled(event, attempt.worker.veil)


def _worker_of(attempt: Attempt) -> str:
    return str(attempt.worker.number) if attempt.worker else ""
