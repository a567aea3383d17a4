"""People and the definition child, as an inbox: what is not acknowledged when the owner dies is asked again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segue.model.changes import Answered, Change
from segue.model.definition import Defined
from segue.model.events import Event, Expired, Request
from segue.testing.world.cuts import Cuts
from segue.testing.world.ledger import Ledger, Violation
from segue.testing.world.script import SECOND
from segue.testing.world.timeline import Timeline

__all__ = ["ScriptedInbox"]


class ScriptedInbox:
    """Holds what was sent until it is acknowledged.

    Args:
        timeline: the world's.
        ledger: what is committed.
        cuts: counts crash points.

    Attributes:
        acknowledged: ids of requests whose sender was answered.
        news: something has arrived since the last poll.
    """

    def __init__(self, timeline: Timeline, ledger: Ledger, cuts: Cuts) -> None:
        self._timeline, self._ledger, self._cuts = timeline, ledger, cuts
        self._waiting: list[Event] = []
        self._unheard: list[Event] = []
        self.acknowledged: set[str] = set()
        self.news = False

    def send(self, event: Request | Defined | Expired) -> None:
        """Somebody asks, and asks again until he is answered."""
        self._waiting.append(event)
        self.news = True

    def poll(self) -> Sequence[Event]:
        """All that was not acknowledged."""
        self.news = False
        return list(self._waiting)

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        """Answer who waits.

        Raises:
            Violation: a request is acknowledged, but no answer is durable.
        """
        self._cuts.point()
        answered = {change.request for change in changes if isinstance(change, Answered)}
        for event in events:
            if isinstance(event, Request):
                if event.id not in answered and event.facts.answer is None:
                    continue  # it waits for an attempt to end, and is not forgotten meanwhile
                if event.id not in self._ledger.answers:
                    raise Violation("I28", f"request {event.id} is acknowledged, no answer is stored")
                self.acknowledged.add(event.id)
            self.forget([event])

    def forget(self, events: Iterable[Event]) -> None:
        """Lose events without an answer, as an owner would that takes them out too early."""
        names = {_name(event) for event in events}
        self._waiting = [one for one in self._waiting if _name(one) not in names]

    def fileno(self) -> int | None:
        """There is none."""
        return None

    def owner_died(self) -> None:
        """The connections are gone; everybody asks again after a second."""
        unheard = [event for event in self._waiting if isinstance(event, Request)]
        self._waiting = [
            event for event in self._waiting if not isinstance(event, Request)
        ]  # a new owner reads files first
        self._unheard += unheard

        def again() -> None:
            waiting, self._unheard = self._unheard, []
            self._waiting += waiting
            self.news = True

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
