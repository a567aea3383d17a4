"""Several owners of one store, one of them awake at any instant.

Each lives in a thread of its own, because the loop under test blocks; a baton goes from one to the next, so that the
threads never run at once and a world stays the same each time. An owner gives the baton away where it is paused, and
while it waits for a lease that another holds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

from segue.testing.world.script import SECOND
from segue.testing.world.timeline import Timeline

__all__ = ["Baton", "Desk"]

_EXPIRY = 10 * SECOND
_RENEW_EVERY = 3 * SECOND


class _Over(BaseException):
    """The world has ended."""


class Baton:
    """Who is awake.

    Args:
        timeline: the world's.
        count: how many owners there are, one or two.
    """

    def __init__(self, timeline: Timeline, count: int) -> None:
        self._timeline, self.count = timeline, count
        self.current = 0
        self._gates = [Semaphore(0) for _ in range(count)]
        self._asleep: set[int] = set()
        self._eager: set[int] = set()
        self._over = False

    def run(self, body: Callable[[int], None]) -> None:
        """Let all owners live until one of them says that it is over.

        Whatever one of them lets out is let out here.
        """
        if self.count == 1:
            body(0)
            return
        with ThreadPoolExecutor(self.count) as pool:
            lives = [pool.submit(self._live, me, body) for me in range(self.count)]
            self._gates[0].release()
        for life in lives:
            life.result()

    def _live(self, me: int, body: Callable[[int], None]) -> None:
        try:
            self._wait(me)
            body(me)
        except _Over:
            pass
        finally:
            self._over = True
            for gate in self._gates:
                gate.release()

    def _wait(self, me: int) -> None:
        self._gates[me].acquire()
        if self._over:
            raise _Over

    def _hand(self, to: int) -> None:
        me, self.current = self.current, to
        self._eager.discard(to)
        self._gates[to].release()
        self._wait(me)

    @property
    def _other(self) -> int:
        return 1 - self.current

    def pause(self, microseconds: int) -> None:
        """The present owner stands still for a while; the other goes on, if there is one that can."""
        if self.count == 1 or self._other in self._asleep:
            self._timeline.sleep(microseconds / SECOND)
            return
        me = self.current
        self._asleep.add(me)
        self._timeline.after(microseconds, lambda: self._wake(me))
        self._hand(self._other)

    def _wake(self, owner: int) -> None:
        self._asleep.discard(owner)
        self._eager.add(owner)

    def give_way(self) -> None:
        """Let an owner go on whose pause is over."""
        if self.count > 1 and self._other in self._eager:
            self._hand(self._other)

    def wait_until(self, instant: int) -> None:
        """The present owner waits for something that the other does, or for an instant."""
        if self._other not in self._asleep:
            self._hand(self._other)
            return
        following = self._timeline.next
        self._timeline.until(instant if following is None else min(following, instant))


class Desk:
    """Where the lease lies: who leads, and until when at least.

    Attributes:
        renew_every: so often its holder must show that it lives, in microseconds.
        changes: how often it went from one to the other.
        refused: how many commits of former leaders were refused.
    """

    def __init__(self, timeline: Timeline, baton: Baton, pace: int) -> None:
        self._timeline, self._baton, self._expiry = timeline, baton, pace * _EXPIRY
        self.renew_every = pace * _RENEW_EVERY
        self._until = 0
        self.leader: int | None = None
        self.changes = self.refused = 0

    def take(self) -> None:
        """Become the leader, when the lease of the present one has run out."""
        me = self._baton.current
        while self.leader not in (None, me) and self._timeline.now() < self._until:
            self._baton.wait_until(self._until)
        self.changes += self.leader not in (None, me)
        self.leader = me
        self.renew()

    def renew(self) -> None:
        """The leader has committed something."""
        self._until = self._timeline.now() + self._expiry

    @property
    def led(self) -> bool:
        """Whether the present owner leads."""
        return self.leader == self._baton.current
