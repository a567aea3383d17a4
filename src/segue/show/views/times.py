from __future__ import annotations

from segue.model.ids import Instant
from segue.model.moment import iso_utc

__all__ = ["at", "maybe_at", "seconds"]


def at(instant: int) -> str:
    """An instant as every answer has it: ISO 8601 in UTC."""
    text = iso_utc(instant)
    assert text is not None
    return text


maybe_at = iso_utc
"""The same, of one that may not be known."""


def seconds(started: Instant | None, ended: Instant | None) -> float | None:
    """How long something took; None where it has not begun or ended."""
    return None if started is None or ended is None else max(0, ended - started) / 1_000_000
