"""All statements of one dialect: built in SQLAlchemy Core, compiled once, executed as text by the driver's own cursor.

In batches of hundreds SQLAlchemy's `exec_driver_sql` would do as well; in a turn of one task it costs a quarter of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from sqlalchemy import Table, case, delete, func, select, update

from segue.store.schema import (
    bundles,
    connections,
    dags,
    eased,
    events,
    meta,
    pools,
    requests,
    runs,
    secrets,
    slots,
    tasks,
    versions,
)
from segue.store.sql.alerts import Alerts
from segue.store.sql.clocks import Clocks
from segue.store.sql.deeds import Deeds
from segue.store.sql.forgetting import Forgetting
from segue.store.sql.grammar import NO_TEXT, ONE, Grammar, param, params, text_of
from segue.store.sql.ledger import Ledger
from segue.store.sql.moves import Moves
from segue.store.sql.renaming import Renaming

__all__ = ["SEALED", "Statements"]

SEALED: Final = {"connection": connections, "secret": secrets}
"""Where what is encrypted lies, by kind."""

_RUN: Final = (
    "dag key n request_id slot_start slot_end kind backfill class version bundle environment params actor reason state"
    " round placed due created"
)
_RUN_MOVED: Final = (
    "state", "round", "placed", "why", "culprits", "cancel_at", "stop", "stopped_by", "spent", "placed_at",
)  # fmt: skip
_OF_SEALED: Final = ("sealed", "key_id", "at", "actor")
_RESULT: Final = (tasks.c.inline, tasks.c.ref, tasks.c.length, tasks.c.digest)


class Statements:
    """The statements of one dialect.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        self._grammar = g
        self.moves = Moves(g)
        self.last_event = g.text(select(func.max(events.c.seq)))
        self.epoch = g.text(select(meta.c.value).where(meta.c.name == text_of("'epoch'")))
        self.set_meta = g.put(meta, ("name",), ("value",))
        # ----------------------------------------------------------------------------------------------------- runs
        self.add_run = g.text_of_row(g.add(runs), _RUN)
        #: With a number that the writer gives.
        self.add_numbered_run = g.text_of_row(g.add(runs), "id " + _RUN)
        self.find_run = g.text(select(runs.c.id).where(*_this_run()), *params("dag key n"))
        self.move_run = _move_run(g)
        # ---------------------------------------------------------------------------------------- dags and the rest
        self.add_bundle = g.text_of_row(g.add(bundles).on_conflict_do_nothing(), "digest location created")
        self.find_version = _find_version(g)
        self.add_version = g.text_of_row(g.add(versions), "dag spec_digest code_digest number spec label created")
        self.set_dag = g.put(dags, ("dag_id",), ("location", "file", "version", "bundle", "quarantined", "error"))
        self.fail_definition = g.text(
            update(dags).values(error=param("error")).where(
                dags.c.location == param("location"), dags.c.file == param("file")
            ),
            *params("error location file"),
        )  # fmt: skip
        self.quarantine = g.text(
            update(dags).values(quarantined=param("why")).where(dags.c.dag_id == param("dag")), *params("why dag")
        )
        self.clocks = Clocks(g)
        self.alerts = Alerts(g)
        self.deeds = Deeds(g)
        self.move_slot = _move_slot(g)
        #: A scheduled run was made for it.
        self.mark_slot = _mark_slot(g)
        #: A request and its answer: new, or one whose row has waited for it.
        self.add_request = _add_request(g)
        self.set_pool = g.put(pools, ("name",), ("slots",))
        self.take_pool = g.text(delete(pools).where(pools.c.name == param("name")), *params("name"))
        self.ease = g.text_of_row(g.add(eased).on_conflict_do_nothing(), "dag task guard like at")
        self.seal = {kind: g.put(table, ("name",), _OF_SEALED) for kind, table in SEALED.items()}
        #: Only where it still holds what was read: a value written meanwhile stays.
        self.seal_again = {kind: _seal_again(g, table) for kind, table in SEALED.items()}
        self.unseal = {kind: _unseal(g, table) for kind, table in SEALED.items()}
        # -------------------------------------------------------------------------------------------------- results
        self.result = _result(g)
        self.results = _results(g)

    # Nearly half of all the compiling, and most commands need none of it.
    @cached_property
    def rename(self) -> Renaming:
        """A DAG has another id."""
        return Renaming(self._grammar)

    @cached_property
    def forgetting(self) -> Forgetting:
        """Runs that nobody needs any more go."""
        return Forgetting(self._grammar)

    @cached_property
    def ledger(self) -> Ledger:
        """What is known of slots."""
        return Ledger(self._grammar)


