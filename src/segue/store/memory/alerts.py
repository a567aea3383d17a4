from __future__ import annotations

import msgspec

from segue.model.changes import AlertFolded, AlertMarked, AlertRaised, Silenced
from segue.model.ids import Instant
from segue.model.views import AlertView, DeliveryView, SilenceView
from segue.store.memory.journal import Journal, expected
from segue.store.memory.tables import MemoryStore

__all__ = ["Alerts"]

_replace = msgspec.structs.replace


class Alerts:
    """Writes what people are told of."""

    def __init__(self, store: MemoryStore, journal: Journal) -> None:
        self._store, self._journal = store, journal

    def raise_one(self, change: AlertRaised) -> bool:
        """A person must be told, once; says whether it is the first time."""
        alert = change.alert
        key = (alert.thing, alert.kind, alert.episode)
        if key in self._store.alerts:
            return False
        self._journal.put(self._store.alerts, key, AlertView(alert, change.at))
        self._journal.put(self._store.alert_last, key, change.at)
        return True

    def fold(self, change: AlertFolded) -> None:
        """Something more belongs to an alert."""
        key = (change.thing, change.kind, change.episode)
        view = expected(self._store.alerts.get(key), change)
        folded = (*view.folded, change.text) if change.text else view.folded
        self._journal.put(self._store.alerts, key, _replace(view, folded=folded, over=view.over or change.over))
        last = Instant(max(self._store.alert_last[key], change.at))
        self._journal.put(self._store.alert_last, key, last)

    def mark(self, change: AlertMarked) -> bool:
        """What has become of an alert at a target; says whether there is such an alert."""
        key = (change.thing, change.kind, change.episode)
        view = self._store.alerts.get(key)
        if view is None:
            return False
        by_target = {delivery.target: delivery for delivery in view.deliveries}
        tries = by_target[change.target].tries if change.target in by_target else 0
        tries += change.state != "silenced"
        by_target[change.target] = DeliveryView(change.target, change.state, tries, change.text, change.at)
        deliveries = tuple(by_target[target] for target in sorted(by_target))
        self._journal.put(self._store.alerts, key, _replace(view, deliveries=deliveries))
        return True

    def silence(self, change: Silenced) -> None:
        """No alert about a selection is sent for a while."""
        view = SilenceView(change.selection, change.until, change.actor, change.reason)
        self._journal.put(self._store.silences, change.selection, view)
