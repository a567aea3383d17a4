"""DAG files, loaded to be compiled."""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from segue.define.code import folders_of, import_file
from segue.define.compile import compile_dag
from segue.define.cycles import cycles_across
from segue.define.dag import Dag, load_values, registering
from segue.define.faults import Place, fault, gathering, nearest
from segue.define.foretelling import foretold_of
from segue.define.lint import Finding
from segue.define.linting import lint_file
from segue.model.errors import DefinitionError
from segue.model.spec import MAX_DAGS, MAX_FILE, DagSpec
from segue.model.timing import Foretold

__all__ = ["Loaded", "load_file"]

_WRONG_KEYWORD: Final = re.compile(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'")


@dataclass(slots=True)
class Loaded:
    """One DAG file, read: specs of its sound DAGs, everything wrong with the others, and findings.

    `arguments` are the names under which its DAG functions take values of an environment; `foretold` are the slots of
    timetables of the user's own, by DAG.
    """

    specs: list[DagSpec] = field(default_factory=list)
    errors: list[DefinitionError] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    arguments: set[str] = field(default_factory=set)
    foretold: dict[str, Foretold] = field(default_factory=dict)


def load_file(file: Path, root: Path, *, values: Mapping[str, object] | None = None, now: int | None = None) -> Loaded:
    """Import a DAG file and compile what it declares; the module stays loaded.

    Args:
        file: the DAG file.
        root: the folder its bundle begins at.
        values: what arguments of DAG functions that are no params are given: `[tool.segue.env.NAME]`.
        now: microseconds since 1970 UTC, for findings about what is due and slots of timetables of the user's own;
            None: there are none.
    """
    file, root, loaded = file.absolute(), root.absolute(), Loaded()
    token = load_values.set(values or {})
    try:
        with gathering() as faults, registering() as registered:
            imported = _import_or_report(file, root)
            dags = [dag for dag in registered if Path(dag.place.file) == file]
            specs = [spec for dag in dags if (spec := _compiled(dag, file, root))] if imported else []
            _check_ids(dags, file)
            _check_values(dags, values or {})
            _check_cycles(_sound(specs, faults), root)
            declared = {dag.id: dag for dag in dags}
            foretold = {} if now is None else {one.id: foretold_of(declared[one.id], one, now) for one in specs}
    finally:
        load_values.reset(token)
    loaded.errors = [_relative(error, root) for error in faults]
    loaded.specs = _sound(specs, faults)
    loaded.foretold = {dag: slots for dag, slots in foretold.items() if slots != Foretold()}
    loaded.arguments = {name for dag in dags for name in dag.arguments}
    with suppress(RecursionError):  # nested deeper than the interpreter walks: there is nothing to say about it
        loaded.findings = lint_file(file, root, dags, loaded.specs, now)
    return loaded


def _sound(specs: list[DagSpec], faults: list[DefinitionError]) -> list[DagSpec]:
    broken = {error.dag for error in faults}
    return [] if None in broken else [spec for spec in specs if spec.id not in broken]


def _import_or_report(file: Path, root: Path) -> bool:
    sys.path[:0] = [one for one in folders_of(file, root) if one not in sys.path]
    try:
        size = file.stat().st_size
        if size > MAX_FILE:
            _fault_in(file, f"the file has {size:,} bytes, {MAX_FILE:,} are the most")
            return False
        import_file(file, root)
    except (Exception, SystemExit) as why:  # noqa: BLE001 - a DAG file is the user's code and may raise anything
        _report(why, file, root)
        return False
    return True


def _compiled(dag: Dag, file: Path, root: Path) -> DagSpec | None:
    try:
        dag.trace()
        return compile_dag(dag, file.relative_to(root).as_posix())
    except (Exception, SystemExit) as why:  # noqa: BLE001 - a DAG function is the user's code and may raise anything
        _report(why, file, root, dag.id)
        return None


def _check_ids(dags: list[Dag], file: Path) -> None:
    first: dict[str, Dag] = {}
    for dag in dags:
        before = first.setdefault(dag.id, dag)
        if before is not dag:
            fault(f"two DAGs have the id {dag.id!r} (first in line {before.place.line})", dag.place, dag=dag.id)
    former: dict[str, str] = {}
    for dag in dags:
        name = dag.options.get("renamed_from")
        if isinstance(name, str) and name != dag.id:
            other = former.setdefault(name, dag.id)
            if name in first:
                fault(f"DAG {dag.id} was renamed from {name}, which is still there", dag.place, dag=dag.id)
            elif other != dag.id:
                fault(f"DAGs {other} and {dag.id} were both renamed from {name}", dag.place, dag=dag.id)
    if len(dags) > MAX_DAGS:
        _fault_in(file, f"the file declares {len(dags):,} DAGs, {MAX_DAGS:,} are the most")


def _check_values(dags: list[Dag], values: Mapping[str, object]) -> None:
    """A key of the environment that nearly is the name of an argument is a slip; any other may be for another file."""
    taken = {name for dag in dags for name in dag.arguments}
    for key in values.keys() - taken:
        for dag in dags:
            near = nearest(key, [name for name in dag.arguments if name not in values])
            if near is not None:
                text = f"[tool.segue.env] has {key!r}, which no DAG of this file takes: DAG {dag.id} takes {near!r}"
                fault(f"{text}; rename one of them, or give {near!r} a value too", dag.place, dag=dag.id)
                break


def _check_cycles(specs: list[DagSpec], root: Path) -> None:
    for finding in cycles_across(specs):
        fault(finding.message, Place(str(root / finding.file), finding.line), dag=finding.dag, task=finding.task)


def _fault_in(file: Path, message: str) -> None:
    fault(message, Place(str(file), 1))


def _report(why: BaseException, file: Path, root: Path, dag: str | None = None) -> None:
    if isinstance(why, DefinitionError):
        line = why.line if why.line is not None else _line_of(why.__traceback__, root, file)[1]
        where = why.file or str(file)
        fault(why.message, Place(where, line), dag=why.dag or dag, task=why.task)
    elif isinstance(why, SyntaxError) and why.filename:
        fault(f"{type(why).__name__}: {why.msg}", Place(why.filename, why.lineno or 1), dag=dag)
    else:
        where, line = _line_of(why.__traceback__, root, file)
        text = "".join(traceback.format_exception_only(why)).strip()
        fault(text + _keywords(why), Place(where, line), dag=dag)


def _keywords(why: BaseException) -> str:
    """What a call takes that was given a keyword it does not know, where the file has a name for it."""
    wrong = _WRONG_KEYWORD.search(str(why)) if isinstance(why, TypeError) else None
    for frame, _ in traceback.walk_tb(why.__traceback__) if wrong else ():
        assert wrong is not None
        call = frame.f_globals.get(wrong[1])
        if callable(call):
            with suppress(TypeError, ValueError):  # written in C and silent about it
                names = list(inspect.signature(call).parameters)
                near = nearest(wrong[2], names)
                return f": did you mean {near}?" if near else f": it takes {', '.join(names)}"
    return ""


def _line_of(trace: TracebackType | None, root: Path, file: Path) -> tuple[str, int]:
    """The innermost line of the traceback that lies below the root: where the user's code went wrong."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(trace)]
    own = [one for one in frames if Path(one[0]).is_relative_to(root)]
    return own[-1] if own else (str(file), 1)


def _relative(error: DefinitionError, root: Path) -> DefinitionError:
    if error.file and Path(error.file).is_relative_to(root):
        error.file = Path(error.file).relative_to(root).as_posix()
    return error
