"""What should be there, what is missing, what comes and when it is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from segue.engine.forecast import WORKERS, RiskOf, TaskEstimate
from segue.model.api.slots import Clock, Deadline, Forecast, Hole, LedgerPage, SlotItem, TaskForecast
from segue.model.ids import Instant
from segue.model.moment import DAY
from segue.model.state import RunState
from segue.model.views import RunQuery, SlotView
from segue.show.outlook import DagClock, clock_of, forecast_of
from segue.show.outlook import Forecast as Foretelling
from segue.show.reading import Reading
from segue.show.slots import Ledger, SlotCell, ledger_of
from segue.show.views.dags import Known, fire_of
from segue.show.views.times import at, maybe_at

__all__ = ["clock_item", "forecast_item", "holes_of", "ledger_page", "outlooks"]

_ALIVE: Final = 2_000
_HOLES: Final = ("missing", "failed", "stale", "held")


def ledger_page(ledger: Ledger, states: Sequence[str] = ()) -> LedgerPage:
    """Intervals of a DAG.

    Args:
        ledger: of the DAG.
        states: only those that show one of these; all are counted.
    """
    cells = tuple(_slot_item(cell) for cell in ledger.cells if not states or cell.state in states)
    spec = ledger.spec
    return LedgerPage(
        spec.id, spec.timezone, ledger.words, dict(ledger.counts), cells, ledger.remedy or None, ledger.cut
    )  # fmt: skip


def _slot_item(cell: SlotCell) -> SlotItem:
    return SlotItem(
        cell.key, at(cell.slot[0]), at(cell.slot[1]), cell.state, cell.run, cell.good_run, cell.version, cell.waits
    )


def holes_of(reading: Reading, known: Iterable[Known], now: Instant, days: int) -> Iterator[Hole]:
    """What is missing, failed, stale or held of DAGs, where anything is; what a run waits to fill is not missing.

    Args:
        reading: of the home.
        known: the DAGs.
        now: the present.
        days: so far back is looked.
    """
    first = Instant(now - days * DAY)
    clocked = [one for one in known if one.spec.schedule is not None and not one.view.timing.retired]
    names = frozenset(one.view.dag for one in clocked)
    rows = reading.reader.ledgers(names, first)
    alive = reading.reader.runs(RunQuery(states=(RunState.QUEUED, RunState.RUNNING), limit=_ALIVE, dags=names))
    filled = {(view.run.dag, view.row.slot) for view in alive}
    for one in clocked:
        hole = _hole(one, rows.get(one.view.dag, ()), now, first, filled)
        if hole is not None:
            yield hole


def _hole(
    one: Known, rows: Sequence[SlotView], now: Instant, first: Instant, filled: Collection[tuple[str, object]]
) -> Hole | None:
    ledger = ledger_of(one.spec, (one.view.timing, one.view.foretold), rows, now, since=first)
    bad = [
        cell for cell in ledger.cells
        if cell.state in _HOLES and not cell.waits and (one.view.dag, cell.slot) not in filled
    ]  # fmt: skip
    if not bad:
        return None
    counts = {state: many for state in _HOLES if (many := sum(cell.state == state for cell in bad))}
    return Hole(one.view.dag, counts, bad[0].key, bad[-1].key, ledger.remedy)


def clock_item(clock: DagClock) -> Clock:
    """When a DAG runs next."""
    fires = tuple(fire_of(slot, clock.spec) for slot in clock.coming)
    return Clock(
        clock.spec.id, clock.state, clock.spec.timezone, clock.words, maybe_at(clock.until), clock.waiting, fires
    )


def outlooks(reading: Reading, known: Sequence[Known], now: Instant, workers: int = WORKERS) -> Iterator[Foretelling]:
    """How long the runs of DAGs take, and what that means for the next one."""
    for one in known:
        clock = clock_of(one.view, one.spec, now)
        if clock.state != "retired":
            yield forecast_of(reading, clock, now, workers)


def forecast_item(one: Foretelling, *, tasks: bool = True) -> Forecast:
    """How long the runs of a DAG take.

    Args:
        one: the forecast.
        tasks: task by task, too.
    """
    found, spec = one.estimate, one.clock.spec
    return Forecast(
        spec.id, one.runs, found.known, found.median / 1e6, found.p90 / 1e6, found.path, found.unknown, one.overlaps,
        None if one.next is None else fire_of(one.next, spec),
        tuple(map(_task_forecast, found.tasks)) if tasks else (), tuple(map(_deadline, one.risks)),
    )  # fmt: skip


def _task_forecast(task: TaskEstimate) -> TaskForecast:
    return TaskForecast(
        task.task, task.median / 1e6, task.p90 / 1e6, task.items, task.ends / 1e6, task.ends_p90 / 1e6, task.known
    )


def _deadline(risk: RiskOf) -> Deadline:
    return Deadline(risk.task, at(risk.deadline), at(risk.median), at(risk.p90), risk.risk)
