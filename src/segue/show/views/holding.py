"""Held tasks, as a person sees them who has to release or reject: what is held beside what was good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.model.api.runs import HeldTask, Preview
from segue.model.views import HeldView, RunDetail
from segue.show.views.facts import previews
from segue.show.views.times import at

__all__ = ["differences", "held_tasks"]

_NAMED: Final = 5


def held_tasks(detail: RunDetail, good: RunDetail | None) -> Iterator[HeldTask]:
    """Every held task of a run.

    Args:
        detail: the run.
        good: the last good run before it, None where there is none.
    """
    now = _by_place(detail, detail.held)
    before = {} if good is None else _by_place(good, detail.held)
    for one in detail.held:
        place = (one.task, one.index)
        made, was = now.get(place), before.get(place)
        yield HeldTask(
            one.task, one.index, one.text, at(one.since), one.staged, made, was,
            None if good is None or was is None else str(good.run.run), tuple(differences(made, was)),
        )  # fmt: skip


def _by_place(detail: RunDetail, held: tuple[HeldView, ...]) -> dict[tuple[str, int | None], Preview]:
    tasks = {one.task for one in held}
    return {(one.task_id, one.map_index): one for task in sorted(tasks) for one in previews(detail, task)}


def differences(now: Preview | None, good: Preview | None) -> Iterator[str]:
    """What differs between what a task made now and what it made when it was good, as sentences."""
    if now is None or good is None:
        return
    if now.kind != good.kind:
        yield f"it is {now.kind}, it was {good.kind}"
    if now.items is not None and good.items is not None and now.items != good.items:
        yield f"{_rows(now.items)}, {_rows(good.items)} before{_change(now.items, good.items)}"
    elif now.size is not None and good.size is not None and now.size != good.size:
        yield f"{now.size:,} bytes, {good.size:,} before{_change(now.size, good.size)}"
    yield from _columns(dict(now.columns), dict(good.columns))
    if now.digest and now.digest == good.digest:
        yield "it is exactly the same as before"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _change(now: int, before: int) -> str:
    return f" ({100 * (now - before) / before:+.0f} %)" if before else ""


def _columns(now: dict[str, str], before: dict[str, str]) -> Iterator[str]:
    if not now or not before:  # nothing to compare: an empty list has no columns
        return
    for word, names in (("new", now.keys() - before.keys()), ("gone", before.keys() - now.keys())):
        if names:
            shown = ", ".join(sorted(names)[:_NAMED])
            yield f"{word}: column{'s' if len(names) > 1 else ''} {shown}{' …' if len(names) > _NAMED else ''}"
    for name in sorted(now.keys() & before.keys()):
        if now[name] != before[name]:
            yield f"column {name} is {now[name]}, it was {before[name]}"
