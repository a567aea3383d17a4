"""What the engine remembers of alerts: what a turn noticed, which episodes are open, when it must look again."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count
from typing import Final, Literal, NamedTuple, TypeAlias

from segue.engine.machine import Machine
from segue.model.alerts import Alert, AlertKind, Episode
from segue.model.ids import Instant
from segue.model.timing import SlotFacts
from segue.model.why import Why
from segue.schedule.slot import Slot

__all__ = ["Alarm", "LeftOut", "Notice", "OpenEpisode", "Promise", "PromiseKind", "Reminder"]

SILENCE: Final = 86_400_000_000
TOGETHER: Final = 300_000_000
_SHOWN: Final = 20
_QUIET: Final = 3_600_000_000
_MANY: Final = 100


class Notice(NamedTuple):
    """A task that failed or is held, or (`cell` None) a run that ended."""

    machine: Machine
    cell: int | None
    why: Why


class LeftOut(NamedTuple):
    """Slots of a DAG that will not be run by themselves: how many, the first and the last as people write them."""

    dag: str
    total: int
    first: str
    last: str
    reason: str

    @property
    def when(self) -> str:
        """The range that names them."""
        return self.first if self.total == 1 else f"{self.first}..{self.last}"


PromiseKind: TypeAlias = Literal["deadline", "past"]


class Promise(NamedTuple):
    """Something that must be true of a slot at an instant.

    `task` is empty for the run. `chained`: when it has come, the next slot's is looked for. `generation` tells the
    promises of a definition from those of the one before.
    """

    kind: PromiseKind
    dag: str
    task: str
    slot: Slot
    at: Instant
    generation: int
    chained: bool = False


class Reminder(NamedTuple):
    """A task that is held since an instant."""

    machine: Machine
    node: int
    since: Instant


class OpenEpisode:
    """A cause that people have been told of: what happens to it goes on under the same alert."""

    __slots__ = ("begun", "folded", "last", "thing", "written")

    def __init__(self, thing: str, begun: Instant, last: Instant) -> None:
        self.thing, self.begun, self.last, self.written = thing, begun, last, last
        self.folded = 0

    def fold(self, now: Instant) -> bool | None:
        """Something more belongs to it: whether it is told in words, or only noted; None: not even that."""
        self.last = now
        self.folded += 1
        if self.folded > _SHOWN and now - self.written < _QUIET:
            return None
        self.written = now
        return self.folded <= _SHOWN


class Alarm:
    """Everything about alerts that the engine keeps.

    Args:
        episodes: alerts of the last day that are not over.

    Attributes:
        noticed, quarantined, redefined, left_out, late: of this turn.
        begun: what the past owes has been looked at.
        told: (thing, kind) -> the episodes that the snapshot has.
        covered: deadlines that passed before it have been told of.
        holds: task of a run -> since when one is held.
        asked: what waits for the store to say how its slot stands.
        generations: DAG -> that of its promises.
    """

    def __init__(self, episodes: Iterable[Episode] = ()) -> None:
        self.noticed: list[Notice] = []
        self.quarantined: list[str] = []
        self.redefined: dict[str, None] = {}
        self.left_out: list[LeftOut] = []
        self.late: list[tuple[Promise, SlotFacts]] = []
        self.begun = False
        self.told: dict[tuple[str, AlertKind], set[Instant]] = {}
        self.covered = Instant(0)
        self.holds: dict[str, Instant] = {}
        self.asked: dict[tuple[str, tuple[Instant, Instant]], list[Promise]] = {}
        self.generations: dict[str, int] = {}
        self._many = _MANY
        self._open: dict[str, OpenEpisode] = {}
        self._homes: dict[str, str] = {}
        self._recent: dict[str, str] = {}
        self._timers: list[tuple[Instant, int, Promise | Reminder]] = []
        self._serials = count()
        for one in sorted(episodes, key=lambda one: one.last):
            self.told.setdefault((one.thing, one.kind), set()).add(one.episode)
            if one.kind == "failed":
                self._enter(OpenEpisode(one.thing, one.episode, one.last), one.connections)
            elif one.kind == "deadline" and not one.thing:
                self.covered = max(self.covered, one.episode)

    def forget_turn(self) -> None:
        """Let go of what this turn noticed."""
        self.noticed.clear()
        self.quarantined.clear()
        self.redefined.clear()
        self.left_out.clear()
        self.late.clear()

    # ------------------------------------------------------------------------------------------------------ episodes
    def home_of(self, thing: str, connections: Iterable[str], now: Instant) -> OpenEpisode | None:
        """The open episode that what happens to a thing belongs to: its own, or that of a connection a moment ago."""
        found = self._alive(self._homes.get(thing, thing), now)
        if found is not None:
            return found
        for name in connections:
            found = self._alive(self._recent.get(name, ""), now)
            if found is not None and now - found.last <= TOGETHER:
                return found
        return None

    def join(self, thing: str, episode: OpenEpisode) -> None:
        """What happens to a thing belongs to this episode."""
        if thing != episode.thing:
            self._homes[thing] = episode.thing

    def open(self, alert: Alert, now: Instant) -> None:
        """An episode has begun."""
        self._enter(OpenEpisode(alert.thing, alert.episode, now), alert.connections)

    def close(self, thing: str) -> OpenEpisode | None:
        """A thing is good again: its own episode, where it had one."""
        self._homes.pop(thing, None)
        return self._open.pop(thing, None)

    def rename(self, old: str, new: str) -> None:
        """What is known of a DAG goes on under another id."""

        def renamed(thing: str) -> str:
            return new + thing.removeprefix(old) if thing == old or thing.startswith(f"{old}@") else thing

        for episode in self._open.values():
            episode.thing = renamed(episode.thing)
        self._open = {episode.thing: episode for episode in self._open.values()}
        self._homes = {renamed(thing): renamed(home) for thing, home in self._homes.items()}
        self._recent = {name: renamed(thing) for name, thing in self._recent.items()}
        self.told = {(renamed(thing), kind): told for (thing, kind), told in self.told.items()}

    def _enter(self, episode: OpenEpisode, connections: Iterable[str]) -> None:
        if len(self._open) >= self._many:
            self._open = {thing: one for thing, one in self._open.items() if episode.last - one.last <= SILENCE}
            self._homes = {thing: home for thing, home in self._homes.items() if home in self._open}
            self._many = max(_MANY, 2 * len(self._open))
        self._open[episode.thing] = episode
        for name in connections:
            self._recent[name] = episode.thing

    def _alive(self, thing: str, now: Instant) -> OpenEpisode | None:
        found = self._open.get(thing)
        return found if found is not None and now - found.last <= SILENCE else None

    # -------------------------------------------------------------------------------------------------------- timers
    def ring(self, at: Instant, what: Promise | Reminder) -> None:
        """Look at this at an instant."""
        heappush(self._timers, (at, next(self._serials), what))

    def rung(self, now: Instant) -> list[Promise | Reminder]:
        """What is to be looked at now."""
        found = []
        while self._timers and self._timers[0][0] <= now:
            found.append(heappop(self._timers)[2])
        return found

    @property
    def next_at(self) -> Instant | None:
        """When something is to be looked at next."""
        return self._timers[0][0] if self._timers else None
