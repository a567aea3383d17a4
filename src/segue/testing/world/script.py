"""What happens to attempts, as a function of names: one seed fixes it, whatever else the world contains.

Each draw has a generator of its own, seeded with the world's seed and the name of the thing drawn for. So a shrunk
world, which has fewer tasks or fewer faults, keeps the behaviour of what is left. `ending` depends on nothing but the
task, its round and its failures before; the oracle plays the same endings without engine, store or crashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Final

from segue.model.events import Failure, Followed, Held, LostCause, Outcome, Skipped, Value
from segue.model.ids import AttemptKey, TaskKey
from segue.model.spec import TaskSpec

__all__ = ["CANARY", "LEAK", "SECOND", "Odds", "Script", "Told", "value_of"]

SECOND = 1_000_000
CANARY = "kanarie-9f1c/7?b"
"""The secret of these worlds."""
LEAK = Failure("unstorable", "its result contains a secret", retryable=False)
LONGEST: Final = 40 * SECOND


@dataclass(frozen=True, slots=True)
class Odds:
    """How unlucky the tasks of a world are: shares of attempts, each between 0 and 1.

    Args:
        fail: an exception that may be retried.
        hard: one that may not.
        ask: one that names its own delay.
        skip: ends as skipped.
        hang: runs into its timeout, where it has one.
        poison: kills its process every time.
        cursed: every worker it gets is stopped.
        lost: attempts that die by accident, until the budget of a task is spent.
        slow: lasts seconds instead of milliseconds; longest: how many microseconds at most.
        empty: results of zero rows.
        leak: results that contain the secret of their task, where it has one.
        keeps: attempts that keep a small value.
        unpublished: publications that fail and may be tried again.
    """

    fail: float = 0.1
    hard: float = 0.03
    ask: float = 0.03
    skip: float = 0.04
    hang: float = 0.2
    poison: float = 0.02
    cursed: float = 0.01
    lost: float = 0.1
    slow: float = 0.3
    longest: int = LONGEST
    empty: float = 0.0
    leak: float = 0.0
    keeps: float = 0.0
    unpublished: float = 0.0


def value_of(key: TaskKey, round: int, tries: int, length: int | None) -> Value:
    """The value that a task gives in this round after so many failures: another one each time."""
    text = f"{key} round {round} try {tries}".encode()
    return Value(inline=text, length=length, digest=blake2b(text, digest_size=8).digest())


class Script:
    """Draws what happens to every attempt of one world.

    Args:
        seed: of the world.
        odds: how unlucky its tasks are.
        listed: (DAG, task) of every task whose result something maps over.
        below: (DAG, task) to its direct downstream.
    """

    def __init__(
        self, seed: int, odds: Odds, listed: frozenset[tuple[str, str]], below: dict[tuple[str, str], tuple[str, ...]]
    ) -> None:
        self._seed, self.odds, self._listed, self._below = seed, odds, listed, below

    def rng(self, *name: object) -> Random:
        """The generator of one name."""
        return Random(f"{self._seed}/{'/'.join(map(str, name))}")

    def ending(self, key: TaskKey, task: TaskSpec, round: int, tries: int) -> Outcome | LostCause:
        """How this try ends if no accident stops it; the cause where it never says a word."""
        fate = self.rng("fate", key).random()
        if fate < self.odds.poison + self.odds.cursed:
            return LostCause.SIGNAL if fate < self.odds.poison else LostCause.WORKER
        odds, draw = self.odds, self.rng("ending", key, round, tries)
        luck = draw.random()
        for share, outcome in (
            (odds.fail, Failure("ValueError", "drawn: may be retried")),
            (odds.hard, Failure("Fail", "drawn: may not be retried", retryable=False)),
            (odds.ask, Failure("RetryAfter", "drawn", retry_after=draw.randrange(90) * SECOND)),
            (odds.hang if task.rules.timeout is not None else 0.0, Failure("timeout", "ran too long")),
            (odds.skip, Skipped("drawn")),
            (odds.leak if task.rules.secrets else 0.0, LEAK),
        ):
            if luck < share:
                return outcome
            luck -= share
        return self._success(key, task, round, tries, draw)

    def guarded(self, key: TaskKey, outcome: Value, round: int, tries: int) -> Held | None:
        """What the guard of a task makes of this result where it holds what is empty; None where it is not."""
        draw = self.rng("rows", key, round, tries)
        if draw.random() >= self.odds.empty:
            return None
        staged = f"staged {key} {round} {tries}".encode() if draw.random() < 0.7 else b""
        return Held("empty", "0 rows", outcome, staged)

    def keeps(self, key: AttemptKey) -> tuple[tuple[str, str], ...]:
        """The small values that an attempt keeps, in order."""
        draw = self.rng("keeps", key)
        if draw.random() >= self.odds.keeps:
            return ()
        return tuple((draw.choice(("job", "mark")), f"{key.number}-{at}") for at in range(draw.randint(1, 2)))

    def errand(self, key: AttemptKey, kind: str) -> Outcome | LostCause:
        """How an attempt to publish, or of a hook, ends."""
        draw = self.rng(kind, key)
        luck = draw.random()
        if luck < self.odds.unpublished:
            return Failure("OSError", "drawn: the storage does not answer")
        if kind == "hook" and luck < 0.4:
            return LostCause.SIGNAL if draw.random() < 0.5 else Failure("ValueError", "drawn")
        return Value()

    def _success(self, key: TaskKey, task: TaskSpec, round: int, tries: int, draw: Random) -> Outcome:
        length = None
        if (key.run.dag, key.task) in self._listed:
            length = 3 if draw.random() < 0.7 else draw.randrange(7)
        value = value_of(key, round, tries, length)
        if task.kind == "branch":
            below = self._below.get((key.run.dag, key.task), ())
            return Followed(tuple(name for name in below if draw.random() < 0.6), value)
        if task.kind == "short_circuit" and draw.random() < 0.5:
            return Followed((), value)
        return value

    def duration(self, key: AttemptKey, timeout: int | None, hangs: bool) -> int:
        """Microseconds from the code's first instant to its end."""
        if hangs and timeout is not None:
            return timeout
        draw = self.rng("duration", key)
        longest = draw.randrange(1, self.odds.longest if draw.random() < self.odds.slow else SECOND // 5)
        return longest if timeout is None else min(longest, timeout)

    def loss_budget(self, key: TaskKey, task: TaskSpec, round: int) -> int:
        """How many attempts of this task may die by accident in this round without spending its own limit."""
        return min(task.rules.retry.lost, self.rng("budget", key, round).randrange(3))


class Told(Script):
    """A script that is written out: what each try of a task comes to; a task that is not named succeeds.

    Args:
        endings: task id to the outcomes of its tries, over all rounds; the last one stands for all that follow.
        seconds: task id to how long its code runs; 1 s where it is not named.
    """

    def __init__(self, endings: Mapping[str, Sequence[Outcome]], seconds: Mapping[str, float] | None = None) -> None:
        super().__init__(0, Odds(poison=0.0, cursed=0.0, lost=0.0), frozenset(), {})
        self._endings, self._seconds = endings, seconds or {}
        self._told: dict[tuple[TaskKey, int, int], Outcome] = {}

    def ending(self, key: TaskKey, task: TaskSpec, round: int, tries: int) -> Outcome:
        """The next outcome that was written for the task."""
        place = key, round, tries
        if place not in self._told:
            past = sum(known == key for known, _, _ in self._told)
            written = self._endings.get(task.id) or [value_of(key, round, tries, None)]
            self._told[place] = written[min(past, len(written) - 1)]
        return self._told[place]

    def duration(self, key: AttemptKey, timeout: int | None, hangs: bool) -> int:
        """Microseconds that the code runs."""
        return int(self._seconds.get(key.task, 1.0) * SECOND)
