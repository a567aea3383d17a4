"""What is affected by a failure: tasks of the run, and the DAGs that wait for it, as far as files tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from segue.model.api.runs import Blast
from segue.model.spec import DagSpec
from segue.model.state import TaskState
from segue.model.views import RunDetail, RunView
from segue.schedule.deadline import deadline_of
from segue.show.views.graphs import BAD, below
from segue.show.views.times import at

__all__ = ["Waiters", "affected", "blast"]


@dataclass(frozen=True, slots=True)
class Waiters:
    """Who waits for whom between DAGs.

    Args:
        readers: of each name of data, the DAGs that say they read it.
        specs: every DAG by id.
    """

    readers: Mapping[str, frozenset[str]]
    specs: Mapping[str, DagSpec]

    @classmethod
    def of(cls, specs: Sequence[DagSpec]) -> Waiters:
        """Find them in the newest versions of all DAGs."""
        readers: dict[str, set[str]] = {}
        for spec in specs:
            for task in spec.tasks:
                for name in task.inlets:
                    readers.setdefault(name, set()).add(spec.id)
        return cls({name: frozenset(dags) for name, dags in readers.items()}, {spec.id: spec for spec in specs})

    def behind(self, spec: DagSpec, tasks: Collection[str]) -> tuple[tuple[str, ...], frozenset[str]]:
        """What waits for some tasks of a DAG: names of the data they write, and all DAGs, at any distance."""
        data, todo = self._next(spec, tasks)
        found: set[str] = set()
        while todo:
            dag = todo.pop()
            if dag in found or dag == spec.id:
                continue
            found.add(dag)
            other = self.specs.get(dag)
            if other is not None:
                todo |= self._next(other, [task.id for task in other.tasks])[1]
        return data, frozenset(found)

    def _next(self, spec: DagSpec, tasks: Collection[str]) -> tuple[tuple[str, ...], set[str]]:
        wanted = [task for task in spec.tasks if task.id in tasks]
        data = dict.fromkeys(name for task in wanted for name in task.outlets)
        dags = {dag for task in wanted for dag in task.starts}
        return tuple(data), dags.union(*(self.readers.get(name, ()) for name in data))


def blast(detail: RunDetail, waiters: Waiters, seen: frozenset[str] | None) -> Blast:
    """What is affected by what has failed or is held in a run.

    Args:
        detail: the run.
        waiters: between all DAGs.
        seen: ids of DAGs that whoever asks may see, None: all; the others are only counted.
    """
    bad = [entry for entry in detail.entries() if entry.state in BAD]
    good = {entry.task for entry in detail.entries() if entry.state is TaskState.SUCCESS}
    tasks = tuple(name for name in below(detail.spec, {entry.task for entry in bad}) if name not in good)
    data, dags = waiters.behind(detail.spec, {*tasks, *(entry.task for entry in bad)}) if bad else ((), frozenset())
    told = sorted(dag for dag in dags if seen is None or dag in seen)
    row = detail.run.row
    return Blast(
        str(detail.run.run), tuple(entry.label for entry in bad), tasks, data, tuple(told),
        None if row.backfill is None else str(row.backfill), _deadlines(detail) if bad else (),
        len(dags) - len(told),
    )  # fmt: skip


def _deadlines(detail: RunDetail) -> tuple[tuple[str | None, str], ...]:
    due, spec = detail.run.row.due, detail.spec
    found = ((task, deadline_of(spec, due, task)) for task in (None, *spec.tasks)) if due else ()
    return tuple((None if task is None else task.id, at(deadline)) for task, deadline in found if deadline is not None)


def affected(view: RunView, spec: DagSpec, waiters: Waiters) -> tuple[int, int]:
    """How many tasks, and how many DAGs, lie behind what failed a run, as its culprits tell."""
    bad = {label.partition("[")[0] for label, _ in view.culprits}
    tasks = below(spec, bad)
    return len(tasks), len(waiters.behind(spec, {*tasks, *bad})[1])
