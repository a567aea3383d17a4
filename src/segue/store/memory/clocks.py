from __future__ import annotations

import msgspec

from segue.model.changes import BackfillMade, BackfillMoved, SlotsForetold, TimingSet
from segue.model.errors import Conflict
from segue.model.views import BackfillView
from segue.store.facts import ENDED_BACKFILLS
from segue.store.memory.journal import Journal, expected
from segue.store.memory.tables import MemoryStore

__all__ = ["Clocks"]

_replace = msgspec.structs.replace


class Clocks:
    """Writes where the clocks of DAGs stand, and backfills."""

    def __init__(self, store: MemoryStore, journal: Journal) -> None:
        self._store, self._journal = store, journal

    def set_timing(self, change: TimingSet) -> None:
        """A clock stands elsewhere."""
        view = expected(self._store.dags.get(change.dag), change)
        self._journal.put(self._store.dags, change.dag, _replace(view, timing=change.timing))

    def foretell(self, change: SlotsForetold) -> None:
        """The next slots are known."""
        view = expected(self._store.dags.get(change.dag), change)
        self._journal.put(self._store.dags, change.dag, _replace(view, foretold=change.foretold))

    def make_backfill(self, change: BackfillMade) -> None:
        """There is a backfill more."""
        self._journal.add(self._store.backfills, change.row.id, BackfillView(change.row, change.state, 0))

    def move_backfill(self, change: BackfillMoved) -> None:
        """A backfill moves or gets on."""
        view = expected(self._store.backfills.get(change.backfill), change)
        if view.state != change.old:
            raise Conflict(f"not as this owner left it: {change}")
        ended = (view.ended or change.at) if change.new in ENDED_BACKFILLS else None
        moved = BackfillView(change.row or view.row, change.new, change.made, (), ended)
        self._journal.put(self._store.backfills, change.backfill, moved)
