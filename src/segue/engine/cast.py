"""What the attempts of a play do: how long each lasts and how it ends, derived from its key and a seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Final, NamedTuple, TypeAlias

from segue.engine.forecast import estimate, quantile
from segue.model.commands import Launch
from segue.model.events import Ended, Failure, Followed, Lost, LostCause, Value
from segue.model.ids import AttemptKey, Instant
from segue.model.spec import DagSpec

__all__ = ["SECOND", "Cast", "Faults", "Fate", "Spans", "Wish", "share"]

SECOND: Final = 1_000_000

Spans: TypeAlias = Mapping[str, Sequence[int]]


class Wish(NamedTuple):
    """A fault that is asked for.

    Args:
        pattern: a glob on `task` or `dag/task`.
        much: a factor, or a probability.
        last: only attempts that begin in the last so many microseconds of the play; 0: all.
    """

    pattern: str
    much: float
    last: int = 0


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong: attempts last so many times as long, die, or fail, with a probability."""

    slow: tuple[Wish, ...] = ()
    kill: tuple[Wish, ...] = ()
    fail: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True)
class Fate:
    """What decides how attempts end.

    Args:
        until: the end of the play.
        seed: another one draws other durations and other victims.
        faults: what goes wrong.
        steady: every attempt lasts its task's median; else what is drawn from the spans.
        unknown: what an attempt lasts of a task that has never succeeded, in microseconds.
        made: what an attempt makes, but for its length.
    """

    until: Instant
    seed: int
    faults: Faults
    steady: bool
    unknown: int
    made: Value


class Cast:
    """What the attempts of one DAG do.

    Args:
        spec: the DAG.
        spans: how long attempts of its tasks took, in microseconds.
        fate: what decides the rest.

    Attributes:
        spans: how long they last, before what slows them down at last.
        guessed: the tasks of which no duration is known.
    """

    def __init__(self, spec: DagSpec, spans: Spans, fate: Fate) -> None:
        self._fate = fate
        self.guessed = tuple(task.id for task in spec.tasks if not spans.get(task.id))
        known = {task.id: sorted(spans.get(task.id, ())) or [fate.unknown] for task in spec.tasks}
        self.spans = {task: [self._slowed(f"{spec.id}/{task}", one) for one in some] for task, some in known.items()}
        self._lengths = _lengths(spec, spans)
        self._below: dict[str, list[str]] = defaultdict(list)
        for task in spec.tasks:
            for up in task.upstream:
                self._below[up].append(task.id)

    def plays(self, launch: Launch, now: Instant) -> Ended | Lost:
        """How an attempt ends that begins now.

        Args:
            launch: of a task of this DAG.
            now: when its code begins.
        """
        key, rules, faults = launch.key, launch.task.rules, self._fate.faults
        made = self._fate.made
        if launch.kind != "user":
            return Ended(key, launch.fence, now, Instant(now + SECOND), made)
        lasts = self._lasts(key, now)
        if self._meets(faults.kill, key, now, "kill"):
            at = Instant(now + int(lasts * self._share(key, "when")))
            return Lost(key, launch.fence, now, at, LostCause.SIGNAL, signal=9)
        if rules.timeout is not None and lasts > rules.timeout:
            late = Failure("timeout", "it reached its timeout")
            return Ended(key, launch.fence, now, Instant(now + rules.timeout), late)
        at = Instant(now + lasts)
        if self._meets(faults.fail, key, now, "fail"):
            return Ended(key, launch.fence, now, at, Failure("Simulated", "this failure is simulated"))
        value = Value(made.inline, length=self._lengths.get(key.task))
        if launch.task.kind == "branch":
            return Ended(key, launch.fence, now, at, Followed(tuple(self._below[key.task]), value))
        return Ended(key, launch.fence, now, at, value)

    def _lasts(self, key: AttemptKey, now: Instant) -> int:
        spans = self.spans[key.task]
        lasts = quantile(spans, 50) if self._fate.steady else spans[int(len(spans) * self._share(key, "lasts"))]
        return self._slowed(_name(key), lasts, now)

    def _slowed(self, name: str, lasts: int, now: Instant | None = None) -> int:
        """By the faults of the whole play, or by those of its last time that have begun."""
        for wish in self._fate.faults.slow:
            if bool(wish.last) == (now is not None) and self._fits(wish, name, now or self._fate.until):
                lasts = int(lasts * wish.much)
        return lasts

    def _meets(self, wishes: Sequence[Wish], key: AttemptKey, now: Instant, what: str) -> bool:
        return any(self._fits(wish, _name(key), now) and self._share(key, what) < wish.much for wish in wishes)

    def _fits(self, wish: Wish, name: str, now: Instant) -> bool:
        of = name if "/" in wish.pattern else name.partition("/")[2]
        return (not wish.last or now >= self._fate.until - wish.last) and fnmatchcase(of, wish.pattern)

    def _share(self, key: AttemptKey, what: str) -> float:
        return share(self._fate.seed, what, str(key))


def _name(key: AttemptKey) -> str:
    return f"{key.run.dag}/{key.task}"


def share(seed: int, what: str, of: str) -> float:
    """A number in [0, 1), the same for the same words and seed."""
    text = f"{seed} {what} {of}"
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big") / 2**48


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
