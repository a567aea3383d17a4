from __future__ import annotations

import select
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice

from segue.model.changes import Change
from segue.model.contracts import Inbox
from segue.model.events import Event

__all__ = ["JointInbox"]


class JointInbox:
    """Two inboxes as one: the control socket of a home, and the table of requests of a served database.

    Args:
        first: whose events come first.
        second: may open its connection anew at any time.
    """

    def __init__(self, first: Inbox, second: Inbox) -> None:
        self._first, self._second = first, second
        self._count = 0  # how many of the events polled last are the first's
        self._poll = select.epoll()

    def poll(self) -> Sequence[Event]:
        """All that is not yet acknowledged of both."""
        first = self._first.poll()
        self._count = len(first)
        return (*first, *self._second.poll())

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        """These, the oldest that were polled, are committed with these changes."""
        left = iter(events)
        self._first.ack(tuple(islice(left, self._count)), changes)
        self._second.ack(tuple(left), changes)

    def fileno(self) -> int | None:
        """One descriptor for both, always the same one."""
        for fd in (self._first.fileno(), self._second.fileno()):
            if fd is not None:
                with suppress(FileExistsError):  # a connection that was closed has left by itself
                    self._poll.register(fd, select.EPOLLIN)
        return self._poll.fileno()

    def close(self) -> None:
        """Let go of the descriptor."""
        self._poll.close()
