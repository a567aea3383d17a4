"""What lies around a run: why it took so long, what it made, what waits for it, what failed like it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from segue.model.api.runs import Alike, Critical, Lane, ParamValue, Piece, Preview, Step, Timeline
from segue.model.errors import UnreadableValue
from segue.model.ids import Instant
from segue.model.sealing import SEALED
from segue.model.state import RunState
from segue.model.value import decode
from segue.model.views import AttemptView, RunDetail, RunQuery, TaskView
from segue.resolve.graph import topological_order
from segue.show.reading import Reading
from segue.show.views.runs import MOST, run_item
from segue.show.views.times import at, maybe_at

__all__ = ["alike_to", "critical", "param_values", "plain_value", "previews", "timeline_of"]

_LONGEST: Final = 900  # characters of a value
_ROWS, _COLUMNS, _CELL = 10, 20, 60  # of a table that is told: rows, columns, characters of a cell
_LOOKED_THROUGH: Final = 500  # failed runs
_VARIES: Final = re.compile(r"0x[0-9a-f]+|\d+")


def critical(detail: RunDetail) -> Critical:
    """The path that decided how long a run took: from what ended last back to what each had waited for longest."""
    last: dict[str, TaskView] = {}
    for entry in detail.entries():
        if entry.ended is not None and entry.ended >= (last[entry.task].ended or 0 if entry.task in last else 0):
            last[entry.task] = entry
    upstream = {task.id: task.upstream for task in detail.spec.tasks}
    rank = {name: number for number, name in enumerate(topological_order(detail.spec.tasks))}

    def when(entry: TaskView) -> tuple[int, int]:
        return entry.ended or 0, rank[entry.task]

    steps: list[Step] = []
    found = max(last.values(), key=when, default=None)
    while found is not None:
        before = max((last[up] for up in upstream[found.task] if up in last), key=when, default=None)
        steps.append(_step(found, detail.run.started if before is None else before.ended))
        found = before
    total = sum(step.waited_seconds + step.ran_seconds for step in steps)
    return Critical(str(detail.run.run), round(total, 6), tuple(reversed(steps)))


def _step(entry: TaskView, since: Instant | None) -> Step:
    ended = entry.ended or 0
    began = ended if entry.started is None else entry.started
    waited = 0 if since is None else max(0, began - since)
    return Step(entry.task, entry.index, str(entry.state), waited / 1e6, max(0, ended - began) / 1e6)


def timeline_of(detail: RunDetail, now: Instant, most: int = MOST) -> Timeline:
    """A run as a Gantt chart.

    Args:
        detail: the run.
        now: the present, up to which whatever runs is drawn.
        most: lines that are told; the rest is counted.
    """
    groups = {task.id: task.group for task in detail.spec.tasks}
    states = {(entry.task, entry.index): str(entry.state) for entry in detail.tasks}
    attempts: dict[tuple[str, int | None], list[AttemptView]] = {}
    for attempt in detail.attempts:
        attempts.setdefault((attempt.key.task, attempt.key.index), []).append(attempt)
    begun = sorted(attempts.items(), key=lambda item: (item[1][0].created, item[0][0], item[0][1] or 0))
    lanes = tuple(
        Lane(task, index, states.get((task, index), str(some[-1].state)), groups.get(task, ""), tuple(_pieces(some)))
        for (task, index), some in begun[:most]
    )
    run = detail.run
    return Timeline(
        str(run.run), maybe_at(run.started), maybe_at(run.ended), at(now), lanes, len(begun) - len(lanes)
    )  # fmt: skip


def _pieces(attempts: Sequence[AttemptView]) -> Iterator[Piece]:
    for one in attempts:
        facts = (one.key.number, str(one.state), str(one.id))
        yield Piece("waiting", at(one.created), maybe_at(one.began or one.ended), *facts)
        if one.began is not None:
            yield Piece("running", at(one.began), maybe_at(one.ended), *facts)


# --------------------------------------------------------------------------------------------------------------- values
def param_values(detail: RunDetail) -> tuple[ParamValue, ...]:
    """The params of a run; of secrets only their names."""
    given: Mapping[str, object] = decode(detail.run.row.params) if detail.run.row.params else {}
    specs = {param.name: param for param in detail.spec.params}
    found = []
    for name, value in given.items():
        spec = specs.get(name)
        if (spec is not None and spec.secret) or (isinstance(value, bytes) and value.startswith(SEALED)):
            found.append(ParamValue(name, None, secret=True))
        else:
            default = spec is not None and spec.default is not None and decode(spec.default) == value
            found.append(ParamValue(name, plain_value(value), default=default))
    return tuple(found)


def plain_value(value: object) -> object:
    """A value as JSON can tell it; what cannot be told so is told as Python writes it."""
    try:
        plain = msgspec.to_builtins(value, enc_hook=str, str_keys=True)
        msgspec.json.encode(plain)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _short(repr(value))
    return plain


def previews(detail: RunDetail, task: str | None = None, most: int = MOST) -> Iterator[Preview]:
    """What the tasks of a run made: kind, size and first rows.

    A secret is in none of it: what a task returns is searched for them before it is kept, and what is shown of a large
    value is masked when it is made.

    Args:
        detail: the run.
        task: only this one.
        most: tasks that are told.
    """
    made = (entry for entry in detail.entries() if entry.inline or entry.ref)
    wanted = (entry for entry in made if task in (None, entry.task, entry.label))
    for _, entry in zip(range(most), wanted, strict=False):
        digest = entry.digest.hex()
        if entry.preview:
            yield _kept(entry, msgspec.msgpack.decode(entry.preview), digest)
        elif entry.inline is not None:
            yield _inline(entry, entry.inline, digest)
        else:
            yield Preview(entry.task, entry.index, "stored", items=entry.length, digest=digest)


def _kept(entry: TaskView, told: Mapping[str, Any], digest: str) -> Preview:
    return Preview(
        entry.task, entry.index, str(told.get("kind", "")), told.get("bytes"), told.get("rows", told.get("items")),
        tuple((str(name), str(kind)) for name, kind in told.get("columns", ())),
        tuple(tuple(map(str, row)) for row in told.get("head", ())), told.get("more", 0), str(told.get("text", "")),
        digest,
    )  # fmt: skip


def _inline(entry: TaskView, data: bytes, digest: str) -> Preview:
    """What lies beside the task; a list of records with the same names is told as a table."""
    try:
        value = decode(data)
    except UnreadableValue as why:
        return Preview(entry.task, entry.index, "unreadable", len(data), entry.length, text=str(why), digest=digest)
    kind, text = type(value).__name__, _short(repr(value))
    names = _names_of(value)
    shown = names[:_COLUMNS]
    return Preview(
        entry.task, entry.index, kind, len(data), entry.length,
        tuple((name, type(value[0][name]).__name__) for name in shown),
        tuple(tuple(_short(str(row[name]), _CELL) for name in shown) for row in (value[:_ROWS] if names else ())),
        len(names) - len(shown), text, digest,
    )  # fmt: skip


def _names_of(value: object) -> list[str]:
    """The names that all records of a list have; empty where it is no such list."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return []
    names = [name for name in value[0] if isinstance(name, str)]
    same = all(isinstance(row, dict) and row.keys() == value[0].keys() for row in value[:_ROWS])
    return names if same and len(names) == len(value[0]) else []


def _short(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# -------------------------------------------------------------------------------------------------------------- history
def alike_to(reading: Reading, detail: RunDetail, limit: int = 20) -> Iterator[Alike]:
    """Earlier runs of the same DAG in which a task failed that has failed in this one, the newest first.

    Args:
        reading: of the home.
        detail: the run.
        limit: so many at most, of the last five hundred that failed.
    """
    reasons = {label.partition("[")[0]: reason for label, reason in detail.run.culprits}
    query = RunQuery(
        states=(RunState.FAILED,), limit=_LOOKED_THROUGH, dags=frozenset({detail.run.run.dag}),
        seen=(0, detail.run.number),
    )  # fmt: skip
    found = 0
    for view in reading.reader.runs(query) if reasons else ():
        for label, reason in view.culprits:
            task = label.partition("[")[0]
            if task in reasons:
                same = _VARIES.sub("#", reason) == _VARIES.sub("#", reasons[task])
                yield Alike(run_item(view, reading.state(view), detail.spec.timezone), label, reason, same)
                found += 1
                break
        if found == limit:
            return
