"""The newest part of the event log, encoded once for all who listen.

Whoever listens keeps the number of the last event that was sent; nothing is queued for anybody. Who is so slow that the
tape has moved on past that number is dropped, and comes again with `Last-Event-ID` (the log itself still has it).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec

from segue.model.views import EventView
from segue.show.views.events import event_of

__all__ = ["LENGTH", "Entry", "Tape", "entry_of"]

LENGTH: Final = 10_000
"""Events that are kept at least; up to twice as many are."""


class Entry(NamedTuple):
    """An event on the wire, and what it is about."""

    seq: int
    dag: str | None
    run: str | None
    wire: bytes


def entry_of(view: EventView) -> Entry:
    """An event, encoded as the stream sends it."""
    event = event_of(view)
    wire = b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.kind.encode(), msgspec.json.encode(event))
    return Entry(event.seq, event.dag, event.run, wire)


class Tape:
    """The newest events.

    Args:
        last: number of the newest event when the tape begins.
        length: how many events it keeps.

    Attributes:
        floor: what lies at or below that number is not here.
        last: number of the newest event.
    """

    def __init__(self, last: int, length: int = LENGTH) -> None:
        self.floor = self.last = last
        self._length = length
        self._seqs: list[int] = []
        self._entries: list[Entry] = []

    def extend(self, views: Iterable[EventView]) -> None:
        """Put events at the end, in order."""
        for view in views:
            self._entries.append(entry_of(view))
            self._seqs.append(view.seq)
            self.last = view.seq
        over = len(self._seqs) - self._length
        if over > self._length:
            self.floor = self._seqs[over - 1]
            del self._seqs[:over], self._entries[:over]

    def after(self, seq: int, wanted: Callable[[Entry], bool], limit: int) -> tuple[bytes, int]:
        """What follows a number: the wanted events together, and the number up to which the tape was looked through.

        Args:
            seq: of the last event that was sent, not below `floor`.
            wanted: says of an event whether it is sent.
            limit: events looked at, at most.
        """
        start = bisect_right(self._seqs, seq)
        part = self._entries[start : start + limit]
        return b"".join(entry.wire for entry in part if wanted(entry)), part[-1].seq if part else seq
