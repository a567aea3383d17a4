"""Statements of the hot path: what tasks and attempts do, and the log of it.

The drivers take ten times as long for a None, an enum or bytes as for a number or text, so the moves that nearly every
task makes (`queue_task`, `pass_task`, `finish_attempt`) have statements in which what they leave empty is written out.
The order of the tuples is repeated here in words and checked when a dialect is compiled.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import case, delete, func, select, update

from segue.store.schema import NO_INDEX, attempts, events, steps, task_state, tasks
from segue.store.sql.grammar import NO_TEXT, NULL, ONE, ZERO, Grammar, param, params, text_of, this_task

__all__ = ["Moves"]

_KEY: Final = ["run", "task_id", "map_index"]
_MOVED: Final = (
    "state", "round", "tries", "losses", "platform", "not_before", "why", "number", "length", "marked", "followed",
    "reused_from", "started", "ended", "digest", "ref", "inline", "preview", "staged",
)  # fmt: skip
_MADE: Final = "run task_id map_index number round fence state cause text worker created"
_SAID: Final = ("state", "cause", "text", "exit_code", "signal", "peak_rss", "cpu", "notes", "ended", "rows", "source")
_EVENT: Final = "seq at epoch kind dag run task_id map_index attempt old new why_code actor"
_PENDING: Final = tasks.c.state == text_of("'pending'")


class Moves:
    """The statements of one dialect.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        #: A task leaves PENDING: with or without a row.
        self.put_task = g.text_of_row(_leave_pending(g, g.add(tasks)), (*_KEY, *_MOVED))
        #: It leaves PENDING for QUEUED.
        self.queue_task = _queue_task(g)
        self.move_task = _move_task(g)
        #: It succeeds with a value that lies in its row.
        self.pass_task = _pass_task(g)
        self.expand = _expand(g)
        self.collapse = g.text(delete(tasks).where(*_items_of(tasks)), *params("run task_id"))
        #: The row without index keeps the highest number of any attempt of its items: theirs go on from there.
        self.unexpand = _unexpand(g)
        self.add_attempt = g.text_of_row(g.add(attempts), _MADE)
        #: Of another kind than *user*.
        self.add_special_attempt = g.text_of_row(g.add(attempts), _MADE.replace("number", "number kind"))
        self.move_attempt = _move_attempt(g)
        #: It ends and leaves neither log nor notes nor rows, and had no process end with it.
        self.finish_attempt = _finish_attempt(g)
        put_state = g.add(task_state)
        self.set_state = g.text_of_row(
            put_state.on_conflict_do_update(
                index_elements=[*_KEY, "name"], set_={"value": put_state.excluded.value}
            ),
            (*_KEY, "name", "value"),
        )  # fmt: skip
        #: What the items of a list that is made anew have kept: they are other items.
        self.forget_state = g.text(delete(task_state).where(*_items_of(task_state)), *params("run task_id"))
        self.add_step = g.text_of_row(g.add(steps), "run seq step")
        self.add_plain_event = g.text_of_row(g.add(events), _EVENT)
        self.add_event = g.text_of_row(g.add(events), _EVENT.replace("actor", "why_args actor"))


def _items_of(table: Any) -> list[Any]:
    columns = table.c
    return [columns.run == param("run"), columns.task_id == param("task_id"), columns.map_index > text_of(NO_INDEX)]


def _leave_pending(g: Grammar, insertion: Any) -> Any:
    return insertion.on_conflict_do_update(
        index_elements=_KEY,
        set_={name: insertion.excluded[name] for name in _MOVED}
        | {"number": g.greater(tasks.c.number, insertion.excluded.number)},
        where=_PENDING,
    )


def _queue_task(g: Grammar) -> str:
    names = "run task_id map_index round tries losses platform why number"
    row = {name: param(name) for name in names.split()}
    row |= {"state": text_of("'queued'"), "marked": ZERO, "digest": g.empty()}
    return g.text(_leave_pending(g, g.add(tasks).values(row)), *params(names))


def _move_task(g: Grammar) -> str:
    moved = {name: param(name) for name in _MOVED} | {
        "number": g.greater(tasks.c.number, param("number")),
        "started": case((param("reopened") == ONE, None), else_=func.coalesce(tasks.c.started, param("started"))),
    }
    names = " ".join(_MOVED).replace("started", "reopened started") + " run task_id map_index old"
    return g.text(update(tasks).values(moved).where(this_task(tasks), tasks.c.state == param("old")), *params(names))


def _pass_task(g: Grammar) -> str:
    names = "round tries losses platform why number started ended digest inline"
    passed = (
        dict.fromkeys(("not_before", "length", "followed", "reused_from", "ref", "preview", "staged"), NULL)
        | {name: param(name) for name in names.split()}
        | {
            "state": text_of("'success'"),
            "marked": ZERO,
            "number": g.greater(tasks.c.number, param("number")),
            "started": func.coalesce(tasks.c.started, param("started")),
        }
    )
    return g.text(
        update(tasks).values(passed).where(this_task(tasks), tasks.c.state == param("old")),
        *params(names + " run task_id map_index old"),
    )


def _expand(g: Grammar) -> str:
    insertion = g.add(tasks).values(
        run=param("run"), task_id=param("task_id"), map_index=text_of(NO_INDEX), state=text_of("'pending'"),
        round=param("round"), expanded=param("expanded"), tries=ZERO, losses=ZERO, platform=ZERO, number=ZERO,
        marked=ZERO, digest=g.empty(),
    )  # fmt: skip
    excluded = insertion.excluded
    return g.text(
        insertion.on_conflict_do_update(
            index_elements=_KEY, set_={"round": excluded.round, "expanded": excluded.expanded}, where=_PENDING
        ),
        *params("run task_id round expanded"),
    )


def _unexpand(g: Grammar) -> str:
    items = tasks.alias("items")
    highest = select(func.max(items.c.number)).where(items.c.run == tasks.c.run, items.c.task_id == tasks.c.task_id)
    whole = [
        tasks.c.run == param("run"), tasks.c.task_id == param("task_id"), tasks.c.map_index == text_of(NO_INDEX)
    ]  # fmt: skip
    return g.text(
        update(tasks).values(expanded=NULL, round=param("round"), number=highest.scalar_subquery()).where(*whole),
        *params("round run task_id"),
    )


def _this_attempt() -> list[Any]:
    return [this_task(attempts), attempts.c.number == param("number"), attempts.c.state == param("old")]


def _worker() -> dict[str, Any]:
    return {
        "worker": func.coalesce(func.nullif(param("worker"), NO_TEXT), attempts.c.worker),
        "started": func.coalesce(param("started"), attempts.c.started),
    }


def _move_attempt(g: Grammar) -> str:
    moved = {name: param(name) for name in _SAID} | {"log": func.coalesce(param("log"), attempts.c.log)} | _worker()
    return g.text(
        update(attempts).values(moved).where(*_this_attempt()),
        *params(
            "state cause text exit_code signal peak_rss cpu worker log notes started ended rows source"
            " run task_id map_index number old"
        ),
    )


def _finish_attempt(g: Grammar) -> str:
    names = "state cause text peak_rss cpu"
    finished = (
        dict.fromkeys(("exit_code", "signal", "notes", "rows"), NULL)
        | {"source": NO_TEXT}
        | {name: param(name) for name in (*names.split(), "ended")}
        | _worker()
    )
    return g.text(
        update(attempts).values(finished).where(*_this_attempt()),
        *params(names + " worker started ended run task_id map_index number old"),
    )
