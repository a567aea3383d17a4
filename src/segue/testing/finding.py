from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from segue.define.dag import Dag
from segue.define.faults import joined
from segue.define.loading import load_file
from segue.model.errors import UsageError

__all__ = ["find_dag"]


def find_dag(dag_id: str, path: Path) -> Dag:
    """The DAG of this id, in a module that has been imported, else in a file.

    Args:
        dag_id: its id.
        path: a DAG file, or a folder whose files are looked through.

    Raises:
        DefinitionError: the file that seems to declare it cannot be loaded.
        UsageError: there is no such DAG; the nearest id is named.
    """
    known = {dag.id: dag for dag in _imported()}
    if dag_id not in known:
        known |= {dag.id: dag for dag in _in_files(path.resolve(), dag_id)}
    if dag_id not in known:
        near = difflib.get_close_matches(dag_id, known, 1)
        hint = f"did you mean {near[0]}?" if near else "import its module first, or name its folder: path='…'"
        raise UsageError(f"there is no DAG {dag_id}: {hint}")
    return known[dag_id]


def _imported() -> Iterator[Dag]:
    """DAGs of modules that the test has imported itself; files are read anew each time."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("_dagfile_"):
            yield from _declared_in(module)


def _declared_in(module: ModuleType) -> list[Dag]:
    return [one for one in list(vars(module).values()) if isinstance(one, Dag)]


def _in_files(path: Path, dag_id: str) -> Iterator[Dag]:
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    for file in files:
        if dag_id not in file.read_text(errors="replace"):
            continue
        loaded = load_file(file, path if path.is_dir() else path.parent)
        if loaded.errors:
            raise joined(loaded.errors)
        for module in list(sys.modules.values()):
            if getattr(module, "__file__", None) == str(file):
                yield from _declared_in(module)
