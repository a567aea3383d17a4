from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

from segue.model.commands import Adopt, Answer, Cancel, Command, Kill, Launch
from segue.model.contracts import Clock, Inbox
from segue.model.events import Asked, Cancelled, Capacity, Ended, Event, Lost, LostCause, MayStart, Outcome
from segue.model.ids import AttemptKey

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """Runs attempts in the caller's thread, one in each `wait`: no timeouts, no capture. For `segue.testing`.

    Args:
        perform: runs one attempt to its outcome; it does not raise.
        clock: stamps its beginning and end.
    """

    def __init__(self, perform: Callable[[Launch], Outcome], clock: Clock) -> None:
        self._perform, self._clock = perform, clock
        self._waiting: dict[AttemptKey, Launch] = {}
        self._asking: dict[AttemptKey, Launch] = {}
        self._ended: set[AttemptKey] = set()
        self._events: list[Event] = []

    def do(self, commands: Iterable[Command]) -> None:
        """Note commands down. Never blocks."""
        for command in commands:
            match command:
                case Launch():
                    self._launch(command)
                case Cancel(key, fence) | Kill(key, fence):
                    self._drop(key, fence)
                case Answer(key, _, yes):
                    self._answer(key, yes)
                case Adopt():
                    self._adopt(command)
                case _:
                    assert_never(command)

    def poll(self) -> Sequence[Event]:
        """All that is not yet acknowledged, oldest first. Never blocks."""
        return tuple(self._events)

    def ack(self, events: Iterable[Event]) -> None:
        """These are committed: forget them."""
        known = {id(event) for event in events}
        self._ended -= {one.key for one in self._events if id(one) in known and isinstance(one, Ended | Lost)}
        self._events = [event for event in self._events if id(event) not in known]

    def barrier(self) -> None:
        """Nothing of an earlier life can be left, there are no processes; a new engine has to hear the capacity."""
        self._events.insert(0, Capacity(1))

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """Run the next attempt, unless `poll` has something; else let the time pass."""
        if not self._events and self._waiting:
            launch = self._waiting.pop(next(iter(self._waiting)))
            began = self._clock.now()
            outcome = self._perform(launch)
            self._end(Ended(launch.key, launch.fence, began, self._clock.now(), outcome))
        elif not self._events and not poked.poll():
            self._clock.sleep(0.01 if seconds is None else seconds)

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._asking.clear()

    def _launch(self, launch: Launch) -> None:
        key = launch.key
        if key in self._waiting or key in self._asking or key in self._ended:
            return
        if launch.task.rules.idempotent or launch.kind != "user":
            self._waiting[key] = launch
        else:
            self._asking[key] = launch
            self._ask(launch)

    def _ask(self, launch: Launch) -> None:
        self._events.append(Asked(launch.key, launch.fence, self._clock.now(), 1, MayStart()))

    def _answer(self, key: AttemptKey, yes: bool) -> None:
        if not yes and key in self._asking:
            self._drop(key, b"")
        elif key in self._asking:
            self._waiting[key] = self._asking.pop(key)

    def _drop(self, key: AttemptKey, fence: bytes) -> None:
        launch = self._waiting.pop(key, None) or self._asking.pop(key, None)
        if key not in self._ended:
            fence = fence if launch is None else launch.fence
            self._end(Ended(key, fence, None, self._clock.now(), Cancelled(begun=False)))

    def _adopt(self, adopt: Adopt) -> None:
        if adopt.key in self._asking:
            self._ask(self._asking[adopt.key])
        elif adopt.key not in self._waiting and adopt.key not in self._ended:
            self._end(Lost(adopt.key, adopt.fence, None, self._clock.now(), LostCause.OWNER))

    def _end(self, event: Ended | Lost) -> None:
        self._ended.add(event.key)
        self._events.append(event)
