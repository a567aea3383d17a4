"""The coming time, played in seconds: the real planner and engine, a clock that jumps, attempts that last as recorded.

Nothing is left to chance: what an attempt does is derived from its key and the seed, so that a play can be repeated,
and two plays with different faults differ by these alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from segue.engine.cast import SECOND, Cast, Fate, Faults, Spans, Wish
from segue.engine.core import Engine
from segue.engine.played import PlayedDag, PlayedHour, Record, SlotLedger
from segue.model.changes import Change
from segue.model.commands import Command, Launch
from segue.model.events import Cancelled, Capacity, Ended, Event, Known, Lost, Value
from segue.model.ids import AttemptKey, Instant
from segue.model.images import DagImage, Snapshot
from segue.model.limits import NO_SETTINGS, Limits
from segue.model.value import encode

__all__ = ["Faults", "Month", "Play", "Wish", "play"]

_SECRET: Final = bytes(32)
_NOTHING: Final = Value(encode(None))


@dataclass(frozen=True, slots=True)
class Play:
    """What is played.

    Args:
        dags: as they stand at the beginning.
        start, until: from when to when.
        spans: of each DAG how long attempts of its tasks took, in microseconds.
        workers: how many attempts run at once.
        seed: another one draws other durations and other victims.
        faults: what goes wrong.
        limits: of the settings; `pools` are those that people have set.
        steady: every attempt lasts its task's median; else what is drawn from the spans.
        unknown: what an attempt lasts of a task that has never succeeded.
    """

    dags: tuple[DagImage, ...]
    start: Instant
    until: Instant
    spans: Mapping[str, Spans]
    workers: int = 4
    seed: int = 0
    faults: Faults = Faults()
    limits: Limits = NO_SETTINGS
    pools: tuple[tuple[str, int], ...] = ()
    steady: bool = False
    unknown: int = 60 * SECOND

    def fate(self, made: Value) -> Fate:
        """What decides how its attempts end.

        Args:
            made: what each of them makes, but for its length.
        """
        return Fate(self.until, self.seed, self.faults, self.steady, self.unknown, made)


@dataclass(frozen=True, slots=True)
class Month:
    """What came of it.

    Args:
        dags: by id, each with its runs.
        hours: every one of them.
        attempts: how many there were.
        turns: how often the engine was asked.
        guessed: (DAG, task) of which no duration is known.
    """

    dags: Mapping[str, PlayedDag]
    hours: tuple[PlayedHour, ...]
    attempts: int
    turns: int
    guessed: tuple[tuple[str, str], ...]


def play(what: Play) -> Month:
    """Play it to the end."""
    return _Stage(what).play()


class _Stage:
    def __init__(self, what: Play) -> None:
        self.what = what
        self.engine = Engine(Snapshot(_SECRET, what.dags, pools=what.pools), what.limits, planning=True)
        images = {image.dag: image for image in what.dags}
        self.ledger = SlotLedger(images)
        self.record = Record(images, what.workers, what.start, what.until)
        fate = what.fate(_NOTHING)
        self.casts = {image.dag: Cast(image.version.spec, what.spans.get(image.dag, {}), fate) for image in what.dags}
        self.ends: list[tuple[Instant, int, AttemptKey]] = []
        self.words: dict[AttemptKey, tuple[Instant, Ended | Lost]] = {}
        self.attempts = self.turns = 0

    def play(self) -> Month:
        now = self.what.start
        events: Sequence[Event] = (Capacity(self.what.workers),)
        while now < self.what.until:
            decision = self.engine.step(now, events)
            self.turns += 1
            self._note(decision.changes)
            self._do(now, decision.commands)
            self.record.waiting(now, self.engine.ready)
            if decision.asks:
                events = (Known(tuple(map(self.ledger.facts, decision.asks))),)
                continue
            if decision.wake_at is None or decision.wake_at > now or not decision.changes:
                now = self._next(now, decision.wake_at)
            events = self._said(now)
        guessed = tuple((dag, task) for dag, cast in self.casts.items() for task in cast.guessed)
        return Month(self.record.dags(), self.record.hours(), self.attempts, self.turns, guessed)

    def _note(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self.ledger.take(change)
            self.record.take(change)

    def _next(self, now: Instant, wake_at: Instant | None) -> Instant:
        """When something happens next; a turn that was in vain is not repeated at the same instant."""
        said = self.ends[0][0] if self.ends else self.what.until
        if said <= now:
            return now
        return Instant(max(min(said, self.what.until, said if wake_at is None else wake_at), now + 1))

    def _do(self, now: Instant, commands: Iterable[Command]) -> None:
        """Begin attempts, and stop them at once; a play begins with nothing, so nothing else is ever asked for."""
        for command in commands:
            if isinstance(command, Launch):
                self.attempts += 1
                self._say(now, self.casts[command.key.run.dag].plays(command, now))
            else:
                began, word = self.words[command.key]
                self._say(began, Ended(word.key, word.fence, began, now, Cancelled()))

    def _say(self, began: Instant, word: Ended | Lost) -> None:
        self.words[word.key] = (began, word)
        heappush(self.ends, (word.at, self.attempts, word.key))

    def _said(self, now: Instant) -> Sequence[Event]:
        said: list[Event] = []
        while self.ends and self.ends[0][0] <= now:
            at, _, key = heappop(self.ends)
            began, word = self.words.get(key, (at, None))
            if word is not None and word.at == at:  # else it was stopped before
                del self.words[key]
                self.record.busy(began, at)
                said.append(word)
        return said
