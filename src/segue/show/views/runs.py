from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from segue.model.api.runs import AttemptItem, Culprit, Range, RunItem, RunWhole, Said, TaskItem, WhyPage
from segue.model.spec import TaskSpec
from segue.model.state import FINAL, RunState, TaskState
from segue.model.views import AttemptView, RunDetail, RunView, TaskView
from segue.model.why import say
from segue.show.reading import Reading
from segue.show.views.times import at, maybe_at, seconds

__all__ = ["MOST", "attempt_item", "culprits_of", "run_item", "run_whole", "task_items", "why_page"]

MOST: Final = 2_000
"""Tasks, and attempts, that one answer tells of a run."""


def run_item(view: RunView, state: str | None = None, zone: str = "UTC") -> RunItem:
    """One run without its tasks.

    Args:
        view: as the store has it.
        state: as it is shown, where that is another one.
        zone: of its DAG.
    """
    return RunItem(**_facts(view, state), timezone=zone)


def run_whole(
    detail: RunDetail,
    state: str | None = None,
    longer: Mapping[str, str] | None = None,
    *,
    superseded: bool = False,
    most: int | None = None,
) -> RunWhole:
    """One run, whole (INTERFACE, "Command line").

    Args:
        detail: as the store has it.
        state: as it is shown, where that is another one.
        longer: what is said of tasks that take longer than usual, by label.
        superseded: its interval has a newer run.
        most: tasks, and attempts, that are told; None: all.
    """
    tasks = tuple(task_items(detail, islice(detail.entries(), most), longer))
    attempts = detail.attempts[:most]
    counts = detail.counts()
    left = sum(counts.values()) - len(tasks) + len(detail.attempts) - len(attempts)
    facts = _facts(detail.run, state) | {"culprits": tuple(culprits_of(detail))}
    return RunWhole(
        **facts, tasks=tasks, attempt_list=tuple(map(attempt_item, attempts)), roles=detail.spec.roles,
        counts={str(one): count for one, count in counts.items()}, longer_than_usual=dict(longer or {}),
        left_out=left, superseded=superseded, timezone=detail.spec.timezone,
    )  # fmt: skip


def _facts(view: RunView, state: str | None) -> dict[str, Any]:
    row, slot = view.row, view.row.slot
    key = row.run.key if row.run.n == 1 else f"{row.run.key}.{row.run.n}"
    return {
        "run_id": str(view.run), "number": view.number, "dag_id": view.run.dag, "state": state or str(view.state),
        "round": view.round, "version": row.version, "kind": row.kind, "actor": row.actor,
        "interval": None if slot is None else Range(at(slot[0]), at(slot[1])),
        "created_at": at(row.created), "started_at": maybe_at(view.started), "ended_at": maybe_at(view.ended),
        "seconds": seconds(view.started, view.ended), "key": key, "due_at": at(row.due) if row.due else None,
        "reason": row.reason, "why": "" if view.why is None else say(view.why),
        "culprits": tuple(Culprit(*_parsed(label), reason) for label, reason in view.culprits),
        "backfill_id": None if row.backfill is None else str(row.backfill),
    }  # fmt: skip


def task_items(
    detail: RunDetail, entries: Iterable[TaskView], longer: Mapping[str, str] | None = None
) -> Iterator[TaskItem]:
    """Tasks of a run, and items of mapped ones.

    Args:
        detail: the run.
        entries: those of it that are told.
        longer: what is said of those that take longer than usual, by label.
    """
    begun, specs = detail.begun(), {task.id: task for task in detail.spec.tasks}
    for entry in entries:
        yield _task_item(entry, specs.get(entry.task), begun, (longer or {}).get(entry.label, ""))


def _task_item(
    entry: TaskView, spec: TaskSpec | None, begun: Mapping[tuple[str, int | None], int], longer: str
) -> TaskItem:
    return TaskItem(
        entry.task, entry.index, str(entry.state), begun.get((entry.task, entry.index), 0),
        maybe_at(entry.started), maybe_at(entry.ended), seconds(entry.started, entry.ended),
        None if entry.why is None else say(entry.why), entry.number, entry.marked, entry.reused_from,
        None if entry.state in FINAL else maybe_at(entry.not_before),
        "" if spec is None else spec.group, None if spec is None else spec.rules.role, longer,
    )  # fmt: skip


def attempt_item(view: AttemptView) -> AttemptItem:
    """One attempt."""
    key = view.key
    return AttemptItem(
        key.task, key.index, key.number, view.round, str(view.state), at(view.created), maybe_at(view.began),
        maybe_at(view.ended), seconds(view.began, view.ended), view.cause or None, view.text or None, view.signal,
        view.exit_code, view.peak_rss, view.notes, str(view.id), str(key.run), view.kind,
        seconds(view.created, view.began), None if view.cpu is None else view.cpu / 1_000_000, view.worker,
        view.rows, view.source,
    )  # fmt: skip


def culprits_of(detail: RunDetail) -> Iterator[Culprit]:
    """What failed a run; of one that is held what has failed in it already."""
    named = detail.run.culprits or (tuple(_failures(detail)) if detail.run.state is RunState.HELD else ())
    for label, reason in named:
        yield Culprit(*_parsed(label), reason)


def _failures(detail: RunDetail) -> Iterator[tuple[str, str]]:
    forgiven = {task.id for task in detail.spec.tasks if task.rules.allow_failure}
    for entry in detail.entries():
        if entry.state is TaskState.FAILED and entry.task not in forgiven:
            yield entry.label, "" if entry.why is None else say(entry.why)


def _parsed(label: str) -> tuple[str, int | None]:
    task, bracket, rest = label.partition("[")
    return task, int(rest.rstrip("]")) if bracket else None


def why_page(reading: Reading, detail: RunDetail, task: str | None = None, most: int = MOST) -> WhyPage:
    """Why a run is as it is, and why each task of it is.

    Args:
        reading: asks the owner, where the run lives.
        detail: the run.
        task: only this one, `clean` or `clean[3]`; of a mapped one all items.
        most: tasks that are told.
    """
    head, *lines = reading.why(detail)
    wanted = [line for line in lines if task is None or line[0] == task or line[0].startswith(f"{task}[")]
    told = tuple(Said(*line) for line in wanted[:most])
    return WhyPage(str(detail.run.run), head[1], head[2], told, len(wanted) - len(told))
