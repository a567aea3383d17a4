from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import case, func, update

from segue.model.backfills import BackfillRow
from segue.model.changes import BackfillMade, BackfillMoved, SlotsForetold, TimingSet
from segue.store.facts import ENDED_BACKFILLS
from segue.store.schema import backfills, dags
from segue.store.sql.desk import Desk
from segue.store.sql.grammar import ONE, Grammar, param, params

__all__ = ["Clocks"]

_encode: Final = msgspec.msgpack.Encoder().encode
_ROW: Final = "dag total order cap only version bundle params reason request actor created slots"
_CLOCK: Final = ("paused", "hard_paused", "until", "enabled_at", "cursor_end", "accepted", "generation")


class Clocks:
    """Writes where the clocks of DAGs stand, and backfills, in one dialect.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        timing = {name: param(name) for name in _CLOCK} | {"retired_at": _once(dags.c.retired_at)}
        self._set_timing = g.text(
            update(dags).values(timing).where(dags.c.dag_id == param("dag")),
            *params("paused hard_paused until enabled_at cursor_end ended at accepted generation dag"),
        )
        self._foretell = g.text(
            update(dags).values(foretold=param("foretold")).where(dags.c.dag_id == param("dag")),
            *params("foretold dag"),
        )
        self._add = g.text_of_row(g.add(backfills), "id dag state made" + _ROW.removeprefix("dag"))
        moved = {"state": param("state"), "made": param("made"), "ended": _once(backfills.c.ended)}
        self._move = g.text(
            update(backfills).values(moved).where(backfills.c.id == param("id"), backfills.c.state == param("old")),
            *params("state made ended at id old"),
        )
        self._replace = g.text(
            update(backfills).values({name: param(name) for name in _ROW.split()}).where(backfills.c.id == param("id")),
            *params(f"{_ROW} id"),
        )

    def set_timing(self, desk: Desk, change: TimingSet) -> None:
        """A clock stands elsewhere."""
        timing = change.timing
        row = (
            int(timing.paused), int(timing.hard), timing.until, timing.enabled, timing.cursor, int(timing.retired),
            change.at, timing.accepted, timing.generation, change.dag,
        )  # fmt: skip
        desk.write(self._set_timing, [row], change)

    def foretell(self, desk: Desk, change: SlotsForetold) -> None:
        """The next slots are known."""
        desk.write(self._foretell, [(_encode(change.foretold), change.dag)], change)

    def make_backfill(self, desk: Desk, change: BackfillMade) -> None:
        """There is a backfill more."""
        dag, *rest = _columns(change.row)
        desk.write(self._add, [(change.row.id, dag, change.state, 0, *rest)], change)

    def move_backfill(self, desk: Desk, change: BackfillMoved) -> None:
        """A backfill moves or gets on."""
        ended = int(change.new in ENDED_BACKFILLS)
        desk.write(self._move, [(change.new, change.made, ended, change.at, change.backfill, change.old)], change)
        if change.row is not None:
            desk.write(self._replace, [(*_columns(change.row), change.backfill)], change)


def _once(column: Any) -> Any:
    """The first instant at which it was so; nothing where it is not."""
    return case((param("ended") == ONE, func.coalesce(column, param("at"))), else_=None)


def _columns(row: BackfillRow) -> tuple[Any, ...]:
    return (
        row.dag, row.total, row.order, row.cap, _encode(row.only), row.version, row.bundle, row.params, row.reason,
        row.request, row.actor, row.created, row.slots,
    )  # fmt: skip
