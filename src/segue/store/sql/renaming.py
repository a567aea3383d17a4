from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Integer, cast, func, select, update

from segue.store.schema import (
    alerts,
    backfills,
    dags,
    deliveries,
    eased,
    events,
    runs,
    slots,
    tasks,
    versions,
)
from segue.store.sql.desk import Desk
from segue.store.sql.grammar import ONE, Grammar, param, params

__all__ = ["Renaming"]


class Renaming:
    """The statements by which all that is kept of a DAG goes over to another id, in one dialect.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        before = func.coalesce(dags.c.renamed_from.op("||")(param("space")), param("empty")).op("||")(param("former"))
        self._dag = g.text(
            update(dags).values(dag_id=param("new"), renamed_from=before).where(dags.c.dag_id == param("old")),
            *params("new space empty former old"),
        )
        self._plain = [
            g.text(update(table).values(dag=param("new")).where(table.c.dag == param("old")), *params("new old"))
            for table in (versions, runs, eased, events, backfills, alerts)
        ]
        self._slots = g.text(
            update(slots)
            .values(
                dag=param("new"),
                last_run=_under("new_1", slots.c.last_run, "after_1"),
                last_good_run=_under("new_2", slots.c.last_good_run, "after_2"),
            )
            .where(slots.c.dag == param("old")),
            *params("new new_1 after_1 new_2 after_2 old"),
        )
        #: What a run took over is of a run of the same DAG.
        self._reused = g.text(
            update(tasks)
            .values(reused_from=_under("new", tasks.c.reused_from, "after"))
            .where(
                tasks.c.run.in_(select(runs.c.id).where(runs.c.dag == param("dag"))), tasks.c.reused_from.is_not(None)
            ),
            *params("new after dag"),
        )

        self._things = [
            g.text(
                update(table)
                .values(thing=_under("new", table.c.thing, "after"))
                .where(
                    (table.c.thing == param("old"))
                    | (func.substr(table.c.thing, ONE, cast(param("length"), Integer)) == param("start"))
                ),
                *params("new after old length start"),
            )
            for table in (alerts, deliveries)
        ]

    def write(self, desk: Desk, old: str, new: str) -> None:
        """Rename everything.

        Raises:
            Conflict: there is no DAG `old`, or there is a `new` one.
        """
        desk.write(self._dag, [(new, " ", "", old, old)], f"{old} renamed to {new}")
        for statement, row in self._rest(old, new):
            desk.write(statement, [row], "renaming", exact=False)

    def _rest(self, old: str, new: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        after = len(old) + 1
        for statement in self._plain:
            yield statement, (new, old)
        yield self._slots, (new, new, after, new, after, old)
        yield self._reused, (new, after, new)
        for statement in self._things:
            yield statement, (new, after, old, after, f"{old}@")


def _under(new: str, printed: Any, after: str) -> Any:
    """A printed run under another id: what stands after the old one, beginning with its `@`, stays."""
    return param(new).op("||")(func.substr(printed, cast(param(after), Integer)))
