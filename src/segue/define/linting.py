"""Lint of a file that has been loaded: what its specs, its code and its prose say."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from segue.define.dag import Dag
from segue.define.flow import Flow
from segue.define.lint import Finding, lint
from segue.define.lint_clock import (
    caught_up,
    dates_of,
    past_findings,
    start_without_zone,
    unused_options,
    wall_hours,
    zone_in,
)
from segue.define.lint_code import CODE_RULES, Seen, TaskCode, of_template
from segue.define.lint_file import heavy_imports, passwords
from segue.define.lint_sources import Source, Sources
from segue.define.nodes import Call
from segue.define.tasks import DeclaredTask
from segue.model.spec import DagSpec
from segue.schedule.timetable import timetable_from_data

__all__ = ["lint_file"]


def lint_file(file: Path, root: Path, dags: Sequence[Dag], specs: Sequence[DagSpec], now: int | None) -> list[Finding]:
    """Findings about a file and its sound DAGs, each once, without those that a comment silences.

    Args:
        file: the DAG file.
        root: the folder of its bundle.
        dags: what it declares.
        specs: of those that are sound.
        now: microseconds since 1970 UTC; None: nothing is said about what is due.
    """
    sources, declared = Sources(root), {dag.id: dag for dag in dags}
    found = [finding for spec in specs for finding in lint(spec)]
    seen = {(one.code, one.file, one.line) for one in found}
    due = [one for spec in specs if now is not None for one in _of_past(spec, now)]
    for finding in (*_of_code(file, sources, declared, specs), *due):
        if (finding.code, finding.file, finding.line) not in seen:
            seen.add((finding.code, finding.file, finding.line))
            found.append(finding)
    return [one for one in found if not _is_silenced(sources, one)]


def _is_silenced(sources: Sources, finding: Finding) -> bool:
    source = sources.named(finding.file)
    return source is not None and source.is_silenced(finding.line, finding.code)


def _of_code(file: Path, sources: Sources, declared: Mapping[str, Dag], specs: Sequence[DagSpec]) -> Iterator[Finding]:
    files: dict[str, Source] = {}
    own = sources.of(str(file))
    if own is not None:
        files[own.name] = own
    read: set[tuple[str, int, str]] = set()
    for spec in specs:
        dag = declared[spec.id]
        tasks = list(_tasks(dag, sources))
        files.update({one.source.name: one.source for one in tasks})
        for one in tasks:
            if (key := (one.source.name, one.code.lineno, one.task)) not in read:
                read.add(key)
                yield from _placed((seen for rule in CODE_RULES for seen in rule(one)), one.source, spec, one.task)
        yield from _of_dag(dag, spec, tasks, own)
    functions = {dag.function.name for dag in declared.values() if dag.function and not isinstance(dag, Flow)}
    for source in files.values():
        dag_functions = functions if source is own else set()
        yield from _placed((*passwords(source), *heavy_imports(source, dag_functions)), source, None, None)


def _of_dag(dag: Dag, spec: DagSpec, tasks: Sequence[TaskCode], own: Source | None) -> Iterator[Finding]:
    given = list(_templates(dag))
    for call, name, text in given:
        for seen in of_template(name, text, call.place.line):
            yield _finding(seen, spec.file, spec.id, call.id)
    of_spec = [*unused_options(spec), *start_without_zone(spec, dag.options)]
    of_tasks = [(one, list(past_findings(spec, one))) for one in tasks]
    if spec.schedule is not None:
        timetable = timetable_from_data(spec.schedule)
        of_spec += dates_of(spec, timetable, tasks, [text for _, _, text in given])
        of_spec += zone_in(spec, timetable, _prose(spec, own), dag.options)
        of_tasks += [(one, list(wall_hours(spec, timetable, one))) for one in tasks]
    for one, found in of_tasks:
        yield from _placed(found, one.source, spec, one.task)
    for seen in of_spec:
        yield _finding(seen, spec.file, spec.id, None)


def _of_past(spec: DagSpec, now: int) -> Iterator[Finding]:
    if spec.schedule is not None:
        for seen in caught_up(spec, timetable_from_data(spec.schedule), now):
            yield _finding(seen, spec.file, spec.id, None)


def _tasks(dag: Dag, sources: Sources) -> Iterator[TaskCode]:
    """The code of the tasks of a DAG, each function once; of a flow those that its module knows."""
    defaults = dag.options.get("defaults", {})
    known: dict[str, DeclaredTask[..., Any]] = {call.id: call.task for call in dag.calls.values()}
    if isinstance(dag, Flow) and dag.function is not None:
        names = getattr(dag.function.fn, "__globals__", {})
        known |= {one.id: one for one in list(names.values()) if isinstance(one, DeclaredTask)}
    told: set[int] = set()
    for name, task in known.items():
        if id(task.function.fn) in told:
            continue
        told.add(id(task.function.fn))
        around = sources.around(task.function.fn)
        if around is not None:
            yield TaskCode(name, *around, {**defaults, **task.options})


def _templates(dag: Dag) -> Iterator[tuple[Call, str, str]]:
    """Texts that ready-made tasks are given in the file, by the name of the argument."""
    for call in dag.calls.values():
        if str(getattr(call.task.function.fn, "__module__", "")).startswith("segue."):
            for name, value in call.bound.items():
                if isinstance(value, str):
                    yield call, name, value


def _prose(spec: DagSpec, own: Source | None) -> list[str]:
    texts = [spec.doc]
    if own is not None:
        zoned = any(isinstance(node, ast.keyword) and node.arg == "timezone" for node in ast.walk(own.tree))
        texts += [] if zoned else [ast.get_docstring(own.tree) or "", *own.comments.values()]
    return texts


def _placed(seen: Iterable[Seen], source: Source, spec: DagSpec | None, task: str | None) -> Iterator[Finding]:
    for one in seen:
        yield _finding(one, source.name, spec.id if spec else "", task)


def _finding(seen: Seen, file: str, dag: str, task: str | None) -> Finding:
    return Finding("warning", file, seen.line, seen.message, seen.hint, dag, task, seen.code)
