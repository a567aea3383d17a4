"""Reading DAG files to say what is wrong with them; nothing is run, and no home is needed.

Where there is a home it is asked whether the connections, secrets and pools exist that tasks name.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from segue.app.clock import SystemClock
from segue.app.declared import missing_names
from segue.app.early import DefinitionChild, shown_path
from segue.app.routing import routes_of
from segue.app.settings import Settings
from segue.define.bundle import dag_files
from segue.define.cycles import cycles_across
from segue.model.definition import Definition
from segue.model.errors import UsageError
from segue.model.moment import datetime_at
from segue.model.spec import DagSpec
from segue.run.children.definition_wire import Read
from segue.show.outlook import fires, words_of

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
    code: str = ""


@dataclass(frozen=True, slots=True)
class CheckedDag:
    """A sound DAG, when it runs in words, the next instants at which it would, in its zone, and roles of its tasks.

    `notes` say what else follows from its schedule.
    """

    dag: str
    tasks: int
    schedule: str
    next_runs: tuple[str, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


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

    What several files make together comes last: cycles, with the file of their first step, a history that two DAGs
    claim, and, where all files of the project are checked, values of environments that nobody takes.
    """
    owners: dict[str, str] = {}
    specs: list[DagSpec] = []
    arguments: set[str] | None = set()
    routes = routes_of(settings)
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
            unsent = [
                Problem("warning", place, spec.line, text, dag=spec.id)
                for spec in _specs(read)
                for text in routes.unknown(spec)
            ]
            specs += [spec for spec in _specs(read) if owners[spec.id] == place]
            arguments = None if arguments is None or read.errors else arguments | {*read.arguments}
            yield CheckedFile(place, tuple(map(_dag, read.definitions)), (*_problems(read), *nowhere, *unsent, *twice))
    cycles = (
        Problem(one.severity, owners[one.dag], one.line, one.message, one.hint, one.dag, one.task)
        for one in cycles_across(specs)
    )
    whole = arguments is not None and set(files).issuperset(files_of([one for one in settings.dags if one.exists()]))
    unused = _not_taken(settings, arguments or set()) if whole else ()
    for problem in (*cycles, *_claimed_twice(specs, owners), *unused):
        yield CheckedFile(problem.file, (), (problem,))


def _claimed_twice(specs: Sequence[DagSpec], owners: Mapping[str, str]) -> Iterator[Problem]:
    """DAGs that are renamed from what another file still declares, or is renamed from too."""
    heirs: dict[str, str] = {}
    for spec in specs:
        old = spec.renamed_from
        if old is None:
            continue
        place, heir = owners[spec.id], heirs.setdefault(old, spec.id)
        if old in owners:
            text = f"it is renamed from {old}, which {owners[old]} still declares"
            yield Problem("error", place, spec.line, text, "take one of the two out", spec.id)
        elif heir != spec.id:
            text = f"it is renamed from {old}, and so is {heir} in {owners[heir]}: only one can have its history"
            yield Problem("error", place, spec.line, text, "", spec.id)


def _not_taken(settings: Settings, arguments: Set[str]) -> Iterator[Problem]:
    """Keys of environments that are no argument of any DAG function."""
    place = shown_path(settings.file) if settings.file else ""
    for env, values in settings.envs.items():
        for key in sorted(values.keys() - arguments):
            near = difflib.get_close_matches(key, arguments - values.keys(), 1)
            text = f"[tool.segue.env.{env}] {key}: no DAG function takes an argument of this name"
            yield Problem("warning", place, None, text, f"did you mean {near[0]}?" if near else "")


def _specs(read: Read) -> list[DagSpec]:
    return [definition.spec for definition in read.definitions]


def _dag(definition: Definition) -> CheckedDag:
    spec = definition.spec
    slots = islice(fires(spec, definition.foretold, SystemClock().now()), _NEXT)
    next_runs = tuple(datetime_at(slot.due, spec.timezone).isoformat(sep=" ", timespec="minutes") for slot in slots)
    return CheckedDag(spec.id, len(spec.tasks), words_of(spec), next_runs, spec.roles, tuple(_notes(spec)))


def _notes(spec: DagSpec) -> Iterator[str]:
    if spec.schedule is None:
        return
    if past := [task.id for task in spec.tasks if task.rules.depends_on_past]:
        yield f"backfills run oldest first, one slot at a time: {', '.join(past[:3])} depends on the slot before"
    elif spec.run_limit > 1:
        yield f"at most {spec.run_limit} runs at once, and the cap of a backfill beside them"


def _problems(read: Read) -> list[Problem]:
    root = Path(read.root)
    errors = [
        Problem("error", shown_path(root / one.file), one.line, one.message, dag=one.dag, task=one.task)
        for one in read.errors
    ]
    findings = [
        Problem(
            one.severity,
            shown_path(root / one.file),
            one.line,
            one.message,
            one.hint,
            one.dag or None,
            one.task,
            one.code,
        )  # fmt: skip
        for one in read.findings
    ]
    return sorted((*errors, *findings), key=lambda one: (one.file, one.line or 0))
