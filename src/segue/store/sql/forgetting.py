from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal_column, select, tuple_

from segue.model.ids import RunKey
from segue.model.state import RUN_FINAL
from segue.store.facts import ALIVE, DAY, ENDED_BACKFILLS
from segue.store.schema import (
    alerts,
    attempts,
    backfills,
    bundles,
    dags,
    deliveries,
    events,
    requests,
    runs,
    silences,
    steps,
    task_state,
    tasks,
    versions,
)
from segue.store.sql.desk import Desk
from segue.store.sql.grammar import Grammar, param, params, text_of

__all__ = ["Forgetting", "is_free"]

_OF_RUN: Final = (tasks, attempts, task_state, steps, events, requests)


def is_free() -> ColumnElement[bool]:
    """A run that has ended, owes no hook, and belongs to no backfill that has not ended."""
    hook = exists().where(
        attempts.c.run == runs.c.id, attempts.c.kind == text_of("'hook'"), _one_of(attempts.c.state, ALIVE)
    )
    backfill = exists().where(backfills.c.id == runs.c.backfill, ~_one_of(backfills.c.state, ENDED_BACKFILLS))
    return and_(_one_of(runs.c.state, RUN_FINAL), ~hook, ~backfill)


class Forgetting:
    """The statements by which old runs are removed, in one dialect.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        this = [runs.c[name] == param(name) for name in ("dag", "key", "n")]
        self._find = g.text(
            select(runs.c.id, runs.c.version, runs.c.bundle).where(*this, is_free()),
            *params("dag key n"),
        )
        told = [events.c.run == param("run"), events.c.kind == text_of("'run'")]
        self._last = g.text(select(func.max(events.c.seq), func.max(events.c.at)).where(*told), *params("run"))
        self._of_run = [g.text(delete(table).where(table.c.run == param("run")), *params("run")) for table in _OF_RUN]
        self._run = g.text(delete(runs).where(runs.c.id == param("run")), *params("run"))
        self._events = g.text(
            delete(events).where(events.c.run.is_(None), events.c.seq <= param("seq")), *params("seq")
        )
        self._before = [g.text(statement, *params("at")) for statement in _before()]
        self._version = g.text(_unused_version(), *params("dag number"))
        self._bundle = g.text(_unused_bundle(), *params("digest"))

    def write(self, desk: Desk, asked: Iterable[RunKey]) -> tuple[RunKey, ...]:
        """Remove runs that have ended, and what was written about no run before the last of them ended.

        Answers and alerts stay a day longer: somebody may ask again.

        Returns:
            Those that were there to be removed.
        """
        found = {run: row for run in asked if (row := desk.ask(self._find, run)) is not None}
        if not found:
            return ()
        ids = [(row[0],) for row in found.values()]
        told = [desk.ask(self._last, one) for one in ids]
        seq, at = (max(row[column] or 0 for row in told) for column in (0, 1))
        for statement in (*self._of_run, self._run):
            desk.write(statement, ids, "old runs", exact=False)
        desk.write(self._events, [(seq,)], "old events", exact=False)
        for statement in self._before:
            desk.write(statement, [(at - DAY,)], "old rows", exact=False)
        versions_of = {(run.dag, row[1]) for run, row in found.items()}
        desk.write(self._version, sorted(versions_of), "old versions", exact=False)
        desk.write(
            self._bundle, [(digest,) for digest in sorted({row[2] for row in found.values()})], "old bundles", False
        )
        return tuple(found)


def _one_of(column: Any, states: Iterable[str]) -> ColumnElement[bool]:
    return column.in_([literal_column(f"'{state}'") for state in sorted(states)])  # type: ignore[no-any-return]


def _before() -> tuple[Any, ...]:
    """What was written before an instant, about no run."""
    key = [alerts.c.thing, alerts.c.kind, alerts.c.episode]
    old = select(*key).where(alerts.c.last <= param("at"))
    return (
        delete(requests).where(
            requests.c.run.is_(None), requests.c.at <= param("at"), requests.c.answered.is_not(None)
        ),
        delete(deliveries).where(tuple_(deliveries.c.thing, deliveries.c.kind, deliveries.c.episode).in_(old)),
        delete(alerts).where(alerts.c.last <= param("at")),
        delete(silences).where(silences.c.until <= param("at")),
    )  # fmt: skip


def _unused_version() -> Any:
    v, newer = versions.c, versions.alias("newer")
    highest = select(func.max(newer.c.number)).where(newer.c.dag == v.dag).scalar_subquery()
    return delete(versions).where(
        v.dag == param("dag"),
        v.number == param("number"),
        # Numbers that people have seen are never given again.
        v.number < highest,
        ~exists().where(dags.c.dag_id == v.dag, dags.c.version == v.number),
        ~exists().where(backfills.c.dag == v.dag, backfills.c.version == v.number),
        ~exists().where(runs.c.dag == v.dag, runs.c.version == v.number),
    )


def _unused_bundle() -> Any:
    digest = bundles.c.digest
    return delete(bundles).where(
        digest == param("digest"),
        ~exists().where(dags.c.bundle == digest),
        ~exists().where(backfills.c.bundle == digest),
        ~exists().where(runs.c.bundle == digest),
    )
