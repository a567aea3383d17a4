"""DAG files as modules.

A file is imported under a private name made from its path in the bundle, the same on every machine, so that the
classes it defines are found again. Its root comes first on `sys.path`, then the root's `src`, then its own folder.
What a worker needs is here, without the compiler: that is a third of what a worker would import.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from hashlib import blake2b
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from re import sub
from types import ModuleType
from typing import Any

from segue.define.dag import Dag, load_values, registering
from segue.define.digest import import_folders
from segue.define.faults import gathering, joined
from segue.model.errors import DefinitionError, Fail

__all__ = ["CodeLoader", "find_class", "folders_of", "import_file"]


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
                    import_file(path, self._root)
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
        sys.path[:] = [*folders_of(file, self._root), *self._path]
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


def import_file(file: Path, root: Path) -> ModuleType:
    """Import a DAG file of the bundle at `root`; what it raises comes through and leaves no module behind."""
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


def folders_of(file: Path, root: Path) -> list[str]:
    """The folders that stand first on `sys.path` for a file."""
    return [str(folder) for folder in import_folders(file, root)]


def _module_name(file: Path, root: Path) -> str:
    relative = file.relative_to(root).as_posix()
    tail = blake2b(relative.encode(), digest_size=4).hexdigest()
    return f"_dagfile_{sub(r'[^0-9A-Za-z]+', '_', relative.removesuffix('.py'))}_{tail}"
