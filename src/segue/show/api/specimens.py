"""Answers as OpenAPI shows them: one small home, told by several routes."""

from __future__ import annotations

from typing import Final

from segue.model.api.backfills import BackfillItem
from segue.model.api.dags import DagItem, Fire, Mark, VersionItem
from segue.model.api.events import Event
from segue.model.api.listing import Listing
from segue.model.api.logs import Found, LogLine, LogPage, LogSearch
from segue.model.api.overview import Attention, Coming, Overview
from segue.model.api.runs import AttemptItem, Blast, Culprit, Range, RunItem, Said, TaskItem, WhyPage
from segue.model.api.slots import Clock, Hole, LedgerPage, SlotItem
from segue.model.api.standing import AlertItem, AuditItem, Delivery, PoolItem

__all__ = [
    "ALERTS", "ATTEMPTS", "AUDIT", "BACKFILLS", "BLAST", "DAGS", "EVENTS", "HOLES", "LOG", "LOGS", "NEXT", "OVERVIEW",
    "POOLS", "RUNS", "SLOTS", "TASKS", "VERSIONS", "WHY",
]  # fmt: skip

_RUN: Final = "daily_orders@2026-04-01"
_DAY: Final = Range("2026-04-01T07:00:00Z", "2026-04-02T07:00:00Z")
_FIRE: Final = Fire("2026-04-03T09:00:00Z", "2026-04-02", "2026-04-02T07:00:00Z", "2026-04-03T07:00:00Z")
_WORDS: Final = "covers each calendar day; runs at 02:00 on the day after"
_ZONE: Final = "America/Los_Angeles"
_WHY: Final = "ConnectionError: shop does not answer (orders.py:12)"
_BEGAN: Final = "2026-04-02T09:00:00Z"
_ENDED: Final = "2026-04-02T09:00:07.5Z"

_ITEM: Final = RunItem(
    _RUN, 41, "daily_orders", "failed", 1, 3, "scheduled", "", _DAY, _BEGAN, _BEGAN, _ENDED, 7.5, "2026-04-01", _BEGAN,
    why="failed: extract", culprits=(Culprit("extract", None, _WHY),),
)  # fmt: skip
_DAG: Final = DagItem(
    "daily_orders", "runs", _WORDS, _ZONE, "", "dana", ("retail",), "dags/orders.py", 3, False, False, None, _FIRE, 0,
    None, None, (Mark(_RUN, 41, "failed", "scheduled", "2026-04-01", _BEGAN, _BEGAN, _ENDED, 7.5, 3),),
)  # fmt: skip
_LINE: Final = LogLine(0, _BEGAN, "log", "priced", "INFO", {"symbol": "BTC"})

RUNS: Final = Listing((_ITEM,), "wDxjW0Zf7Q1xqk0YkgAp")
DAGS: Final = Listing((_DAG,))
OVERVIEW: Final = Overview(
    "2026-04-02T10:00:00Z", 24, {"running": 2},
    (Attention("failed", "daily_orders", _WHY, _ENDED, _RUN, "extract", 2, f"segue retry {_RUN}"),), 0, (_DAG,), 0,
    (Coming("daily_orders", _FIRE.due, _FIRE.key, _FIRE.due, 1, 62.0, ""),),
)  # fmt: skip
TASKS: Final = Listing((TaskItem("extract", None, "failed", 3, _BEGAN, _ENDED, 7.5, _WHY, 3),))
ATTEMPTS: Final = Listing((
    AttemptItem(
        "extract", None, 3, 1, "failed", _BEGAN, _BEGAN, _ENDED, 7.5, "ConnectionError", _WHY, None, None, 48_000_000,
        (), "1207", _RUN, "user", 0.1, 0.4,
    ),
))  # fmt: skip
EVENTS: Final = Listing((
    Event(9120, _ENDED, "task", "daily_orders", _RUN, "extract", None, 3, "running", "failed", _WHY),
))  # fmt: skip
WHY: Final = WhyPage(_RUN, "failed", "failed: extract", (Said("extract", "failed", _WHY),))
BLAST: Final = Blast(
    _RUN, ("extract",), ("transform", "load"), ("warehouse.orders",), ("weekly_report",), None,
    ((None, "2026-04-02T13:00:00Z"),),
)  # fmt: skip
LOG: Final = LogPage("1207", _RUN, "extract", None, 3, "failed", 98, 0, 98, False, False, (_LINE,))
LOGS: Final = LogSearch("daily_orders", "2026-04-02", (Found("1207", _RUN, "extract", None, 3, _LINE),), 3)
SLOTS: Final = LedgerPage(
    "daily_orders", _ZONE, _WORDS, {"fresh": 30, "failed": 1},
    (SlotItem("2026-04-01", _DAY.start, _DAY.end, "failed", _RUN, None, 3),),
    "segue backfill daily_orders 2026-04-01 --only failed",
)  # fmt: skip
HOLES: Final = Listing((
    Hole("orders", {"missing": 2}, "2026-03-29", "2026-03-30", "segue backfill orders 2026-03-29..2026-03-30"),
))  # fmt: skip
NEXT: Final = Listing((Clock("daily_orders", "runs", _ZONE, _WORDS, None, 0, (_FIRE,)),))
VERSIONS: Final = Listing((VersionItem("daily_orders", 3, "v42", _BEGAN, "9dcbb3869d5c29a8", "63f47c4c419b9af5"),))
BACKFILLS: Final = Listing((
    BackfillItem(
        "7", "daily_orders", "running", "oldest", 4, ("missing",), 3, "the shop was away", "dana", _BEGAN, 31, 12,
        {"success": 12, "running": 4}, 1140.0,
    ),
))  # fmt: skip
ALERTS: Final = Listing((
    AlertItem(
        "failed", _ENDED, "daily_orders", _RUN, "extract", "dana", f"{_RUN} failed", f"segue retry {_RUN}",
        (("extract", _WHY),), (), (Delivery("slack:#data-oncall", "sent", 1, "", _ENDED),), False,
    ),
))  # fmt: skip
POOLS: Final = (PoolItem("warehouse", 8, 3, 0),)
AUDIT: Final = Listing((
    AuditItem("310", _ENDED, "dana", "RetryRun", True, _RUN, "daily_orders", _RUN, answer=f"{_RUN} is running again"),
))  # fmt: skip
