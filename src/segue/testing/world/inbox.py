"""People and the definition child, as an inbox: what is not acknowledged when the owner dies is asked again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segue.model.changes import Change
from segue.model.events import Defined, Event, Request
from segue.testing.world.ledger import Ledger, Violation
from segue.testing.world.script import SECOND
from segue.testing.world.timeline import Timeline

__all__ = ["ScriptedInbox"]


class ScriptedInbox:
    """Holds what was sent until it is acknowledged.

    Args:
        timeline: the world's.
        ledger: what is committed.

    Attributes:
        acknowledged: ids of requests whose sender was answered.
    """

    def __init__(self, timeline: Timeline, ledger: Ledger) -> None:
        self._timeline, self._ledger = timeline, ledger
        self._waiting: list[Event] = []
        self._unheard: list[Event] = []
        self.acknowledged: set[str] = set()

    def send(self, event: Request | Defined) -> None:
        """Somebody asks, and asks again until he is answered."""
        self._waiting.append(event)

    def poll(self) -> Sequence[Event]:
        """All that was not acknowledged."""
        return list(self._waiting)

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        """Answer who waits.

        Raises:
            Violation: a request is acknowledged, but no answer is durable.
        """
        for event in events:
            if isinstance(event, Request):
                if event.id not in self._ledger.answers:
                    raise Violation("I28", f"request {event.id} is acknowledged, no answer is stored")
                self.acknowledged.add(event.id)
            name = _name(event)
            self._waiting = [one for one in self._waiting if _name(one) != name]

    def fileno(self) -> int | None:
        """There is none."""
        return None

    def owner_died(self) -> None:
        """The connections are gone; everybody asks again after a second."""
        unheard, self._waiting = self._waiting, []
        self._unheard += unheard

        def again() -> None:
            waiting, self._unheard = self._unheard, []
            self._waiting += waiting

        if unheard:
            self._timeline.after(SECOND, again)

    @property
    def busy(self) -> bool:
        """Somebody waits for an answer."""
        return bool(self._waiting or self._unheard)


def _name(event: Event) -> object:
    match event:
        case Request():
            return "request", event.id
        case Defined():
            return "file", event.location, event.file
        case _:
            return id(event)
