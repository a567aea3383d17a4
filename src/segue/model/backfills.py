"""A backfill is an object: slots of a DAG, an order, a cap, pinned code, a reason (SEMANTICS, "Backfill")."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from segue.model.ids import Instant
from segue.model.spec import DagSpec

__all__ = ["BackfillImage", "BackfillOrder", "BackfillRow", "BackfillState", "pack_slots", "unpack_slots"]


BackfillOrder: TypeAlias = Literal["oldest", "newest", "parallel"]


BackfillState: TypeAlias = Literal["proposed", "running", "paused", "cancelled", "done", "stopped"]


class BackfillRow(msgspec.Struct, frozen=True, gc=False):
    """What a backfill is from its creation on.

    Args:
        id: its number, from 1.
        dag: whose slots.
        slots: the slots in ascending order, as `pack_slots` makes them; `total` of them.
        order: in which they are taken.
        cap: how many of its runs may be unfinished at once.
        only: which states of slots were asked for: *missing failed held stale* or *all*.
        version: the code that makes its runs; with its `bundle`.
        params: encoded dict.
        reason: why, in words.
        request: that made it; empty where the engine proposed it.
    """

    id: int
    dag: str
    slots: bytes
    total: int
    order: BackfillOrder = "oldest"
    cap: int = 4
    only: tuple[str, ...] = ("missing",)
    version: int = 1
    bundle: str = ""
    params: bytes = b""
    reason: str = ""
    request: str = ""
    actor: str = ""
    created: Instant = Instant(0)


class BackfillImage(msgspec.Struct, frozen=True, gc=False):
    """A backfill that has not ended: its row as it is now, how many slots have become runs, the spec of its version."""

    row: BackfillRow
    state: BackfillState
    made: int
    spec: DagSpec


def pack_slots(slots: Iterable[tuple[Instant, Instant]]) -> bytes:
    """Slots as few bytes: a year of hours takes some hundreds.

    Args:
        slots: (start, end) in microseconds.
    """
    steps = array("q")
    before = 0
    for start, end in slots:
        steps.extend((start - before, end - start))
        before = end
    if sys.byteorder == "big":
        steps.byteswap()
    return zlib.compress(steps.tobytes(), 9)


def unpack_slots(data: bytes) -> Sequence[tuple[Instant, Instant]]:
    """What `pack_slots` made.

    Raises:
        ValueError: it made something else.
    """
    steps = array("q")
    try:
        steps.frombytes(zlib.decompress(data))
    except (zlib.error, ValueError) as why:
        raise ValueError(f"no packed slots: {why}") from None
    if sys.byteorder == "big":
        steps.byteswap()
    if len(steps) % 2:
        raise ValueError("no packed slots: half of one")
    found, before = [], 0
    for gap, length in zip(steps[::2], steps[1::2], strict=True):
        start = before + gap
        before = start + length
        found.append((Instant(start), Instant(before)))
    return found
