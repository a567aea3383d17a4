from __future__ import annotations

from collections.abc import Iterator, Sequence

from segue.model.acts import Deploy, PauseDags, UnpauseDags
from segue.model.changes import Decision
from segue.model.definition import Defined
from segue.model.events import Event, Request
from segue.model.ids import Instant
from segue.testing.world.parts import TalkingEngine
from segue.testing.world.policy import Turn

__all__ = ["Heard"]


class Heard:
    """The engine, and what was said to it last.

    Attributes:
        turn: its latest.
        wake_at: when it wants to be woken.
    """

    def __init__(self, inner: TalkingEngine) -> None:
        self._inner = inner
        self.outstanding, self.why = inner.outstanding, inner.why
        self.turn = Turn()
        self._confirmed: frozenset[str] = frozenset()
        self.wake_at: Instant | None = None

    @property
    def turned(self) -> Instant:
        """When it was asked last."""
        return self.turn.now

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        """One turn."""
        decision = self._inner.step(now, events)
        self._confirmed |= {one.spec.id for file in _files(events) if file.confirmed for one in file.definitions}
        self.turn = Turn(now, self.turn.since or now, self._confirmed, tuple(_lifts(events)))
        if not self._inner.draining:  # else its clocks will be looked at later
            self._confirmed = frozenset()
        self.wake_at = decision.wake_at
        return decision


def _lifts(events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """The DAGs that people let go on; whoever unpauses what goes on already changes nothing."""
    going: set[str] = set()
    for event in events:
        match event:
            case Request(act=PauseDags(dags=dags)):
                going.difference_update(dags)
            case Request(act=UnpauseDags(dags=dags, run=run)):
                yield from ((dag, run) for dag in dags if dag not in going)
                going.update(dags)
            case _:
                pass


def _files(events: Sequence[Event]) -> Iterator[Defined]:
    for event in events:
        if isinstance(event, Defined):
            yield event
        elif isinstance(event, Request) and isinstance(event.act, Deploy):
            yield from event.act.files
