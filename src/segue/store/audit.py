"""Two proofs that a store is whole: no row without its owner, and a log that tells the same story as the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import msgspec

from segue.model.ids import RunKey
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.model.views import AttemptView, EventView, RunView
from segue.store.facts import ALIVE, Where
from segue.store.readers import RowReader

__all__ = ["Told", "compare", "fold", "validate_state"]


class Told(msgspec.Struct):
    """What the log says of one run. `attempts` is the newest attempt's number of each task that had one."""

    state: RunState
    tasks: dict[Where, TaskState] = {}
    attempts: dict[Where, int] = {}


def fold(events: Iterable[EventView]) -> dict[RunKey, Told]:
    """Tell every run's state from the log alone (I26).

    Args:
        events: in order of their numbers.

    Raises:
        ValueError: an event starts from another state than those before it led to.
    """
    told: dict[RunKey, Told] = {}
    for event in events:
        if event.run is None or event.kind not in ("run", "task", "expanded", "collapsed"):
            continue
        if event.kind == "run":
            _fold_run(told, event.run, event)
            continue
        run, task = told[event.run], event.task or ""
        if event.kind == "task":
            _fold_task(run, (task, event.index), event)
        elif event.kind == "expanded":
            run.tasks[task, None] = TaskState.PENDING
        else:
            for where in [where for where in run.tasks if where[0] == task and where[1] is not None]:
                del run.tasks[where]
    return told


def _fold_run(told: dict[RunKey, Told], run: RunKey, event: EventView) -> None:
    if event.old is None:
        told[run] = Told(RunState(event.new or ""))
        return
    if told[run].state != event.old:
        raise ValueError(f"event {event.seq} moves {run} from {event.old}, it was {told[run].state}")
    told[run].state = RunState(event.new or "")


def _fold_task(run: Told, where: Where, event: EventView) -> None:
    was = run.tasks.get(where, TaskState.PENDING)
    if was != event.old:
        raise ValueError(f"event {event.seq} moves {event.run}/{where} from {event.old}, it was {was}")
    run.tasks[where] = TaskState(event.new or "")
    if event.attempt is not None:
        run.attempts[where] = max(run.attempts.get(where, 0), event.attempt)


def compare(rows: RowReader) -> list[str]:
    """Say where the folded log and the rows differ (I26); an empty list is the proof."""
    try:
        told = fold(rows.event_rows())
    except ValueError as error:
        return [str(error)]
    by_number = {view.number: view for view in rows.run_rows()}
    found = [
        f"{view.run} is {view.state}, its events say {told[view.run].state if view.run in told else 'nothing'}"
        for view in by_number.values()
        if view.run not in told or told[view.run].state is not view.state
    ]
    seen: dict[RunKey, set[Where]] = {}
    for number, row in rows.task_rows():
        run, where = by_number[number].run, (row.task, row.index)
        seen.setdefault(run, set()).add(where)
        said = told[run].tasks.get(where)
        if said is not row.state:
            found.append(f"{run}/{where} is {row.state}, its events say {said}")
    for run, of in told.items():
        lost = of.tasks.keys() - seen.get(run, set())
        found += [f"{run}/{where} has no row, its events say {of.tasks[where]}" for where in lost]
    return found


def validate_state(rows: RowReader) -> list[str]:
    """Say what is orphaned or contradicts itself (I2, I20, I27); an empty list is the proof."""
    runs = {view.number: view for view in rows.run_rows()}
    tasks = {(number, row.task, row.index) for number, row in rows.task_rows()}
    found = [f"task {task}[{index}] has no run {number}" for number, task, index in tasks if number not in runs]
    alive: Counter[tuple[int, str, int | None]] = Counter()
    for number, attempt in rows.attempt_rows():
        _, task, index, _ = attempt.key
        if number not in runs:
            found.append(f"attempt {attempt.key} has no run {number}")
        elif not _has_task(number, attempt, tasks):
            found.append(f"attempt {attempt.key} has no task")
        if attempt.state in ALIVE:
            alive[number, task, index] += 1
            # What is called after an end outlives its run.
            if attempt.kind != "hook" and number in runs and runs[number].state in RUN_FINAL:
                found.append(f"attempt {attempt.key} is {attempt.state}, its run is {runs[number].state}")
    found += [
        f"state {name} of {task}[{index}] has no task {number}"
        for number, task, index, name in rows.state_rows()
        if (number, task, index) not in tasks
    ]
    found += [f"{count} attempts of {where} are alive" for where, count in alive.items() if count > 1]
    found += _of_slots(rows, runs.values())
    found += [
        f"{view.run} failed without a culprit"
        for view in runs.values()
        if view.state is RunState.FAILED and not view.culprits
    ]
    return found


def _of_slots(rows: RowReader, runs: Collection[RunView]) -> Iterator[str]:
    """What the ledger says that is not so (I8, I37): a slot may outlive its runs, but not contradict them."""
    backfills = {view.row.id for view in rows.backfill_rows()}
    scheduled: Counter[tuple[str, object]] = Counter()
    placed: Counter[tuple[str, object]] = Counter()
    for view in runs:
        if view.row.backfill is not None and view.row.backfill not in backfills:
            yield f"{view.run} has no backfill {view.row.backfill}"
        if view.row.slot is not None:
            scheduled[view.run.dag, view.row.slot] += view.row.kind == "scheduled"
            placed[view.run.dag, view.row.slot] += view.placed
    yield from (f"{count} scheduled runs of {slot}" for slot, count in scheduled.items() if count > 1)
    yield from (f"{count} runs hold the place of {slot}" for slot, count in placed.items() if count > 1)
    slot_of = {str(view.run): (view.run.dag, view.row.slot) for view in runs}
    for slot in rows.slot_rows():
        for run in (slot.last_run, slot.last_good_run):
            if run in slot_of and slot_of[run] != (slot.dag, slot.slot):
                yield f"slot {slot.dag} {slot.slot} names {run}, a run of {slot_of[run]}"
        if not slot.last_run and slot.last_good_run:
            yield f"slot {slot.dag} {slot.slot} was good and had no run"


def _has_task(number: int, attempt: AttemptView, tasks: Collection[tuple[int, str, int | None]]) -> bool:
    """Whether an attempt belongs to a row; the hook of a DAG belongs to none.

    The items of a list that was made anew are gone; their attempts stay as history beside the whole task's row.
    """
    task = attempt.key.task
    if attempt.kind == "hook":
        task = task.partition("!")[0]
    return not task or (number, task, attempt.key.index) in tasks or (number, task, None) in tasks
