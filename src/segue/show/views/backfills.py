from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from segue.engine.forecast import WORKERS, estimate, outlook
from segue.model.api.backfills import BackfillItem, BackfillSlot, BackfillWhole
from segue.model.backfills import unpack_slots
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.masking import HIDDEN
from segue.model.moment import HOUR
from segue.model.sealing import SEALED
from segue.model.spec import DagSpec
from segue.model.state import RunState
from segue.model.value import decode
from segue.model.views import BackfillView, RunView
from segue.show.backfilling import progress_of
from segue.show.reading import Reading
from segue.show.views.times import at, maybe_at, seconds

__all__ = ["backfill_item", "backfill_whole"]

_SLOTS: Final = 20_000
_FAILED: Final = 10


def backfill_item(view: BackfillView, now: Instant) -> BackfillItem:
    """One backfill.

    Args:
        view: as the store has it.
        now: the present.
    """
    return BackfillItem(**_facts(view, now))


def _facts(view: BackfillView, now: Instant) -> dict[str, Any]:
    row, progress = view.row, progress_of(view, now)
    return {
        "id": str(row.id), "dag_id": row.dag, "state": view.state, "order": row.order, "cap": row.cap,
        "only": row.only, "version": row.version, "reason": row.reason, "actor": row.actor,
        "created_at": at(row.created), "intervals": row.total, "over": progress.over,
        "runs": {str(state): count for state, count in view.runs if count},
        "seconds_left": None if progress.left is None else progress.left / 1e6, "ended_at": maybe_at(view.ended),
    }  # fmt: skip


def backfill_whole(
    reading: Reading, view: BackfillView, spec: DagSpec, now: Instant, workers: int = WORKERS
) -> BackfillWhole:
    """One backfill with its intervals.

    Args:
        reading: of the home.
        view: as the store has it.
        spec: the DAG, as the backfill pins it.
        now: the present.
        workers: how many attempts run at once.
    """
    newest: dict[tuple[Instant, Instant], RunView] = {}
    for run in reversed(reading.runs_of(view.row.id)):
        if run.row.slot is not None:
            newest[run.row.slot] = run
    slots = unpack_slots(view.row.slots)
    told = tuple(_slot(reading, slot, newest.get(slot), spec.timezone) for slot in slots[:_SLOTS])
    failed = [run for run in newest.values() if run.state is RunState.FAILED]
    facts, over = _facts(view, now), progress_of(view, now).over
    span = (view.ended or now) - view.row.created
    interval = slots[-1][1] - slots[-1][0] if slots else 1
    of = estimate(spec, reading.durations(spec.id), workers)
    return BackfillWhole(
        **facts, verdict=outlook(of, view.row.total, view.row.cap, workers, interval).verdict,
        pace=over * HOUR / span if over and span > 0 else None,
        failed=tuple(culprit for run in failed[:_FAILED] for culprit in run.culprits[:1]), slots=told,
        slots_left_out=len(slots) - len(told), params=_params(view.row.params),
    )  # fmt: skip


def _slot(reading: Reading, slot: tuple[Instant, Instant], run: RunView | None, zone: str) -> BackfillSlot:
    key = slot_key(*slot, zone)
    if run is None:
        return BackfillSlot(key, "waiting")
    return BackfillSlot(key, reading.state(run), str(run.run), seconds(run.started, run.ended))


def _params(data: bytes) -> dict[str, str]:
    given: Mapping[str, object] = decode(data) if data else {}
    return {
        name: HIDDEN if isinstance(value, bytes) and value.startswith(SEALED) else repr(value)
        for name, value in given.items()
    }
