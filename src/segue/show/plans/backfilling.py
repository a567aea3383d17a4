"""What asks for it that a backfill moves."""

from __future__ import annotations

from segue.model.acts import Act, CancelRun, MoveBackfill, RetryRun, StartBackfill
from segue.model.backfills import pack_slots
from segue.model.errors import UsageError
from segue.model.state import RunState
from segue.model.views import RunView
from segue.show.reading import Reading

__all__ = ["acts_on", "failed_runs", "number_of"]


def number_of(reading: Reading, act: StartBackfill, request: str) -> int:
    """The number of the backfill that a request has begun, or that did the same already."""
    views = reading.backfills(act.dag)
    made = (view.row.id for view in views if view.row.request == request)
    same = (view.row.id for view in views if view.state == "running" and view.row.slots == act.slots)
    return next(made, None) or next(same)


def failed_runs(reading: Reading, number: int) -> list[RunView]:
    """The runs of a backfill that failed or were cancelled and that no newer run of their interval follows, by age."""
    bad = reading.runs_of(number, (RunState.FAILED, RunState.CANCELLED))[::-1]
    return [view for view in bad if not reading.superseded(view)]


def acts_on(reading: Reading, verb: str, number: int, *, newest: bool = False, alone: bool = False) -> list[Act]:
    """What asks for it that a backfill is paused, resumed or cancelled, or that its failed intervals are run again.

    Args:
        reading: of the home.
        verb: *pause*, *resume*, *cancel* or *retry*.
        number: of the backfill.
        newest: what is still to come, or is run again, takes the newest code.
        alone: no owner drives its runs: each that was interrupted is gone on with, or cancelled, by itself.

    Raises:
        UsageError: there is no such backfill, or nothing of it has failed.
    """
    running = reading.backfill(number).state in ("running", "paused")
    live = _interrupted(reading, number) if alone and running else []
    if verb == "cancel":
        return [*(CancelRun(view.run) for view in live), MoveBackfill(number, "cancel")]
    if verb == "resume":
        return [*(RetryRun(view.run) for view in live), MoveBackfill(number, "resume", newest)]
    if verb == "pause":
        return [MoveBackfill(number, "pause")]
    failed = failed_runs(reading, number)
    if not failed:
        raise UsageError(f"nothing to retry: no interval of backfill {number} has failed")
    if newest:
        slots = sorted({view.row.slot for view in failed if view.row.slot is not None})
        return [MoveBackfill(number, "again", newest=True, slots=pack_slots(slots))]
    goes_on = [MoveBackfill(number, "resume")] if live else []
    return [*(RetryRun(view.run) for view in (*failed, *live)), *goes_on]


def _interrupted(reading: Reading, number: int) -> list[RunView]:
    """The runs that go on as soon as somebody drives them: no person has to decide about them first."""
    views = reading.runs_of(number, (RunState.QUEUED, RunState.RUNNING, RunState.HELD))[::-1]
    past = ("waits_past",)
    return [view for view in views if view.state is not RunState.HELD or (view.why and view.why.code in past)]
