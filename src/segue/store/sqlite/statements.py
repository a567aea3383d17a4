"""Statements of the hot path: built once in SQLAlchemy Core, executed as text with tuples by the driver's own cursor.

In batches of hundreds `exec_driver_sql` would do as well; in a turn of one task it costs a quarter of the turn.
The driver takes ten times as long for a None, an enum or bytes as for a number or text, so the moves that nearly every
task makes (QUEUE_TASK, PASS_TASK, FINISH_ATTEMPT) have statements in which what they leave empty is written out.
The order of the tuples is repeated here in words and checked when the module is loaded.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, and_, bindparam, case, delete, func, insert, literal_column, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import Executable

from segue.store.schema import (
    NO_INDEX,
    attempts,
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
    task_state,
    tasks,
    versions,
)

__all__ = [
    "ADD_ATTEMPT",
    "ADD_BUNDLE",
    "ADD_EVENT",
    "ADD_PLAIN_EVENT",
    "ADD_REQUEST",
    "ADD_RUN",
    "ADD_SPECIAL_ATTEMPT",
    "ADD_VERSION",
    "COLLAPSE",
    "EASE",
    "EPOCH",
    "EXPAND",
    "FAIL_DEFINITION",
    "FINISH_ATTEMPT",
    "FIND_RUN",
    "FIND_VERSION",
    "FORGET_STATE",
    "LAST_EVENT",
    "MOVE_ATTEMPT",
    "MOVE_RUN",
    "MOVE_SLOT",
    "MOVE_TASK",
    "PASS_TASK",
    "PUT_TASK",
    "QUARANTINE",
    "QUEUE_TASK",
    "RESULT",
    "RESULTS",
    "SEAL",
    "SEAL_AGAIN",
    "SET_DAG",
    "SET_META",
    "SET_POOL",
    "SET_STATE",
    "TAKE_POOL",
    "UNEXPAND",
    "UNSEAL",
]

_DIALECT: Final = sqlite.dialect(paramstyle="qmark")


def _text(clause: Executable, *names: str, columns: bool = False) -> str:
    made = clause.compile(dialect=_DIALECT, column_keys=list(names) if columns else None)  # type: ignore[attr-defined]
    if tuple(made.positiontup or ()) != names:
        raise AssertionError(f"order of {names} in {made}: {made.positiontup}")
    return str(made)


def _param(name: str) -> Any:
    return bindparam("p_" + name)


def _params(names: str) -> tuple[str, ...]:
    return tuple("p_" + name for name in names.split())


def _add(table: Table, names: str) -> str:
    return _text(insert(table), *names.split(), columns=True)


def _this_task(table: Table) -> Any:
    return and_(
        table.c.run == _param("run"), table.c.task_id == _param("task_id"), table.c.map_index == _param("map_index")
    )


LAST_EVENT: Final = _text(select(func.max(events.c.seq)))
EPOCH: Final = _text(select(meta.c.value).where(meta.c.name == literal_column("'epoch'")))
_put_meta = sqlite.insert(meta)
SET_META: Final = _text(
    _put_meta.on_conflict_do_update(index_elements=["name"], set_={"value": _put_meta.excluded.value}),
    "name", "value", columns=True,
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------ tasks, attempts
_MOVED = (
    "state", "round", "tries", "losses", "platform", "not_before", "why", "number", "length", "marked", "followed",
    "reused_from", "started", "ended", "digest", "ref", "inline", "preview", "staged",
)  # fmt: skip
_NULL: Final[Any] = literal_column("NULL")
_NO_TEXT: Final[Any] = literal_column("''")
_NO_BYTES: Final[Any] = literal_column("x''")


def _greatest(one: Any, other: Any) -> Any:
    return func.max(one, other)


def _leave_pending(insertion: Any) -> Any:
    return insertion.on_conflict_do_update(
        index_elements=["run", "task_id", "map_index"],
        set_={name: insertion.excluded[name] for name in _MOVED}
        | {"number": _greatest(tasks.c.number, insertion.excluded.number)},
        where=tasks.c.state == literal_column("'pending'"),
    )


PUT_TASK: Final = _text(_leave_pending(sqlite.insert(tasks)), "run", "task_id", "map_index", *_MOVED, columns=True)
"""A task leaves PENDING: with or without a row."""

_QUEUED: Final = "run task_id map_index round tries losses platform why number"
QUEUE_TASK: Final = _text(
    _leave_pending(
        sqlite.insert(tasks).inline().values(
            {name: _param(name) for name in _QUEUED.split()}
            | {"state": literal_column("'queued'"), "marked": literal_column("0"), "digest": _NO_BYTES}
        )
    ),
    *_params("run task_id map_index round tries losses platform why number"),
)  # fmt: skip
"""It leaves PENDING for QUEUED."""

MOVE_TASK: Final = _text(
    update(tasks)
    .values(
        {name: _param(name) for name in _MOVED}
        | {
            "number": _greatest(tasks.c.number, _param("number")),
            "started": case((_param("reopened"), None), else_=func.coalesce(tasks.c.started, _param("started"))),
        }
    )
    .where(_this_task(tasks), tasks.c.state == _param("old")),
    *_params(" ".join(_MOVED).replace("started", "reopened started") + " run task_id map_index old"),
)
_PASSED: Final = "round tries losses platform why number started ended digest inline"
PASS_TASK: Final = _text(
    update(tasks)
    .values(
        dict.fromkeys(("not_before", "length", "followed", "reused_from", "ref", "preview", "staged"), _NULL)
        | {name: _param(name) for name in _PASSED.split()}
        | {
            "state": literal_column("'success'"),
            "marked": literal_column("0"),
            "number": _greatest(tasks.c.number, _param("number")),
            "started": func.coalesce(tasks.c.started, _param("started")),
        }
    )
    .where(_this_task(tasks), tasks.c.state == _param("old")),
    *_params(_PASSED + " run task_id map_index old"),
)
"""It succeeds with a value that lies in its row."""

_expand = sqlite.insert(tasks).inline().values(
    run=_param("run"), task_id=_param("task_id"), map_index=literal_column(str(NO_INDEX)),
    state=literal_column("'pending'"), round=_param("round"), expanded=_param("expanded"),
    tries=literal_column("0"), losses=literal_column("0"), platform=literal_column("0"),
    number=literal_column("0"), marked=literal_column("0"), digest=_NO_BYTES,
)  # fmt: skip
EXPAND: Final = _text(
    _expand.on_conflict_do_update(
        index_elements=["run", "task_id", "map_index"],
        set_={"round": _expand.excluded.round, "expanded": _expand.excluded.expanded},
        where=tasks.c.state == literal_column("'pending'"),
    ),
    *_params("run task_id round expanded"),
)
COLLAPSE: Final = _text(
    delete(tasks).where(
        tasks.c.run == _param("run"), tasks.c.task_id == _param("task_id"),
        tasks.c.map_index > literal_column(str(NO_INDEX)),
    ),
    *_params("run task_id"),
)  # fmt: skip
_items = tasks.alias("items")
UNEXPAND: Final = _text(
    update(tasks)
    .values(
        expanded=literal_column("NULL"),
        round=_param("round"),
        number=select(func.max(_items.c.number))
        .where(_items.c.run == tasks.c.run, _items.c.task_id == tasks.c.task_id)
        .scalar_subquery(),
    )
    .where(
        tasks.c.run == _param("run"), tasks.c.task_id == _param("task_id"),
        tasks.c.map_index == literal_column(str(NO_INDEX)),
    ),
    *_params("round run task_id"),
)  # fmt: skip
"""The row without index keeps the highest number of any attempt of its items: theirs go on from there."""

_MADE: Final = "run task_id map_index number round fence state cause text worker created"
ADD_ATTEMPT: Final = _add(attempts, _MADE)
ADD_SPECIAL_ATTEMPT: Final = _add(attempts, _MADE.replace("number", "number kind"))
"""Of another kind than *user*."""
_SAID = ("state", "cause", "text", "exit_code", "signal", "peak_rss", "cpu", "notes", "ended", "rows", "source")
MOVE_ATTEMPT: Final = _text(
    update(attempts)
    .values(
        {name: _param(name) for name in _SAID}
        | {
            "worker": func.coalesce(func.nullif(_param("worker"), _NO_TEXT), attempts.c.worker),
            "log": func.coalesce(_param("log"), attempts.c.log),
            "started": func.coalesce(_param("started"), attempts.c.started),
        }
    )
    .where(_this_task(attempts), attempts.c.number == _param("number"), attempts.c.state == _param("old")),
    *_params(
        "state cause text exit_code signal peak_rss cpu worker log notes started ended rows source"
        " run task_id map_index number old"
    ),
)

_FINISHED: Final = "state cause text peak_rss cpu"
FINISH_ATTEMPT: Final = _text(
    update(attempts)
    .values(
        dict.fromkeys(("exit_code", "signal", "notes", "rows"), _NULL)
        | {"source": _NO_TEXT}
        | {name: _param(name) for name in (*_FINISHED.split(), "ended")}
        | {
            "worker": func.coalesce(func.nullif(_param("worker"), _NO_TEXT), attempts.c.worker),
            "started": func.coalesce(_param("started"), attempts.c.started),
        }
    )
    .where(_this_task(attempts), attempts.c.number == _param("number"), attempts.c.state == _param("old")),
    *_params(_FINISHED + " worker started ended run task_id map_index number old"),
)
"""It ends and leaves neither log nor notes nor rows, and had no process end with it."""

_put_state = sqlite.insert(task_state)
SET_STATE: Final = _text(
    _put_state.on_conflict_do_update(
        index_elements=["run", "task_id", "map_index", "name"], set_={"value": _put_state.excluded.value}
    ),
    "run", "task_id", "map_index", "name", "value", columns=True,
)  # fmt: skip
FORGET_STATE: Final = _text(
    delete(task_state).where(
        task_state.c.run == _param("run"), task_state.c.task_id == _param("task_id"),
        task_state.c.map_index > literal_column(str(NO_INDEX)),
    ),
    *_params("run task_id"),
)  # fmt: skip
"""What the items of a list that is made anew have kept: they are other items."""

_EVENT: Final = "seq at epoch kind dag run task_id map_index attempt old new why_code actor"
ADD_PLAIN_EVENT: Final = _add(events, _EVENT)
ADD_EVENT: Final = _add(events, _EVENT.replace("actor", "why_args actor"))

# ----------------------------------------------------------------------------------------------------------------- runs
ADD_RUN: Final = _add(
    runs,
    "dag key n request_id slot_start slot_end kind class version bundle environment params actor reason state round"
    " placed due created",
)
FIND_RUN: Final = _text(
    select(runs.c.id).where(runs.c.dag == _param("dag"), runs.c.key == _param("key"), runs.c.n == _param("n")),
    *_params("dag key n"),
)
_RUN_MOVED = (
    "state", "round", "placed", "why", "culprits", "cancel_at", "stop", "stopped_by", "spent", "placed_at",
)  # fmt: skip
MOVE_RUN: Final = _text(
    update(runs)
    .values(
        {name: _param(name) for name in _RUN_MOVED}
        | {
            "class": func.coalesce(_param("class"), runs.c["class"]),
            "started": func.coalesce(_param("started"), runs.c.started),
            "ended": case((_param("reopened"), None), else_=func.coalesce(_param("ended"), runs.c.ended)),
        }
    )
    .where(runs.c.id == _param("run"), runs.c.state == _param("old")),
    *_params(
        "class state round placed why culprits cancel_at started reopened ended stop stopped_by spent placed_at run old"
    ),
)

# ---------------------------------------------------------------------------------------------------- dags and the rest
ADD_BUNDLE: Final = _text(
    sqlite.insert(bundles).on_conflict_do_nothing(), "digest", "location", "created", columns=True
)
FIND_VERSION: Final = _text(
    select(versions.c.number).where(
        versions.c.dag == _param("dag"), versions.c.spec_digest == _param("spec_digest"),
        versions.c.code_digest == _param("code_digest"),
    ),
    *_params("dag spec_digest code_digest"),
)  # fmt: skip
ADD_VERSION: Final = _add(versions, "dag spec_digest code_digest number spec created")
_OF_DAG = ("location", "file", "version", "bundle", "quarantined", "error")
_dag = sqlite.insert(dags)
SET_DAG: Final = _text(
    _dag.on_conflict_do_update(
        index_elements=["dag_id"],
        set_={name: _dag.excluded[name] for name in _OF_DAG},
    ),
    "dag_id", *_OF_DAG, columns=True,
)  # fmt: skip
FAIL_DEFINITION: Final = _text(
    update(dags).values(error=_param("error")).where(
        dags.c.location == _param("location"), dags.c.file == _param("file")
    ),
    *_params("error location file"),
)  # fmt: skip
QUARANTINE: Final = _text(
    update(dags).values(quarantined=_param("why")).where(dags.c.dag_id == _param("dag")), *_params("why dag")
)
_slot = sqlite.insert(slots)
MOVE_SLOT: Final = _text(
    _slot.on_conflict_do_update(
        index_elements=["dag", "slot_start", "slot_end"],
        set_={
            "last_run": _slot.excluded.last_run,
            "last_good_run": func.coalesce(_slot.excluded.last_good_run, slots.c.last_good_run),
            "state": _slot.excluded.state,
            "version": _slot.excluded.version,
        },
    ),
    "dag", "slot_start", "slot_end", "last_run", "last_good_run", "state", "version", columns=True,
)  # fmt: skip
_ANSWER = ("answered", "outcome", "why", "run")
_ask = sqlite.insert(requests)
ADD_REQUEST: Final = _text(
    _ask.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _ask.excluded[name] for name in _ANSWER},
        where=requests.c.answered.is_(None),
    ),
    "id", "actor", "act", "at", *_ANSWER, columns=True,
)  # fmt: skip
"""A request and its answer: new, or one whose row has waited for it."""
_pool = sqlite.insert(pools)
SET_POOL: Final = _text(
    _pool.on_conflict_do_update(index_elements=["name"], set_={"slots": _pool.excluded.slots}),
    "name", "slots", columns=True,
)  # fmt: skip
TAKE_POOL: Final = _text(delete(pools).where(pools.c.name == _param("name")), *_params("name"))
EASE: Final = _text(sqlite.insert(eased).on_conflict_do_nothing(), "dag", "task", "guard", "like", "at", columns=True)


def _seal(table: Table) -> str:
    put = sqlite.insert(table)
    names = ("sealed", "key_id", "at", "actor")
    return _text(
        put.on_conflict_do_update(index_elements=["name"], set_={name: put.excluded[name] for name in names}),
        "name", *names, columns=True,
    )  # fmt: skip


def _seal_again(table: Table) -> str:
    names = ("sealed", "key_id", "at", "actor")
    return _text(
        update(table)
        .values({name: _param(name) for name in names})
        .where(table.c.name == _param("name"), table.c.sealed == _param("was")),
        *_params("sealed key_id at actor name was"),
    )


def _unseal(table: Table) -> str:
    here = [table.c.name == _param("name"), table.c.sealed == func.coalesce(_param("was"), table.c.sealed)]
    return _text(delete(table).where(*here), *_params("name was"))


_SEALED: Final = {"connection": connections, "secret": secrets}
SEAL: Final = {kind: _seal(table) for kind, table in _SEALED.items()}
SEAL_AGAIN: Final = {kind: _seal_again(table) for kind, table in _SEALED.items()}
"""Only where it still holds what was read: a value written meanwhile stays."""
UNSEAL: Final = {kind: _unseal(table) for kind, table in _SEALED.items()}

# -------------------------------------------------------------------------------------------------------------- results
_VALUE = (tasks.c.inline, tasks.c.ref, tasks.c.length, tasks.c.digest)
_OF_RUN = (
    tasks.c.run.in_(
        select(runs.c.id).where(runs.c.dag == _param("dag"), runs.c.key == _param("key"), runs.c.n == _param("n"))
    ),
    tasks.c.task_id == _param("task_id"),
    tasks.c.state == literal_column("'success'"),
)
RESULT: Final = _text(
    select(*_VALUE).where(*_OF_RUN, tasks.c.map_index == _param("map_index")),
    *_params("dag key n task_id map_index"),
)
RESULTS: Final = _text(
    select(tasks.c.map_index, *_VALUE)
    .where(*_OF_RUN, tasks.c.map_index >= _param("first"), tasks.c.map_index < _param("stop"))
    .order_by(tasks.c.map_index),
    *_params("dag key n task_id first stop"),
)
