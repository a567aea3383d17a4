"""What a rerun takes over, shown before it is asked for: the same plan as the engine's."""

from __future__ import annotations

from segue.engine.reuse import ReusePlan, plan_reuse, with_kept_results
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.views import RunDetail
from segue.store.facts import image_of

__all__ = ["ReusePlan", "newer_code", "preview"]


def preview(
    detail: RunDetail, newest: DagSpec, failed: bool, cut: tuple[str, ...], now: Instant, kept: int
) -> ReusePlan:
    """Say what a rerun of this run with that code takes over.

    Args:
        detail: the old run.
        newest: its DAG as it is now.
        failed: only what provably has not changed (`--failed`).
        cut: tasks that run in any case (`--from`).
        now: the present.
        kept: microseconds for which results are kept.

    Raises:
        Refused: a word of `cut` names no task.
    """
    old = image_of(detail.run, detail.spec, detail.tasks, (), {})
    return plan_reuse(with_kept_results(old, now, kept), newest, detail.run.row.params, cut, proven=failed or not cut)


def newer_code(detail: RunDetail, newest: DagSpec) -> tuple[str, ...]:
    """The failed tasks of a run whose own function is another one now."""
    functions = {task.id: task.function for task in newest.tasks}
    former = {task.id: task.function for task in detail.spec.tasks}
    failed = dict.fromkeys(label.partition("[")[0] for label, _ in detail.run.culprits)
    return tuple(name for name in failed if name in functions and functions[name] != former.get(name))
