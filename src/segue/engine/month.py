"""The coming time, played in seconds: the real planner and engine, a clock that jumps, attempts that last as recorded.

Nothing is left to chance: what an attempt does is derived from its key and the seed, so that a play can be repeated,
and two plays with different faults differ by these alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from heapq import heappop, heappush
from typing import Final, TypeAlias

from segue.engine.core import Engine
from segue.engine.forecast import estimate, quantile
from segue.engine.played import PlayedDag, PlayedHour, Record, SlotLedger
from segue.model.changes import Change
from segue.model.commands import Command, Launch
from segue.model.events import Cancelled, Capacity, Ended, Event, Failure, Followed, Known, Lost, LostCause, Value
from segue.model.ids import AttemptKey, Instant
from segue.model.images import DagImage, Snapshot
from segue.model.limits import NO_SETTINGS, Limits
from segue.model.spec import DagSpec
from segue.model.value import encode

__all__ = ["Faults", "Month", "Play", "play"]

SECOND: Final = 1_000_000
_SECRET: Final = bytes(32)
_NOTHING: Final = encode(None)

Spans: TypeAlias = Mapping[str, Sequence[int]]
Wished: TypeAlias = tuple[tuple[str, float], ...]
"""(glob on `task` or `dag/task`, how much)."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong: attempts last so many times as long, die, or fail, with a probability."""

    slow: Wished = ()
    kill: Wished = ()
    fail: Wished = ()


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
        self.casts = {image.dag: _Cast(image.version.spec, what) for image in what.dags}
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


class _Cast:
    """What the attempts of one DAG do."""

    def __init__(self, spec: DagSpec, what: Play) -> None:
        self.spec, self.what = spec, what
        self.spans = {task.id: sorted(what.spans.get(spec.id, {}).get(task.id, ())) for task in spec.tasks}
        self.guessed = tuple(task for task, spans in self.spans.items() if not spans)
        self.lengths = _lengths(spec, what.spans.get(spec.id, {}))
        self.below: dict[str, list[str]] = defaultdict(list)
        for task in spec.tasks:
            for up in task.upstream:
                self.below[up].append(task.id)

    def plays(self, launch: Launch, now: Instant) -> Ended | Lost:
        key, rules = launch.key, launch.task.rules
        if launch.kind != "user":
            return Ended(key, launch.fence, now, Instant(now + SECOND), Value(_NOTHING))
        lasts = self._lasts(key)
        if self._meets(self.what.faults.kill, key, "kill"):
            at = Instant(now + int(lasts * self._share(key, "when")))
            return Lost(key, launch.fence, now, at, LostCause.SIGNAL, signal=9)
        if rules.timeout is not None and lasts > rules.timeout:
            late = Failure("timeout", "it reached its timeout")
            return Ended(key, launch.fence, now, Instant(now + rules.timeout), late)
        at = Instant(now + lasts)
        if self._meets(self.what.faults.fail, key, "fail"):
            return Ended(key, launch.fence, now, at, Failure("Played", "it fails in this play"))
        value = Value(_NOTHING, length=self.lengths.get(key.task))
        if launch.task.kind == "branch":
            return Ended(key, launch.fence, now, at, Followed(tuple(self.below[key.task]), value))
        return Ended(key, launch.fence, now, at, value)

    def _lasts(self, key: AttemptKey) -> int:
        spans = self.spans.get(key.task, ())
        if not spans:
            lasts = self.what.unknown
        elif self.what.steady:
            lasts = quantile(spans, 50)
        else:
            lasts = spans[int(len(spans) * self._share(key, "lasts"))]
        for pattern, factor in self.what.faults.slow:
            if _fits(pattern, key):
                lasts = int(lasts * factor)
        return lasts

    def _meets(self, wished: Wished, key: AttemptKey, what: str) -> bool:
        return any(_fits(pattern, key) and self._share(key, what) < often for pattern, often in wished)

    def _share(self, key: AttemptKey, what: str) -> float:
        """A number in [0, 1), the same for the same attempt and seed."""
        text = f"{self.what.seed} {what} {key}"
        return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big") / 2**48


def _fits(pattern: str, key: AttemptKey) -> bool:
    return fnmatchcase(f"{key.run.dag}/{key.task}" if "/" in pattern else key.task, pattern)


def _lengths(spec: DagSpec, spans: Spans) -> dict[str, int]:
    """How many items the lists have that tasks map over, by the task that makes them."""
    items = {one.task: one.items for one in estimate(spec, spans).tasks}
    lengths: dict[str, int] = {}
    for task in spec.tasks:
        if task.mapped is None:
            continue
        lists = [over.task for over in task.mapped.over if over.task is not None]
        for place, producer in enumerate(lists):
            whole = place == 0 or task.mapped.mode == "zip"
            lengths[producer] = items[task.id] if whole else 1
    return lengths
