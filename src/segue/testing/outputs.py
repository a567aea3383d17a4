"""What a run has made, so that two runs can be compared: results of tasks, and the files that they wrote.

Databases are compared by their rows, whatever their order: two files with the same rows rarely have the same bytes.
Every other file is compared by its bytes.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

from segue.model.errors import UsageError
from segue.model.views import TaskView

__all__ = ["Files", "Made", "differences", "made_by"]

Made: TypeAlias = Mapping[str, Counter[str]]
"""By name of a file or task, what is in it and how often."""

_SQLITE: Final = b"SQLite format 3\0"
_DUCKDB: Final = b"DUCK"
_BESIDE: Final = ("", "-wal", "-shm", "-journal", ".wal")
_LONGEST: Final = 100


class Files:
    """Files and folders that a DAG writes; `before` is set aside, so that every run can begin with it.

    Args:
        paths: of files and folders; they need not exist.
        aside: an empty folder.
    """

    def __init__(self, paths: Iterable[Path | str], aside: Path) -> None:
        if isinstance(paths, Path | str):
            raise UsageError("outputs= takes a list of files and folders")
        self._paths = {str(one): Path(one).absolute() for one in paths}
        self._aside = aside
        for number, path in enumerate(self._paths.values()):
            _copy(path, aside / str(number))

    def put_back(self) -> None:
        """Make everything as it was at first."""
        for number, path in enumerate(self._paths.values()):
            for beside in (path.with_name(path.name + ending) for ending in _BESIDE):
                shutil.rmtree(beside) if beside.is_dir() else beside.unlink(missing_ok=True)
            _copy(self._aside / str(number), path)

    def read(self) -> Made:
        """What is in them."""
        return {name: found for shown, path in self._paths.items() for name, found in _contents(shown, path)}


def made_by(tasks: Iterable[TaskView]) -> Made:
    """What the tasks of a run came to and returned."""
    facts = {one.label: (str(one.state), one.length, one.inline or one.digest) for one in tasks}
    return {f"task {label}": Counter([repr(fact)]) for label, fact in facts.items()}


def differences(first: Made, second: Made) -> tuple[str, ...]:
    """Sentences on where two runs differ; none where they do not."""
    return tuple(
        f"{name}: {_difference(first.get(name), second.get(name))}"
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    )


def _difference(first: Counter[str] | None, second: Counter[str] | None) -> str:
    if first is None or second is None:
        return "is there in the second run only" if first is None else "is missing in the second run"
    if first.total() == second.total() == 1:
        return "is not the same in both runs"
    sides = [(which, side) for which, side in (("first", first - second), ("second", second - first)) if side]
    return "; ".join(
        f"{side.total():,} only in the {which} run, such as {min(side)[:_LONGEST]}" for which, side in sides
    )


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy2(source, target)


def _contents(shown: str, path: Path) -> Iterator[tuple[str, Counter[str]]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.is_file() and not hidden:  # what is staged lies in a hidden folder
                yield f"{shown}/{file.relative_to(path)}", _content(file)
    elif path.exists():
        yield shown, _content(path)


def _content(file: Path) -> Counter[str]:
    with file.open("rb") as opened:
        head = opened.read(16)
    if head == _SQLITE:
        with closing(sqlite3.connect(file)) as database:
            return Counter(database.iterdump())
    if head[8:12] == _DUCKDB:
        return Counter(_rows_of_duckdb(file))
    return Counter([blake2b(file.read_bytes(), digest_size=16).hexdigest()])


def _rows_of_duckdb(file: Path) -> Iterator[str]:
    duckdb: Any = import_module("duckdb")
    with closing(duckdb.connect(file, read_only=True)) as database:
        for _, schema, table, *_ in database.execute("SHOW ALL TABLES").fetchall():
            yield from (f"{table}: {row}" for row in database.table(f'"{schema}"."{table}"').fetchall())
