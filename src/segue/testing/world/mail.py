from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random

from segue.model.events import Asked, Capacity, Event
from segue.testing.world.plan import Fault
from segue.testing.world.script import SECOND
from segue.testing.world.timeline import Timeline

__all__ = ["Mail"]


class Mail:
    """The words of attempts between executor and owner: held back, doubled, in the wrong order, as faults have it.

    Args:
        faults: which are on.
        rng: draws of these.
        timeline: the world's.

    Attributes:
        out: what has arrived and is not acknowledged; on_the_way: what has not arrived yet.
    """

    def __init__(self, faults: frozenset[Fault], rng: Random, timeline: Timeline) -> None:
        self._faults, self._rng, self._timeline = faults, rng, timeline
        self.out: list[Event] = []
        self.on_the_way: list[Event] = []

    def __iter__(self) -> Iterator[Event]:
        return iter((*self.out, *self.on_the_way))

    def put(self, event: Event) -> None:
        """Send a word."""
        if Fault.WITHHELD in self._faults and self._rng.random() < 0.2:
            self.put_later(event, self._rng.randrange(20 * SECOND))
        elif Fault.REORDER in self._faults and self.out and self._rng.random() < 0.4:
            self.out.insert(self._rng.randrange(len(self.out)), event)
        else:
            self.out.append(event)

    def put_later(self, event: Event, delay: int) -> None:
        """Send a word that takes its time."""

        def arrive() -> None:
            if any(event is one for one in self.on_the_way):
                self.on_the_way = [one for one in self.on_the_way if one is not event]
                self.out.append(event)

        self.on_the_way.append(event)
        self._timeline.after(delay, arrive)

    def forget(self, events: Iterable[Event]) -> None:
        """These were acknowledged; with duplication on, some come again later."""
        gone = {id(event): event for event in events}
        self.out = [event for event in self.out if id(event) not in gone]
        for event in gone.values() if Fault.DUPLICATE in self._faults else ():
            # The answer to a question of the same number is waited for before the next, so none of these comes twice.
            again = not isinstance(event, Capacity) and not (isinstance(event, Asked) and event.seq > 1)
            if again and self._rng.random() < 0.1:
                self._timeline.after(self._rng.randrange(60 * SECOND), lambda one=event: self.out.append(one))  # type: ignore[misc]

    def keep(self, which: Callable[[Event], bool]) -> None:
        """Lose all other words."""
        self.out = [event for event in self.out if which(event)]
        self.on_the_way = [event for event in self.on_the_way if which(event)]
