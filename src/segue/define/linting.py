"""Lint of a file that has been loaded: what its specs, its code and its prose say."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
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
    reader = _Reader(file, root)
    declared = {dag.id: dag for dag in dags}
    found = {(one.code, one.file, one.line): one for spec in specs for one in lint(spec)}
    for spec in specs:
        for one in (*reader.of_dag(declared[spec.id], spec), *_of_past(spec, now)):
            found.setdefault((one.code, one.file, one.line), one)
    for one in reader.of_files(dags):
        found.setdefault((one.code, one.file, one.line), one)
    return [one for one in found.values() if not reader.is_silenced(one)]


class _Reader:
    """Reads the code of one load; what many DAGs share is read once."""

    def __init__(self, file: Path, root: Path) -> None:
        self._sources = Sources(root)
        self._own = self._sources.of(str(file))
        self._files = {} if self._own is None else {self._own.name: self._own}
        self._codes: dict[tuple[Any, bool], TaskCode | None] = {}
        self._prose = [] if self._own is None else _prose(self._own)

    def of_dag(self, dag: Dag, spec: DagSpec) -> Iterator[Finding]:
        """Findings about the tasks of a DAG, and about what it says of time."""
        known, named = len(self._codes), list(self._tasks(dag))
        tasks = list(dict.fromkeys(code for _, code in named))
        for one in [code for code in list(self._codes.values())[known:] if code is not None]:
            yield from _placed((seen for rule in CODE_RULES for seen in rule(one)), one.source, spec.id, one.task)
        given = list(_templates(dag))
        for call, name, text in given:
            yield from _in(spec, of_template(name, text, call.place.line), call.id)
        yield from _in(spec, (*unused_options(spec), *start_without_zone(spec, dag.options)))
        for name, one in named:
            yield from _placed(past_findings(spec, name, one), one.source, spec.id, name)
        if spec.schedule is not None:
            timetable = timetable_from_data(spec.schedule)
            yield from _in(spec, dates_of(spec, timetable, tasks, [text for _, _, text in given]))
            yield from _in(spec, zone_in(spec, timetable, [spec.doc, *self._prose], dag.options))
            for one in tasks:
                yield from _placed(wall_hours(spec, timetable, one), one.source, spec.id, one.task)

    def of_files(self, dags: Sequence[Dag]) -> Iterator[Finding]:
        """Findings about the file and those in which its tasks are defined."""
        functions = {dag.function.name for dag in dags if dag.function and not isinstance(dag, Flow)}
        for source in self._files.values():
            traced = functions if source is self._own else set()
            yield from _placed((*passwords(source), *heavy_imports(source, traced)), source)

    def is_silenced(self, finding: Finding) -> bool:
        """Whether a comment says that it is meant."""
        source = self._sources.named(finding.file)
        return source is not None and source.is_silenced(finding.line, finding.code)

    def _tasks(self, dag: Dag) -> Iterator[tuple[str, TaskCode]]:
        """The tasks of a DAG and their code; of a flow also those that its module knows."""
        defaults = dag.options.get("defaults", {})
        known: dict[str, DeclaredTask[..., Any]] = {call.id: call.task for call in dag.calls.values()}
        if isinstance(dag, Flow) and dag.function is not None:
            names = getattr(dag.function.fn, "__globals__", {})
            known |= {one.id: one for one in list(names.values()) if isinstance(one, DeclaredTask)}
        for name, task in known.items():
            options = {**defaults, **task.options}
            key = task.function.fn, options.get("idempotent") is not None
            if key not in self._codes:
                around = self._sources.around(task.function.fn)
                self._codes[key] = TaskCode(name, *around, options) if around else None
            code = self._codes[key]
            if code is not None:
                self._files[code.source.name] = code.source
                yield name, code


def _of_past(spec: DagSpec, now: int | None) -> Iterator[Finding]:
    if spec.schedule is not None and now is not None:
        yield from _in(spec, caught_up(spec, timetable_from_data(spec.schedule), now))


def _templates(dag: Dag) -> Iterator[tuple[Call, str, str]]:
    """Texts that ready-made tasks are given in the file, by the name of the argument."""
    for call in dag.calls.values():
        if str(getattr(call.task.function.fn, "__module__", "")).startswith("segue."):
            for name, value in call.bound.items():
                if isinstance(value, str):
                    yield call, name, value


def _prose(source: Source) -> list[str]:
    """What a file says to people, unless a DAG of it has a zone: then nobody knows which one is meant."""
    if any(isinstance(node, ast.keyword) and node.arg == "timezone" for node in ast.walk(source.tree)):
        return []
    return ["\n".join([ast.get_docstring(source.tree) or "", *source.comments.values()])]


def _in(spec: DagSpec, found: Iterable[Seen], task: str | None = None) -> Iterator[Finding]:
    for one in found:
        yield Finding("warning", spec.file, one.line, one.message, one.hint, spec.id, task, one.code)


def _placed(found: Iterable[Seen], source: Source, dag: str = "", task: str | None = None) -> Iterator[Finding]:
    for one in found:
        yield Finding("warning", source.name, one.line, one.message, one.hint, dag, task, one.code)
