"""Reading DAG files to say what is wrong with them; nothing is run, and no home is needed.

Where there is a home it is asked whether the connections, secrets and pools exist that tasks name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.app.asking import bounds_of
from segue.app.clock import SystemClock
from segue.app.declared import missing_names
from segue.app.early import DefinitionChild, shown_path
from segue.app.settings import Settings
from segue.define.bundle import dag_files
from segue.define.cycles import cycles_across
from segue.model.errors import UsageError
from segue.model.moment import datetime_at
from segue.model.spec import DagSpec
from segue.run.children.definition_wire import Read
from segue.schedule.explain import explain
from segue.schedule.slots import next_fires
from segue.schedule.timetable import timetable_from_data

__all__ = ["CheckedDag", "CheckedFile", "Problem", "check_files", "files_of"]

_NEXT: Final = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, or doubtful, where, and what to write instead."""

    severity: str
    file: str
    line: int | None
    message: str
    hint: str = ""
    dag: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedDag:
    """A sound DAG, when it runs in words, and the next instants at which it would, in its zone."""

    dag: str
    tasks: int
    schedule: str
    next_runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """One file: its sound DAGs and its problems by line."""

    file: str
    dags: tuple[CheckedDag, ...]
    problems: tuple[Problem, ...]


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The DAG files that are meant by files and folders.

    Raises:
        UsageError: a path does not exist, or is neither a folder nor a Python file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(dag_files(path.resolve())))
        elif path.suffix == ".py" and path.is_file():
            found[path.resolve()] = None
        else:
            raise UsageError(f"there is no {'file' if path.suffix else 'file or folder'} {path}")
    return list(found)


def check_files(settings: Settings, files: Sequence[Path]) -> Iterator[CheckedFile]:
    """Have each file read in the definition child; two DAGs of one id are a problem of the second file.

    Cycles through several files come last, with the file of their first step.
    """
    owners: dict[str, str] = {}
    specs: list[DagSpec] = []
    with tempfile.TemporaryDirectory(prefix="segue-check-") as folder, DefinitionChild(settings, Path(folder)) as child:
        for file in files:
            child.ask(file)
            read = child.answer()
            place = shown_path(file)
            twice = [
                Problem("error", place, spec.line, f"{owners[spec.id]} declares a DAG of this id too", dag=spec.id)
                for spec in _specs(read)
                if owners.setdefault(spec.id, place) != place
            ]
            nowhere = [
                Problem("warning", place, one.line or spec.line, one.text, dag=spec.id, task=one.task)
                for spec in _specs(read)
                for one in missing_names(settings, os.environ, spec)
            ]
            specs += [spec for spec in _specs(read) if owners[spec.id] == place]
            yield CheckedFile(place, tuple(map(_dag, _specs(read))), (*_problems(read), *nowhere, *twice))
    for one in cycles_across(specs):
        place = owners[one.dag]
        yield CheckedFile(
            place, (), (Problem(one.severity, place, one.line, one.message, one.hint, one.dag, one.task),)
        )


def _specs(read: Read) -> list[DagSpec]:
    return [definition.spec for definition in read.definitions]


def _dag(spec: DagSpec) -> CheckedDag:
    timetable = None if spec.schedule is None else timetable_from_data(spec.schedule)
    next_runs: tuple[str, ...] = ()
    if timetable is not None:
        slots = next_fires(timetable, bounds_of(spec), SystemClock().now(), _NEXT)
        next_runs = tuple(datetime_at(slot.due, spec.timezone).isoformat(sep=" ", timespec="minutes") for slot in slots)
    return CheckedDag(spec.id, len(spec.tasks), explain(timetable), next_runs)


def _problems(read: Read) -> list[Problem]:
    root = Path(read.root)
    errors = [
        Problem("error", shown_path(root / one.file), one.line, one.message, dag=one.dag, task=one.task)
        for one in read.errors
    ]
    findings = [
        Problem(one.severity, shown_path(root / one.file), one.line, one.message, one.hint, one.dag, one.task)
        for one in read.findings
    ]
    return sorted((*errors, *findings), key=lambda one: (one.file, one.line or 0))
