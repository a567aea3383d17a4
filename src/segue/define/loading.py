"""DAG files as modules: loaded to be compiled, and loaded again where a task runs.

A file is imported under a private name made from its path in the bundle, the same on every machine, so that the
classes it defines are found again. Its root comes first on `sys.path`, then the root's `src`, then its own folder.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from re import sub
from types import ModuleType, TracebackType
from typing import Any

from segue.define.compile import compile_dag
from segue.define.dag import Dag, load_values, registering
from segue.define.digest import import_folders
from segue.define.faults import Place, fault, gathering, joined
from segue.define.lint import Finding, lint
from segue.model.errors import DefinitionError, Fail
from segue.model.spec import MAX_DAGS, MAX_FILE, DagSpec

__all__ = ["CodeLoader", "Loaded", "find_class", "load_file"]


@dataclass(slots=True)
class Loaded:
    """One DAG file, read: specs of its sound DAGs, everything wrong with the others, and findings."""

    specs: list[DagSpec] = field(default_factory=list)
    errors: list[DefinitionError] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def load_file(file: Path, root: Path, *, values: Mapping[str, object] | None = None) -> Loaded:
    """Import a DAG file and compile what it declares; the module stays loaded.

    Args:
        file: the DAG file.
        root: the folder its bundle begins at.
        values: what arguments of DAG functions that are no params are given: `[tool.segue.env.NAME]`.
    """
    file, root, loaded = file.absolute(), root.absolute(), Loaded()
    token = load_values.set(values or {})
    try:
        with gathering() as faults, registering() as registered:
            imported = _import_or_report(file, root)
            dags = [dag for dag in registered if Path(dag.place.file) == file]
            specs = [spec for dag in dags if (spec := _compiled(dag, file, root))] if imported else []
            _check_ids(dags, file)
    finally:
        load_values.reset(token)
    loaded.errors = [_relative(error, root) for error in faults]
    broken = {error.dag for error in faults}
    if None not in broken:
        loaded.specs = [spec for spec in specs if spec.id not in broken]
    loaded.findings = [finding for spec in loaded.specs for finding in lint(spec)]
    return loaded


class CodeLoader:
    """Loads DAGs of one bundle where tasks run, each file once.

    Args:
        root: the bundle's folder.
        values: as in `load_file`.
    """

    def __init__(self, root: Path, values: Mapping[str, object] | None = None) -> None:
        self._root = root
        self._values = values or {}
        self._path = list(sys.path)
        self._before = set(sys.modules)
        self._installed = [Path(one) for one in self._path if Path(one) != root and Path(one).is_relative_to(root)]
        self._active: Path | None = None
        self._modules: dict[Path, dict[str, ModuleType]] = {}
        self._dags: dict[Path, list[Dag]] = {}

    def dag(self, file: str, dag_id: str) -> Dag:
        """The DAG, traced; `sys.path` and `sys.modules` are its file's afterwards.

        Args:
            file: the DAG file, relative to the root.
            dag_id: the DAG.

        Raises:
            Fail: the file no longer declares it.
            DefinitionError: it declares something impossible.
            Exception: whatever the file raises.
        """
        path = self._root / file
        self._activate(path)
        if path not in self._dags:
            token = load_values.set(self._values)
            try:
                with registering() as registered:
                    _import(path, self._root)
                    self._dags[path] = [dag for dag in registered if Path(dag.place.file) == path]
            finally:
                load_values.reset(token)
        for dag in self._dags[path]:
            if dag.id == dag_id:
                self._trace(dag)
                return dag
        raise Fail(
            f"DAG {dag_id} is no longer there when {file} is loaded again: a file must declare the same DAGs each time"
        )

    def _trace(self, dag: Dag) -> None:
        token = load_values.set(self._values)
        try:
            with gathering() as faults:
                dag.trace()
        finally:
            load_values.reset(token)
        if faults:
            raise joined(faults)

    def _activate(self, file: Path) -> None:
        """Give the file the modules it imported: two folders of a bundle may hold modules of the same name."""
        if self._active == file:
            return
        own = {name: module for name, module in sys.modules.items() if self._owns(name, module)}
        if self._active is not None:
            self._modules[self._active] = own
        for name in own:
            del sys.modules[name]
        sys.modules.update(self._modules.get(file, {}))
        sys.path[:] = [*_folders(file, self._root), *self._path]
        self._active = file


    def _owns(self, name: str, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        if name in self._before or not isinstance(file, str) or not Path(file).is_relative_to(self._root):
            return False
        return not any(Path(file).is_relative_to(folder) for folder in self._installed)


def find_class(path: str) -> type | None:
    """The class that `module:qualname` names among the modules that are loaded."""
    module, _, name = path.partition(":")
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None


def _import_or_report(file: Path, root: Path) -> bool:
    sys.path[:0] = [one for one in _folders(file, root) if one not in sys.path]
    try:
        size = file.stat().st_size
        if size > MAX_FILE:
            _fault_in(file, f"the file has {size:,} bytes, {MAX_FILE:,} are the most")
            return False
        _import(file, root)
    except (Exception, SystemExit) as why:  # noqa: BLE001 - a DAG file is the user's code and may raise anything
        _report(why, file, root)
        return False
    return True


def _import(file: Path, root: Path) -> ModuleType:
    name = _module_name(file, root)
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise DefinitionError(f"{file.name} is no Python file", file=str(file))
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


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
    if len(dags) > MAX_DAGS:
        _fault_in(file, f"the file declares {len(dags):,} DAGs, {MAX_DAGS:,} are the most")


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
        fault(text, Place(where, line), dag=dag)


def _line_of(trace: TracebackType | None, root: Path, file: Path) -> tuple[str, int]:
    """The innermost line of the traceback that lies below the root: where the user's code went wrong."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(trace)]
    own = [one for one in frames if Path(one[0]).is_relative_to(root)]
    return own[-1] if own else (str(file), 1)


def _relative(error: DefinitionError, root: Path) -> DefinitionError:
    if error.file and Path(error.file).is_relative_to(root):
        error.file = Path(error.file).relative_to(root).as_posix()
    return error


def _module_name(file: Path, root: Path) -> str:
    relative = file.relative_to(root).as_posix()
    tail = blake2b(relative.encode(), digest_size=4).hexdigest()
    return f"_dagfile_{sub(r'[^0-9A-Za-z]+', '_', relative.removesuffix('.py'))}_{tail}"


def _folders(file: Path, root: Path) -> list[str]:
    return [str(folder) for folder in import_folders(file, root)]

