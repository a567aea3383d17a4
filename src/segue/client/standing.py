from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from segue.client.transport import Transport, part
from segue.model.api.backfills import BackfillItem, BackfillWhole
from segue.model.api.listing import Listing
from segue.model.api.outcomes import KnownName
from segue.model.api.resources import ResourceHistory, Resources
from segue.model.api.standing import AlertItem, AuditItem, PoolItem, Setting, SilenceItem

__all__ = ["AlertsQuery", "AuditQuery", "BackfillsQuery", "Standing"]


class BackfillsQuery(TypedDict, total=False):
    """Of `backfills`; see the route."""

    limit: int
    cursor: str | None
    dag: str | None
    state: Sequence[str]


class AlertsQuery(TypedDict, total=False):
    """Of `alerts`; see the route."""

    limit: int
    cursor: str | None
    dag: str | None
    kind: Sequence[str]
    since: str | None
    unsettled: bool


class AuditQuery(TypedDict, total=False):
    """Of `audit`; see the route."""

    limit: int
    cursor: str | None
    dag: str | None
    actor: str | None
    act: Sequence[str]
    run: str | None
    ok: bool | None
    since: str | None
    until: str | None


class Standing:
    """What stands for longer than a run: backfills, alerts, pools, resources, settings, the audit.

    Args:
        transport: to the server.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def backfills(self, **query: Unpack[BackfillsQuery]) -> Listing[BackfillItem]:
        """Backfills, the newest first."""
        answer: Listing[BackfillItem] = self._transport.get("/backfills", Listing[BackfillItem], **query)
        return answer

    def backfill(self, backfill: int) -> BackfillWhole:
        """One backfill: how far it is, interval by interval, and when it ends."""
        answer: BackfillWhole = self._transport.get(f"/backfills/{part(backfill)}", BackfillWhole)
        return answer

    def alerts(self, **query: Unpack[AlertsQuery]) -> Listing[AlertItem]:
        """Alerts, the newest first, each with what has become of it."""
        answer: Listing[AlertItem] = self._transport.get("/alerts", Listing[AlertItem], **query)
        return answer

    def silences(self) -> tuple[SilenceItem, ...]:
        """What is silenced now."""
        answer: tuple[SilenceItem, ...] = self._transport.get("/silences", tuple[SilenceItem, ...])
        return answer

    def pools(self) -> tuple[PoolItem, ...]:
        """Pools: how many slots, how many of them in use, how many tasks wait for room."""
        answer: tuple[PoolItem, ...] = self._transport.get("/pools", tuple[PoolItem, ...])
        return answer

    def connections(self) -> tuple[KnownName, ...]:
        """The names of connections, and where each is kept."""
        answer: tuple[KnownName, ...] = self._transport.get("/connections", tuple[KnownName, ...])
        return answer

    def secrets(self) -> tuple[KnownName, ...]:
        """The names of secrets, and where each is kept."""
        answer: tuple[KnownName, ...] = self._transport.get("/secrets", tuple[KnownName, ...])
        return answer

    def resources(self) -> Resources:
        """Workers, pools, the queue, what was used and what that cost."""
        answer: Resources = self._transport.get("/resources", Resources)
        return answer

    def resource_history(self, hours: int = 24) -> ResourceHistory:
        """Queue, busy workers, waits, CPU and memory over time."""
        answer: ResourceHistory = self._transport.get("/resources/history", ResourceHistory, hours=hours)
        return answer

    def settings(self) -> tuple[Setting, ...]:
        """What is set and where; values only where they cannot hold a secret."""
        answer: tuple[Setting, ...] = self._transport.get("/settings", tuple[Setting, ...])
        return answer

    def audit(self, **query: Unpack[AuditQuery]) -> Listing[AuditItem]:
        """Who has asked for what, and what came of it, the newest first."""
        answer: Listing[AuditItem] = self._transport.get("/audit", Listing[AuditItem], **query)
        return answer
