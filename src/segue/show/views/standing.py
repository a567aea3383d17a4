from __future__ import annotations

from segue.model.api.standing import AlertItem, AuditItem, Delivery, PoolItem, SilenceItem
from segue.model.pages import AuditView
from segue.model.views import AlertView, PoolView, SilenceView
from segue.show.views.times import at

__all__ = ["alert_item", "audit_item", "pool_item", "silence_item"]


def alert_item(view: AlertView) -> AlertItem:
    """An alert, and what has become of it."""
    alert = view.alert
    return AlertItem(
        alert.kind, at(view.at), alert.dag, None if alert.run is None else str(alert.run), alert.task, alert.owner,
        alert.text, alert.command, alert.causes, view.folded,
        tuple(Delivery(one.target, one.state, one.tries, one.text, at(one.at)) for one in view.deliveries), view.over,
    )  # fmt: skip


def silence_item(view: SilenceView) -> SilenceItem:
    """A silence."""
    return SilenceItem(view.selection, at(view.until), view.actor, view.reason)


def pool_item(view: PoolView) -> PoolItem:
    """A pool."""
    return PoolItem(view.name, view.slots, view.used, view.waiting)


def audit_item(view: AuditView) -> AuditItem:
    """A row of the audit."""
    return AuditItem(
        str(view.seq), at(view.at), view.actor, view.act, view.ok, view.target, view.dag, view.run, view.task, view.old,
        view.new, view.what, view.reason, view.request, view.parent, view.answer,
    )  # fmt: skip
