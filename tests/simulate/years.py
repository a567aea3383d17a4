"""Years of an owner's life in seconds: the engine, a store in memory, and tasks that succeed at once.

An owner may die at any turn, before or after its commit; the next one goes on from what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from segue.engine.core import Engine
from segue.model.acts import Act
from segue.model.changes import Answered, Change, RunCreated
from segue.model.commands import Adopt, Launch
from segue.model.definition import Defined, Definition
from segue.model.events import Capacity, Ended, Event, Request, Value
from segue.model.ids import Instant
from segue.model.images import RunRow
from segue.model.moment import parse_moment
from segue.model.spec import DagSpec, TaskSpec, spec_digest
from segue.schedule.timetable import Timetable
from segue.store.memory import MemoryReader, MemoryStore, MemoryWriter

__all__ = ["DAY", "HOUR", "MINUTE", "SECOND", "Life", "at", "timed"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
GOOD = Value(b"v")


def at(text: str, zone: str = "UTC") -> Instant:
    """An instant as people write it."""
    return parse_moment(text, zone)


def timed(timetable: Timetable, *tasks: TaskSpec, id: str = "d", **options: object) -> DagSpec:
    """A DAG under a timetable; one task where none is given."""
    return DagSpec(id, tasks or (TaskSpec("t"),), schedule=timetable.to_data(), file=f"{id}.py", **options)


class Life:
    """One owner after another.

    Args:
        now: when the first begins.
        dies: asked before every commit and after it, with the number of the turn: whether the owner dies there.
        lasts: microseconds that every attempt lasts.

    Attributes:
        changes: all that was committed; made: the runs among it.
    """

    def __init__(
        self, now: Instant, dies: Callable[[int, str], bool] = lambda turn, where: False, lasts: int = 0
    ) -> None:
        self.store = MemoryStore(bytes(range(32)))
        self.writer, self.reader = MemoryWriter(self.store), MemoryReader(self.store)
        self.now, self.dies, self.lasts = now, dies, lasts
        self.changes: list[Change] = []
        self.made: list[RunRow] = []
        self.heard: list[tuple[int, Event]] = []
        self.turns = self.names = self.deaths = 0
        self.begin()

    def begin(self) -> None:
        """The next owner begins."""
        self.epoch = self.writer.lease().epoch
        self.engine = Engine(self.writer.snapshot(None), planning=True)
        self.asks: Sequence[object] = ()
        self.wake_at: int | None = self.now
        self.heard = [
            (self.now, Capacity(100)),
            *((at, one) for at, one in self.heard if isinstance(one, Request | Defined)),
        ]
        self._carry_out(self.engine.outstanding())

    def define(self, spec: DagSpec, *, confirmed: bool = False) -> None:
        """Its file has been read."""
        definition = self.writer.known(Definition(spec, spec_digest(spec), "", "b"))
        self.say(Defined("", spec.file, (definition,), confirmed=confirmed))

    def ask(self, act: Act) -> Answered:
        """Ask for something, and wait for the answer."""
        self.names += 1
        name = f"r{self.names}"
        self.say(Request(name, "ana", act))
        return next(one for one in reversed(self.changes) if isinstance(one, Answered) and one.request == name)

    def say(self, event: Event) -> None:
        """Something happens now; all that follows at once follows."""
        self.heard.append((self.now, event))
        self.wait(0)

    def wait(self, microseconds: int) -> None:
        """Let so much time pass."""
        until = self.now + microseconds
        while (following := self._next()) is not None and following <= until:
            self.now = Instant(max(self.now, following))
            self.turn()
        self.now = Instant(max(self.now, until))

    def _next(self) -> int | None:
        instants = [when for when, _ in self.heard] + ([self.now] if self.asks else [])
        return min((*instants, *(() if self.wake_at is None else (self.wake_at,))), default=None)

    def turn(self) -> None:
        """One turn, in which the owner may die."""
        self.turns += 1
        due = [one for when, one in self.heard if when <= self.now]
        events = [
            Request(one.id, one.actor, one.act, self.writer.facts(one.act, one.id)) if isinstance(one, Request) else one
            for one in due
        ]  # fmt: skip
        known = [self.writer.look(self.asks)] if self.asks else []  # type: ignore[arg-type]
        decision = self.engine.step(self.now, [*known, *events])
        if self.dies(self.turns, "before"):
            self._die()
            return
        with self.writer.transaction(self.epoch) as transaction:
            transaction.apply(decision.changes)
        self.changes += decision.changes
        self.made += [one.row for one in decision.changes if isinstance(one, RunCreated)]
        self.heard = [(when, one) for when, one in self.heard if when > self.now]
        if self.dies(self.turns, "after"):
            self._die()
            return
        self.asks, self.wake_at = decision.asks, decision.wake_at
        self._carry_out(decision.commands)

    def _carry_out(self, commands: Sequence[object]) -> None:
        for command in commands:
            if isinstance(command, Launch | Adopt):
                end = self.now + self.lasts
                self.heard.append((end, Ended(command.key, command.fence, self.now, Instant(end), GOOD)))

    def _die(self) -> None:
        self.deaths += 1
        self.begin()
