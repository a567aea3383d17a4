from __future__ import annotations

from typing import Any, Final

import msgspec

from segue.model.ids import RunKey
from segue.store.memory.tables import MemoryStore, indexes_of

__all__ = ["tables_under"]

_BY_RUN: Final = ("tasks", "attempts", "kept", "steps")
_replace = msgspec.structs.replace


def tables_under(store: MemoryStore, old: str, new: str) -> dict[str, Any]:
    """Tables in which a DAG has another id, by the names of the store's attributes; their order stays."""

    def run_of(run: RunKey) -> RunKey:
        return run._replace(dag=new) if run.dag == old else run

    def printed(text: str | None) -> str | None:
        return new + text.removeprefix(old) if text is not None and text.startswith(f"{old}@") else text

    def dag_of(dag: str | None) -> str | None:
        return new if dag == old else dag

    found: dict[str, Any] = {
        name: {run_of(run): rows for run, rows in getattr(store, name).items()} for name in _BY_RUN
    }
    found["runs"] = {
        run_of(run): _replace(view, row=_replace(view.row, run=run_of(run))) for run, view in store.runs.items()
    }
    found["tasks"] = {
        run: {where: _replace(row, reused_from=printed(row.reused_from)) for where, row in rows.items()}
        if run.dag == new
        else rows
        for run, rows in found["tasks"].items()
    }
    found["attempts"] = {
        run: {where: _replace(one, key=one.key._replace(run=run)) for where, one in rows.items()}
        for run, rows in found["attempts"].items()
    }
    found["versions"] = {(dag_of(dag), number): version for (dag, number), version in store.versions.items()}
    found["dags"] = {
        dag_of(dag): _replace(view, dag=new, former=(*view.former, old)) if dag == old else view
        for dag, view in store.dags.items()
    }
    found["slots"] = {
        (dag_of(key[0]), *key[1:]): _replace(
            view, dag=new, last_run=printed(view.last_run), last_good_run=printed(view.last_good_run)
        )
        if key[0] == old
        else view
        for key, view in store.slots.items()
    }
    found["eased"] = {
        (dag_of(key[0]), *key[1:]): _replace(view, dag=dag_of(view.dag)) for key, view in store.eased.items()
    }
    found["answers"] = {
        name: view if view.run is None else _replace(view, run=run_of(view.run)) for name, view in store.answers.items()
    }
    found["events"] = [
        _replace(event, dag=dag_of(event.dag), run=None if event.run is None else run_of(event.run))
        for event in store.events
    ]
    found["scheduled"] = {(dag_of(key[0]), *key[1:]): True for key in store.scheduled}
    found["backfills"] = {
        number: _replace(view, row=_replace(view.row, dag=dag_of(view.row.dag)))
        for number, view in store.backfills.items()
    }

    def thing_of(thing: str) -> str:
        return new if thing == old else printed(thing) or ""

    found["alerts"] = {
        (thing_of(thing), *rest): _replace(view, alert=_replace(
            view.alert, thing=thing_of(thing), dag=dag_of(view.alert.dag),
            run=None if view.alert.run is None else run_of(view.alert.run),
        ))
        for (thing, *rest), view in store.alerts.items()
    }  # fmt: skip
    found["alert_last"] = {(thing_of(thing), *rest): last for (thing, *rest), last in store.alert_last.items()}
    return found | indexes_of(found["runs"])
