"""Where the clocks of DAGs stand, and what the engine asks the store about slots."""

from __future__ import annotations

import msgspec

from segue.model.ids import Instant, RunKey
from segue.model.state import RunState, SlotState

__all__ = [
    "Foretold",
    "SlotAsk",
    "SlotFacts",
    "Timing",
]


class Timing(msgspec.Struct, frozen=True, gc=False):
    """Where the clock of a DAG stands (docs/decisions/0028).

    Args:
        generation: digest of what the cursor belongs to; another one means that schedule, zone or bounds were edited.
        cursor: slots that start before it are decided; None: nothing has been decided yet.
        accepted: slots from the cursor on that start before it will be run, oldest first, as there is room; those that
            start at or after it are decided when they fall due.
        enabled: when it was first planned for.
        paused: neither clock nor events make runs.
        hard: nothing of its runs is dispatched either.
        until: the pause ends by itself then.
        retired: no file declares it any more.
    """

    generation: str = ""
    cursor: Instant | None = None
    accepted: Instant | None = None
    enabled: Instant | None = None
    paused: bool = False
    hard: bool = False
    until: Instant | None = None
    retired: bool = False


class Foretold(msgspec.Struct, frozen=True, gc=False):
    """Slots of a timetable of the user's own, as (start, end, due), computed in the definition child.

    The last one ends at `until` unless the timetable has an end; more are asked for when half are used.
    """

    slots: tuple[tuple[Instant, Instant, Instant], ...] = ()
    until: Instant | None = None


class SlotAsk(msgspec.Struct, frozen=True, gc=False):
    """The engine asks what the store knows about a slot; `key` is the text of its runs."""

    dag: str
    key: str
    slot: tuple[Instant, Instant]


class SlotFacts(msgspec.Struct, frozen=True, gc=False):
    """What the store knew about a slot when it was asked.

    Args:
        ask: which slot.
        next_n: the first free `n` of its key.
        latest: the newest run of the slot; `state`: where that stands.
        scheduled: whether a run of kind *scheduled* was ever made for it.
        shown: what the slot shows, None where it is missing.
        good: ids of the tasks that are good (success or skipped, mapped ones whole) in any run of it.
    """

    ask: SlotAsk
    next_n: int = 1
    latest: RunKey | None = None
    state: RunState | None = None
    scheduled: bool = False
    shown: SlotState | None = None
    good: tuple[str, ...] = ()
