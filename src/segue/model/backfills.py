"""A backfill is an object: slots of a DAG, an order, a cap, pinned code, a reason (SEMANTICS, "Backfill")."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from segue.model.ids import Instant
from segue.model.spec import DagSpec

__all__ = ["BackfillImage", "BackfillOrder", "BackfillRow", "BackfillState", "pack_slots", "unpack_slots"]

_PAIR: Final = struct.Struct("<qq")


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
    steps, before = [], 0
    for start, end in slots:
        steps.append(_PAIR.pack(start - before, end - start))
        before = end
    return zlib.compress(b"".join(steps), 9)


def unpack_slots(data: bytes) -> Sequence[tuple[Instant, Instant]]:
    """What `pack_slots` made.

    Raises:
        ValueError: it made something else.
    """
    try:
        pairs = list(_PAIR.iter_unpack(zlib.decompress(data)))
    except (zlib.error, struct.error) as why:
        raise ValueError(f"no packed slots: {why}") from None
    found, before = [], 0
    for gap, length in pairs:
        start = before + gap
        before = start + length
        found.append((Instant(start), Instant(before)))
    return found
