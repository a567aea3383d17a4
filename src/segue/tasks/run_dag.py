from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack, cast

from segue.define.injection import injected
from segue.define.nodes import Node
from segue.define.options import TaskOptions
from segue.define.tasks import task
from segue.model.context import Context
from segue.model.events import StartsRun
from segue.model.value import encode
from segue.tasks.declare import call
from segue.tasks.template import render_places

__all__ = ["run_dag"]


def _run_dag(
    dag_id: str, params: Mapping[str, Any] | None, wait: bool, templates: list[str], context: Context = injected
) -> str:
    ready = render_places({"dag_id": dag_id, "params": dict(params or {})}, templates, context, {})
    return cast(str, StartsRun(ready["dag_id"], encode(ready["params"]), wait))


_run_dag.starts = "dag_id"  # type: ignore[attr-defined]  # what a cycle of DAGs is found by
_task = task(id="run_dag")(_run_dag)


def run_dag(
    dag_id: str, params: Mapping[str, Any] | None = None, *, wait: bool = False, **options: Unpack[TaskOptions]
) -> Node[str]:
    """Start a run of another DAG, without interval; its value is the id of that run.

    Whatever happens to this task, it starts one run: another attempt of it, or a retry, finds that one again.

    Args:
        dag_id: the DAG.
        params: of the run; texts in it are templates.
        wait: end when that run has ended; it fails where that run did not succeed.
        options: as for `@task`.

    Raises:
        Fail: there is no such DAG, or it does not take these params.
    """
    return call(_task, {"dag_id": dag_id, "params": params, "wait": wait}, options)
