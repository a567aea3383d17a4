"""The store of a world: a real one behind numbered crash points.

A *crash* is an exception that nothing in the product catches: the owner is gone, and everything it had in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from segue.model.acts import Act
from segue.model.changes import Change
from segue.model.contracts import Lease, Transaction, Writer
from segue.model.definition import Definition
from segue.model.errors import Conflict, LeaseLost, StoreDown
from segue.model.events import Known
from segue.model.ids import RunKey
from segue.model.images import Facts, Snapshot
from segue.model.timing import SlotAsk
from segue.testing.world.cuts import Cuts
from segue.testing.world.ledger import Violation
from segue.testing.world.owners import Desk
from segue.testing.world.plan import Fault, Plan
from segue.testing.world.script import Script

__all__ = ["CrashStore"]


class CrashStore:
    """Wraps a writer.

    Args:
        inner: the store that remembers.
        plan, script: faults and their draws.
        cuts: counts crash points.
        committed: called after every transaction that is durable.
        desk: where the lease lies, if there are several owners.
    """

    def __init__(
        self, inner: Writer, plan: Plan, script: Script, cuts: Cuts, committed: Callable[[Sequence[Change]], None],
        desk: Desk | None,
    ) -> None:  # fmt: skip
        self._inner, self._plan, self._cuts, self._committed, self._desk = inner, plan, cuts, committed, desk
        self._rng = script.rng("store")
        self._count = 0

    def lease(self) -> Lease:
        """Take the right to write."""
        self._cuts.point()
        if self._desk is None:
            return self._inner.lease()
        self._desk.take()
        return Lease(self._inner.lease().epoch, self._desk.renew_every)

    def snapshot(self, runs: Iterable[RunKey] | None) -> Snapshot:
        """Read everything."""
        self._cuts.point()
        return self._inner.snapshot(runs)

    def facts(self, act: Act, request: str) -> Facts:
        """What is known about the object of a request."""
        return self._inner.facts(act, request)

    def look(self, asks: Sequence[SlotAsk]) -> Known:
        """What is known about slots."""
        return self._inner.look(asks)

    def known(self, definition: Definition) -> Definition:
        """The definition with its version's number."""
        return self._inner.known(definition)

    @contextmanager
    def transaction(self, epoch: int) -> Iterator[Transaction]:
        """One transaction: it may fail before, or after, or leave open which of the two it was."""
        self._cuts.point()
        if Fault.DOWN in self._plan.faults and self._rng.random() < 0.03:
            raise StoreDown("disk full")
        unknown = Fault.UNKNOWN in self._plan.faults and self._rng.random() < 0.05
        written = self._rng.random() < 0.5
        self._count += 1
        for number in self._plan.doubts & {2 * self._count - 1, 2 * self._count}:
            unknown, written = True, number == 2 * self._count
        try:
            with self._inner.transaction(epoch) as inner:
                recorder = _Recorder(inner)
                yield recorder
                self._cuts.point(open=True)
                if unknown and not written:
                    raise Conflict("outcome of the commit unknown")
        except LeaseLost:
            if self._desk is not None:
                self._desk.refused += 1
            raise
        if self._desk is not None:
            if not self._desk.led:
                raise Violation("I23", f"a former leader commits {len(recorder.changes)} changes")
            self._desk.renew()
        self._committed(recorder.changes)
        if unknown:
            raise Conflict("outcome of the commit unknown")
        self._cuts.point()


class _Recorder:
    def __init__(self, inner: Transaction) -> None:
        self._inner = inner
        self.changes: Sequence[Change] = ()

    def apply(self, changes: Sequence[Change]) -> None:
        self._inner.apply(changes)
        self.changes = changes
