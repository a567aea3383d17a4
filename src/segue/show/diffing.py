"""What lies between two runs, or between a run and the newest code: code, graph, params, durations, rows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from segue.model.api.dags import CodeDiff, FileDiff
from segue.model.masking import HIDDEN
from segue.model.sealing import SEALED
from segue.model.spec import DagSpec, TaskSpec
from segue.model.value import decode
from segue.model.views import RunDetail
from segue.show.archive import NOTHING, Code

__all__ = ["Side", "difference_of"]

_LARGEST: Final = 200_000
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One side: its name, its DAG, the digest of its bundle, its params, and the run if there is one."""

    name: str
    spec: DagSpec
    bundle: str
    params: bytes = b""
    run: RunDetail | None = None


def difference_of(old: Side, new: Side, code: Code = NOTHING) -> CodeDiff:
    """Compare two sides.

    Args:
        old, new: the sides.
        code: reads their bundles, if their code is to be compared.
    """
    before, after = (None if old.bundle == new.bundle else code.files(side.bundle) for side in (old, new))
    durations, rows = [], []
    if old.run is not None and new.run is not None:
        durations = list(_both(_durations(old.run), _durations(new.run)))
        rows = [one for one in _both(_rows(old.run), _rows(new.run)) if one[1] != one[2]]
    files = () if before is None or after is None else tuple(_files(before, after))
    return CodeDiff(
        old.name, new.name, files, tuple(_tasks(old.spec, new.spec)), tuple(_params(old.params, new.params)),
        tuple(durations), tuple(rows), old.bundle == new.bundle or (before is not None and after is not None),
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- code
def _files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[FileDiff]:
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one != other:
            change = "new" if one is None else "gone" if other is None else "changed"
            yield FileDiff(name, change, _lines(name, one or b"", other or b""))


def _lines(name: str, one: bytes, other: bytes) -> tuple[str, ...]:
    if max(len(one), len(other)) > _LARGEST:
        return ()
    try:
        before, after = one.decode().splitlines(), other.decode().splitlines()
    except UnicodeDecodeError:
        return ()
    return tuple(difflib.unified_diff(before, after, f"old/{name}", f"new/{name}", lineterm=""))


# --------------------------------------------------------------------------------------------------------------- graph
def _tasks(old: DagSpec, new: DagSpec) -> Iterator[tuple[str, str]]:
    before, after = ({task.id: task for task in spec.tasks} for spec in (old, new))
    renamed = {task.renamed_from: task.id for task in new.tasks if task.renamed_from}
    for name, task in after.items():
        former = before.get(name) or before.get(task.renamed_from or "")
        if former is None:
            yield name, "new"
        elif changed := list(_changes(former, task)):
            yield name, ", ".join(changed)
    for name in before:
        if name not in after and name not in renamed:
            yield name, "gone"


def _changes(old: TaskSpec, new: TaskSpec) -> Iterator[str]:
    if old.id != new.id:
        yield f"renamed from {old.id}"
    if old.function != new.function:
        yield "function"
    if old.arguments != new.arguments:
        yield "arguments"
    if set(old.upstream) != set(new.upstream):
        yield f"upstream {', '.join(old.upstream) or 'none'} → {', '.join(new.upstream) or 'none'}"
    before, after = msgspec.structs.asdict(old.rules), msgspec.structs.asdict(new.rules)
    yield from (name for name, value in after.items() if before[name] != value)


# -------------------------------------------------------------------------------------------------------------- values
def _params(old: bytes, new: bytes) -> Iterator[tuple[str, str, str]]:
    before, after = ({} if not data else decode(data) for data in (old, new))
    for name in {**before, **after}:
        one, other = (_shown(side, name) for side in (before, after))
        if one != other:
            yield name, one, other


def _shown(side: Mapping[str, object], name: str) -> str:
    value = side.get(name)
    secret = isinstance(value, bytes) and value.startswith(SEALED)
    text = HIDDEN if secret else repr(value) if name in side else "-"
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _durations(run: RunDetail) -> dict[str, int]:
    return {
        entry.label: entry.ended - entry.started
        for entry in run.entries()
        if entry.started is not None and entry.ended is not None
    }


def _rows(run: RunDetail) -> dict[str, int]:
    found = {}
    for attempt in run.attempts:
        if attempt.rows is not None:
            key = attempt.key
            found[key.of.label] = attempt.rows
    return found


def _both(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    return ((name, value, new[name]) for name, value in old.items() if name in new)
