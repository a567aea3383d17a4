from __future__ import annotations

from typing import Final

from segue.model.changes import RunsForgotten
from segue.model.ids import RunKey
from segue.store.facts import DAY
from segue.store.memory.journal import Journal
from segue.store.memory.tables import MemoryStore, indexes_of

__all__ = ["forget"]

_BY_RUN: Final = ("tasks", "attempts", "kept", "steps")


def forget(store: MemoryStore, journal: Journal, change: RunsForgotten) -> tuple[RunKey, ...]:
    """Remove runs that have ended, and what was written about no run before the last of them ended.

    Answers and alerts stay a day longer: somebody may ask again.

    Returns:
        Those that were there to be removed.
    """
    ended = {run: view for run in change.runs if (view := store.runs.get(run)) and store.is_free(view)}
    if not ended:
        return ()
    moves = [event for event in store.events if event.kind == "run" and event.run in ended]
    seq, at = max(event.seq for event in moves), max(event.at for event in moves)
    events = [event for event in store.events if event.run not in ended and (event.run or event.seq > seq)]
    answers = {
        name: view for name, view in store.answers.items()
        if view.run not in ended and (view.run is not None or view.at > at - DAY)
    }  # fmt: skip
    runs = {run: view for run, view in store.runs.items() if run not in ended}
    alerts = {key: view for key, view in store.alerts.items() if store.alert_last[key] > at - DAY}
    silences = {name: view for name, view in store.silences.items() if view.until > at - DAY}
    journal.set(store, "events", events)
    journal.set(store, "alerts", alerts)
    journal.set(store, "silences", silences)
    journal.set(store, "answers", answers)
    journal.set(store, "runs", runs)
    for name in _BY_RUN:
        journal.set(store, name, {run: rows for run, rows in getattr(store, name).items() if run not in ended})
    for name, table in indexes_of(runs, store.slots).items():
        journal.set(store, name, table)
    used = {(run.dag, view.row.version) for run, view in runs.items()}
    used |= {(dag, view.version) for dag, view in store.dags.items()}
    used |= {(view.row.dag, view.row.version) for view in store.backfills.values()}
    for dag, number in {(run.dag, view.row.version) for run, view in ended.items()} - used:
        if any(of == dag and other > number for of, other in store.versions):
            journal.set(store, "versions", {key: one for key, one in store.versions.items() if key != (dag, number)})
    return tuple(ended)
