"""What has really happened to clocks, backfills and alerts: more cells of the map that worlds together must fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from segue.model.acts import Act, Deploy, Drain, MoveBackfill, UnpauseDags
from segue.model.changes import (
    AlertFolded,
    AlertRaised,
    Answered,
    BackfillMade,
    BackfillMoved,
    Change,
    RunCreated,
    RunMoved,
    RunsForgotten,
    SlotMoved,
    TimingSet,
)
from segue.model.timing import Timing

__all__ = ["TIMED_CELLS", "happenings"]

TIMED_CELLS: Final = frozenset(
    [
        "alert:deadline",
        "alert:failed",
        "alert:held",
        "alert:missed",
        "alert:over",
        "alert:past",
        "backfill:again",
        "backfill:cancelled",
        "backfill:done",
        "backfill:newest",
        "backfill:newest-code",
        "backfill:oldest",
        "backfill:parallel",
        "backfill:paused",
        "backfill:proposed",
        "backfill:proposed-starts",
        "backfill:resumed",
        "backfill:stopped",
        "clock:back",
        "clock:edited",
        "clock:enabled",
        "clock:left-out",
        "clock:retired",
        "deploy:done",
        "drain:off",
        "drain:on",
        "lookback:made",
        "past:goes-on",
        "past:waits",
        "pause:hard",
        "pause:over",
        "pause:soft",
        "retention:forgets",
        "scheduled:made",
        "scheduled:once",
        "slot:skipped",
        "slot:stale",
        "unpause:latest",
        "unpause:missed",
    ]
)
"""What must have happened somewhere."""


def happenings(change: Change, before: Mapping[str, Timing], sent: Mapping[str, Act]) -> Iterator[str]:
    """Name what one change shows.

    Args:
        change: committed.
        before: where clocks stood before the commit.
        sent: acts by the id of their request.
    """
    match change:
        case TimingSet(dag):
            yield from _clock(change, before.get(dag, Timing()))
        case RunCreated(row):
            yield f"{row.kind}:{'once' if row.run.key == 'once' else 'made'}"
        case RunMoved(why=why, old=old):
            yield "past:waits" if why.code == "waits_past" else "past:goes-on" if old == "held" else ""
        case SlotMoved(state=state, run=None):
            yield f"slot:{state}"
        case BackfillMade(row, state):
            yield "backfill:proposed" if state == "proposed" else f"backfill:{row.order}"
        case BackfillMoved(old=old, new=new, row=row):
            yield f"backfill:{new}"
            yield {"proposed": "backfill:proposed-starts", "paused": "backfill:resumed"}.get(old, "")
            yield "backfill:newest-code" if row is not None else ""
        case Answered(request, ok=True):
            yield from _asked(sent.get(request))
        case _:
            yield from _told(change)


def _told(change: Change) -> Iterator[str]:
    match change:
        case AlertRaised(alert):
            yield f"alert:{alert.kind}"
        case AlertFolded(over=True):
            yield "alert:over"
        case RunsForgotten():
            yield "retention:forgets"
        case _:
            pass


def _clock(change: TimingSet, before: Timing) -> Iterator[str]:
    after, code = change.timing, change.why.code if change.why is not None else ""
    yield {"left_out": "clock:left-out", "edited": "clock:edited", "enabled": "clock:enabled"}.get(code, "")
    yield "clock:retired" if after.retired else "clock:back" if before.retired else ""
    yield "pause:hard" if after.hard else "pause:soft" if after.paused else "pause:over" if before.paused else ""


def _asked(act: Act | None) -> Iterator[str]:
    match act:
        case Drain(on):
            yield "drain:on" if on else "drain:off"
        case Deploy():
            yield "deploy:done"
        case UnpauseDags(_, run) if run:
            yield f"unpause:{run}"
        case MoveBackfill(to="again"):
            yield "backfill:again"
        case _:
            pass
