from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from segue.model.ids import RunKey
from segue.store.memory.tables import MemoryStore, indexes_of

__all__ = ["tables_under"]

_BY_RUN: Final = ("tasks", "attempts", "kept", "steps")
_replace = msgspec.structs.replace


class _Renaming(NamedTuple):
    old: str
    new: str

    def run(self, run: RunKey) -> RunKey:
        return run._replace(dag=self.new) if run.dag == self.old else run

    def run_or_none(self, run: RunKey | None) -> RunKey | None:
        return None if run is None else self.run(run)

    def printed(self, text: str | None) -> str | None:
        is_of = text is not None and text.startswith(f"{self.old}@")
        return self.new + text.removeprefix(self.old) if text is not None and is_of else text

    def dag(self, dag: str | None) -> Any:
        return self.new if dag == self.old else dag

    def thing(self, thing: str) -> str:
        return self.new if thing == self.old else self.printed(thing) or ""


def tables_under(store: MemoryStore, old: str, new: str) -> dict[str, Any]:
    """Tables in which a DAG has another id, by the names of the store's attributes; their order stays."""
    to = _Renaming(old, new)
    found = _of_runs(store, to) | _of_dags(store, to) | _of_alerts(store, to)
    return found | indexes_of(found["runs"], found["slots"])


def _of_runs(store: MemoryStore, to: _Renaming) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: {to.run(run): rows for run, rows in getattr(store, name).items()} for name in _BY_RUN
    }
    found["runs"] = {
        to.run(run): _replace(view, row=_replace(view.row, run=to.run(run))) for run, view in store.runs.items()
    }
    found["tasks"] = {
        run: {where: _replace(row, reused_from=to.printed(row.reused_from)) for where, row in rows.items()}
        if run.dag == to.new
        else rows
        for run, rows in found["tasks"].items()
    }
    found["attempts"] = {
        run: {where: _replace(one, key=one.key._replace(run=run)) for where, one in rows.items()}
        for run, rows in found["attempts"].items()
    }
    found["answers"] = {name: _replace(view, run=to.run_or_none(view.run)) for name, view in store.answers.items()}
    found["events"] = [_replace(event, dag=to.dag(event.dag), run=to.run_or_none(event.run)) for event in store.events]
    return found


def _of_dags(store: MemoryStore, to: _Renaming) -> dict[str, Any]:
    return {
        "versions": {(to.dag(dag), number): version for (dag, number), version in store.versions.items()},
        "brought": {(to.dag(dag), number): brought for (dag, number), brought in store.brought.items()},
        "dags": {
            to.dag(dag): _replace(view, dag=to.new, former=(*view.former, to.old)) if dag == to.old else view
            for dag, view in store.dags.items()
        },
        "slots": {
            (to.dag(key[0]), *key[1:]): _replace(
                view, dag=to.new, last_run=to.printed(view.last_run), last_good_run=to.printed(view.last_good_run)
            )
            if key[0] == to.old
            else view
            for key, view in store.slots.items()
        },
        "scheduled": {(to.dag(key[0]), *key[1:]): True for key in store.scheduled},
        "eased": {
            (to.dag(key[0]), *key[1:]): _replace(view, dag=to.dag(view.dag)) for key, view in store.eased.items()
        },
        "backfills": {
            number: _replace(view, row=_replace(view.row, dag=to.dag(view.row.dag)))
            for number, view in store.backfills.items()
        },
    }


def _of_alerts(store: MemoryStore, to: _Renaming) -> dict[str, Any]:
    alerts = {}
    for (thing, *rest), view in store.alerts.items():
        alert = view.alert
        about = {"thing": to.thing(thing), "dag": to.dag(alert.dag), "run": to.run_or_none(alert.run)}
        alerts[to.thing(thing), *rest] = _replace(view, alert=_replace(alert, **about))
    last = {(to.thing(thing), *rest): at for (thing, *rest), at in store.alert_last.items()}
    return {"alerts": alerts, "alert_last": last}
