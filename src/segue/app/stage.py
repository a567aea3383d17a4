"""What the loop is surrounded by in a play: a clock that jumps, an inbox with a plan, workers that run nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

import msgspec

from segue.app.likeness import usage_of, write_log
from segue.engine.cast import SECOND, Cast
from segue.model.changes import Answered, Change
from segue.model.commands import Cancel, Command, Kill, Launch
from segue.model.contracts import Inbox
from segue.model.events import Cancelled, Capacity, Ended, Event, Lost, Request, Started, Value
from segue.model.ids import AttemptKey, Instant

__all__ = ["Actor", "StageClock", "StageExecutor", "StageInbox"]

_STARTING: Final = 3_000  # microseconds from a launch to the code


class StageClock:
    """A clock that goes only where it is set to."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        """The present, in microseconds UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.set(Instant(self._now + round(seconds * SECOND)))

    def set(self, at: Instant) -> None:
        """Go to an instant; never back."""
        self._now = max(self._now, at)


class StageInbox:
    """Gives what was planned when its time has come.

    Args:
        clock: the stage's.
    """

    def __init__(self, clock: StageClock) -> None:
        self._clock = clock
        self._planned: list[tuple[Instant, int, Callable[[], Event]]] = []
        self._waiting: list[Event] = []

    def plan(self, at: Instant, event: Callable[[], Event]) -> None:
        """Have an event made and given at an instant."""
        heappush(self._planned, (at, len(self._planned), event))

    def post(self, event: Event) -> None:
        """Give an event in the next turn."""
        self._waiting.append(event)

    @property
    def next(self) -> Instant | None:
        """When it has something next."""
        if self._waiting:
            return self._clock.now()
        return self._planned[0][0] if self._planned else None

    @property
    def busy(self) -> bool:
        """Something has not been answered."""
        return bool(self._waiting)

    def poll(self) -> Sequence[Event]:
        """All that is not acknowledged."""
        while self._planned and self._planned[0][0] <= self._clock.now():
            self._waiting.append(heappop(self._planned)[2]())
        return list(self._waiting)

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        """Forget what is committed; a request only with its answer."""
        answered = {change.request for change in changes if isinstance(change, Answered)}
        done = [one for one in events if not isinstance(one, Request) or one.id in answered]
        names = {one.id for one in done if isinstance(one, Request)}
        self._waiting = [
            one for one in self._waiting if one not in done and not (isinstance(one, Request) and one.id in names)
        ]

    def fileno(self) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who plays the attempts of one DAG.

    Args:
        cast: says how they end.
        lasts: how long a run takes at most, more or less, in microseconds.
    """

    cast: Cast
    lasts: int


@dataclass(slots=True)
class _Playing:
    launch: Launch
    worker: int
    word: Started | Ended | Lost
    began: Instant


class StageExecutor:
    """Runs attempts that do nothing and end as they are cast.

    What a run that goes on after the play would need of tasks played before it does not exist. So where a run cannot
    come to its end in the play its first tasks do not end either: they are taken up again by the owner that is next.

    Args:
        clock: the stage's.
        actors: by DAG.
        workers: how many attempts run at once.
        until: the end of the play.
        seed: of the play.
        logs: the folder of logs.

    Attributes:
        attempts: how many there were.
    """

    def __init__(
        self, clock: StageClock, actors: Mapping[str, Actor], workers: int, until: Instant, seed: int, logs: Path
    ) -> None:
        self._clock, self._actors, self._until, self._seed, self._logs = clock, actors, until, seed, logs
        self._free = [*range(1, workers + 1)]
        self._due: list[tuple[Instant, AttemptKey]] = []
        self._playing: dict[AttemptKey, _Playing] = {}
        self._said: list[Event] = [Capacity(workers)]
        self.attempts = 0

    def do(self, commands: Iterable[Command]) -> None:
        """Begin attempts, and stop them at once."""
        for command in commands:
            if isinstance(command, Launch):
                self._launch(command)
            elif isinstance(command, Cancel | Kill) and command.key in self._playing:
                playing, now = self._playing[command.key], self._clock.now()
                began = playing.began if playing.began <= now else None
                self._end(playing, Ended(command.key, playing.launch.fence, began, now, Cancelled(began is not None)))

    def poll(self) -> Sequence[Event]:
        """All that is not acknowledged."""
        while self._due and self._due[0][0] <= self._clock.now():
            at, key = heappop(self._due)
            playing = self._playing.get(key)
            if playing is None or playing.word.at != at:
                continue  # it was stopped before
            if isinstance(playing.word, Started):
                self._begin(playing, playing.word)
            else:
                self._end(playing, playing.word)
        return list(self._said)

    def ack(self, events: Iterable[Event]) -> None:
        """Forget what is committed."""
        gone = set(map(id, events))
        self._said = [one for one in self._said if id(one) not in gone]

    def barrier(self) -> None:
        """There was no owner before."""

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """Let time pass until something happens, or for so long."""
        now = self._clock.now()
        ends = [self._until, now if self._said else None, self._due[0][0] if self._due else None]
        ends += [None if seconds is None else Instant(now + max(1, round(seconds * SECOND)))]
        ends += [poked.next if isinstance(poked, StageInbox) else None]
        self._clock.set(min(end for end in ends if end is not None))

    def close(self) -> None:
        """Nothing is held."""

    # ------------------------------------------------------------------------------------------------------ attempts
    def _launch(self, launch: Launch) -> None:
        began = Instant(self._clock.now() + _STARTING)
        started = Started(launch.key, launch.fence, began, str(self._free[0]))
        self._playing[launch.key] = _Playing(launch, self._free.pop(0), started, began)
        heappush(self._due, (began, launch.key))
        self.attempts += 1

    def _begin(self, playing: _Playing, started: Started) -> None:
        launch, actor = playing.launch, self._actors[playing.launch.key.run.dag]
        self._said.append(started)
        word = actor.cast.plays(launch, started.at)
        first = launch.kind == "user" and not launch.task.upstream
        made = isinstance(word, Ended) and isinstance(word.outcome, Value)
        if word.at >= self._until or (first and made and started.at + actor.lasts > self._until):
            write_log(self._logs, launch, started.at, None)
        else:
            playing.word = word
            heappush(self._due, (word.at, launch.key))

    def _end(self, playing: _Playing, word: Ended | Lost) -> None:
        launch = playing.launch
        said = msgspec.structs.replace(word, usage=usage_of(launch, word, playing.worker, self._seed))
        write_log(self._logs, launch, playing.began, said)
        self._said.append(said)
        del self._playing[launch.key]
        self._free.append(playing.worker)
