"""What a command line names: targets and environments."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from segue.model.errors import UsageError
from segue.model.ids import is_id
from segue.model.spec import DagSpec

__all__ = ["chosen_dag", "read_target", "values_of"]


def read_target(text: str) -> tuple[Path | None, str | None]:
    """Split `file.py`, `file.py:dag_id` or `dag_id` into file and DAG id.

    Raises:
        UsageError: the file does not exist.
    """
    name, colon, dag = text.rpartition(":")
    if colon and Path(name).suffix == ".py":
        path, wanted = Path(name), dag
    elif Path(text).suffix == ".py" or "/" in text:
        path, wanted = Path(text), ""
    elif is_id(text):
        return None, text
    else:
        raise UsageError(f"{text!r} is neither a DAG file nor the id of a DAG: write file.py, file.py:dag_id or dag_id")
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    return path.resolve(), wanted or None


def chosen_dag(specs: Sequence[DagSpec], wanted: str | None, file: str) -> DagSpec:
    """The DAG of a file that is meant.

    Raises:
        UsageError: it has none, or several and none is named, or none of that name.
    """
    ids = [spec.id for spec in specs]
    if wanted is not None:
        for spec in specs:
            if spec.id == wanted:
                return spec
        near = difflib.get_close_matches(wanted, ids, 1)
        hint = f": did you mean {near[0]}?" if near else f": it has {', '.join(ids) or 'none'}"
        raise UsageError(f"{file} has no DAG {wanted}{hint}")
    if not specs:
        raise UsageError(f"{file} declares no DAG: decorate a function with @dag, or write `with Dag('id'):`")
    if len(specs) > 1:
        raise UsageError(f"{file} has several DAGs, name one: {', '.join(f'{file}:{dag}' for dag in ids)}")
    return specs[0]


def values_of(envs: Mapping[str, Mapping[str, object]], env: str | None) -> dict[str, object]:
    """Arguments of DAG functions in the chosen environment.

    Raises:
        UsageError: there is no such environment.
    """
    if env is None:
        return {}
    if env not in envs and envs:
        near = difflib.get_close_matches(env, envs, 1)
        hint = f": did you mean {near[0]}?" if near else f": there are {', '.join(envs)}"
        raise UsageError(f"no environment {env}{hint}")
    return {"env": env, **envs.get(env, {})}