def _this_run() -> list[Any]:
    return [runs.c.dag == param("dag"), runs.c.key == param("key"), runs.c.n == param("n")]


def _move_run(g: Grammar) -> str:
    moved = {name: param(name) for name in _RUN_MOVED} | {
        "class": func.coalesce(param("class"), runs.c["class"]),
        "started": func.coalesce(param("started"), runs.c.started),
        "ended": case((param("reopened") == ONE, None), else_=func.coalesce(param("ended"), runs.c.ended)),
    }
    return g.text(
        update(runs).values(moved).where(runs.c.id == param("run"), runs.c.state == param("old")),
        *params(
            "class state round placed why culprits cancel_at started reopened ended stop stopped_by spent placed_at"
            " run old"
        ),
    )


def _find_version(g: Grammar) -> str:
    names = "dag spec_digest code_digest"
    return g.text(
        select(versions.c.number).where(*(versions.c[name] == param(name) for name in names.split())), *params(names)
    )


def _move_slot(g: Grammar) -> str:
    insertion = g.add(slots)
    fresh = insertion.excluded
    return g.text_of_row(
        insertion.on_conflict_do_update(
            index_elements=["dag", "slot_start", "slot_end"],
            set_={
                "last_run": func.coalesce(func.nullif(fresh.last_run, NO_TEXT), slots.c.last_run),
                "last_good_run": func.coalesce(fresh.last_good_run, slots.c.last_good_run),
                "state": fresh.state,
                # Where no run has to do with it only the state is new.
                "version": case((fresh.last_run == NO_TEXT, slots.c.version), else_=fresh.version),
            },
        ),
        "dag slot_start slot_end last_run last_good_run state version",
    )


def _mark_slot(g: Grammar) -> str:
    row = {name: param(name) for name in ("dag", "slot_start", "slot_end", "version")}
    row |= {"last_run": NO_TEXT, "state": text_of("'missing'"), "scheduled": ONE}
    return g.text(
        g.add(slots).values(row).on_conflict_do_update(
            index_elements=["dag", "slot_start", "slot_end"], set_={"scheduled": ONE}
        ),
        *params("dag slot_start slot_end version"),
    )  # fmt: skip


def _add_request(g: Grammar) -> str:
    answer = ("answered", "outcome", "why", "run")
    insertion = g.add(requests)
    return g.text_of_row(
        insertion.on_conflict_do_update(
            index_elements=["id"],
            set_={name: insertion.excluded[name] for name in answer},
            where=requests.c.answered.is_(None),
        ),
        ("id", "actor", "act", "at", *answer),
    )


def _seal_again(g: Grammar, table: Table) -> str:
    here = [table.c.name == param("name"), table.c.sealed == param("was")]
    return g.text(
        update(table).values({name: param(name) for name in _OF_SEALED}).where(*here),
        *params("sealed key_id at actor name was"),
    )


def _unseal(g: Grammar, table: Table) -> str:
    here = [table.c.name == param("name"), table.c.sealed == func.coalesce(param("was"), table.c.sealed)]
    return g.text(delete(table).where(*here), *params("name was"))


def _of_run() -> list[Any]:
    return [
        tasks.c.run.in_(select(runs.c.id).where(*_this_run())),
        tasks.c.task_id == param("task_id"),
        tasks.c.state == text_of("'success'"),
    ]


def _result(g: Grammar) -> str:
    return g.text(
        select(*_RESULT).where(*_of_run(), tasks.c.map_index == param("map_index")),
        *params("dag key n task_id map_index"),
    )


def _results(g: Grammar) -> str:
    return g.text(
        select(tasks.c.map_index, *_RESULT)
        .where(*_of_run(), tasks.c.map_index >= param("first"), tasks.c.map_index < param("stop"))
        .order_by(tasks.c.map_index),
        *params("dag key n task_id first stop"),
    )
