"""What both stores make alike out of their rows: images of runs, facts about the object of a request."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

import msgspec

from segue.model.acts import Act, MoveBackfill, RunAct, StartBackfill, TriggerRun
from segue.model.backfills import BackfillImage, BackfillState
from segue.model.definition import Definition
from segue.model.events import Request
from segue.model.ids import Instant, RunKey
from segue.model.images import (
    AttemptImage,
    DagImage,
    Facts,
    HookImage,
    RunImage,
    Snapshot,
    Step,
    TaskImage,
    Version,
)
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import FINAL, RUN_FINAL, AttemptState, RunState, SlotState, TaskState
from segue.model.timing import SlotAsk, SlotFacts
from segue.model.views import AlertView, HeldView, PoolView, RunView, SlotView, TaskView

__all__ = [
    "ALIVE",
    "AT_ONCE",
    "DAY",
    "ENDED_BACKFILLS",
    "GOOD",
    "LIVE",
    "FactSource",
    "TaskCounts",
    "Usage",
    "Where",
    "by_key",
    "facts_of",
    "facts_of_slot",
    "held_of",
    "ids_of",
    "image_of",
    "is_gone",
    "is_number",
    "is_settled",
    "names_of",
    "number_in",
    "pools_of",
    "rehearsal_of",
    "starts_of",
    "with_steps",
]

Where: TypeAlias = tuple[str, int | None]
ALIVE: Final = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})
LIVE: Final = frozenset({TaskState.QUEUED, TaskState.RUNNING})
"""What a task is while an attempt of it is alive."""

GOOD: Final = frozenset({TaskState.SUCCESS, TaskState.SKIPPED})
AT_ONCE: Final = 1_000
"""Task rows of the runs that are forgotten in one transaction; of one run alone there may be more."""

DAY: Final = 86_400_000_000
"""Microseconds; so long an alert is an episode to which more may be added."""

_APART: Final = 27 * 3_600_000_000
"""More than zones differ by."""

ENDED_BACKFILLS: Final[frozenset[BackfillState]] = frozenset({"cancelled", "done", "stopped"})

# What SQLite's integers hold, whatever a person types.
_NUMBER: Final = re.compile("[0-9]{1,18}")
_NUMBERED: Final = re.compile(r"(.+)\.([1-9][0-9]{0,17})")


class FactSource(Protocol):
    """The questions that facts are made of."""

    def answer(self, request: str) -> tuple[bool, str, RunKey | None] | None:
        """What this request was answered."""
        ...

    def image(self, run: RunKey) -> RunImage | None:
        """The run, whole."""
        ...

    def newest(self, dag: str) -> Version | None:
        """The DAG's newest version."""
        ...

    def made(self, request: str) -> RunKey | None:
        """The run that a request with this id has made."""
        ...

    def next_n(self, dag: str, key: str, slot: tuple[Instant, Instant] | None) -> int:
        """The first `n` of this text that no run has, nor had as far as the slot tells."""
        ...

    def backfill_image(self, number: int) -> BackfillImage | None:
        """A backfill, ended or not."""
        ...

    def placed(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The run that holds the slot's place."""
        ...

    def latest(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The slot's newest run."""
        ...


def facts_of(source: FactSource, act: Act, request: str) -> Facts:
    """Gather what `Facts` holds about the object of an act."""
    if isinstance(act, StartBackfill):
        return Facts(version=source.newest(act.dag), answer=source.answer(request))
    if isinstance(act, MoveBackfill):
        backfill = source.backfill_image(act.backfill)
        version = None if backfill is None else source.newest(backfill.row.dag)
        return Facts(version=version, answer=source.answer(request), backfill=backfill)
    if not isinstance(act, TriggerRun | RunAct):
        return Facts(answer=source.answer(request))
    if isinstance(act, TriggerRun):
        run, dag, key, slot = None, act.dag, act.key, act.slot
    else:
        run, dag, key = source.image(act.run), act.run.dag, act.run.key
        slot = run.row.slot if run else None
    made = source.made(request) if isinstance(act, TriggerRun) else None
    latest = source.latest(dag, slot) if run and slot else None
    return Facts(
        run=run,
        version=source.newest(dag),
        next_n=source.next_n(dag, key, slot),
        placed=source.placed(dag, slot) if slot else None,
        newer=latest if run and latest != run.row.run else None,
        answer=source.answer(request),
        made=source.image(made) if made else None,
        backfill=source.backfill_image(run.row.backfill) if run and run.row.backfill else None,
    )


def rehearsal_of(
    source: FactSource, dags: Iterable[DagImage], requests: Iterable[Request]
) -> tuple[Snapshot, tuple[Request, ...]]:
    """What an engine needs to answer requests, and these with what is known of their objects.

    Args:
        source: within one read.
        dags: those that are meant.
        requests: what is asked for.
    """
    known = tuple(msgspec.structs.replace(one, facts=facts_of(source, one.act, one.id)) for one in requests)
    runs: dict[RunKey, RunImage] = {}
    backfills: dict[int, BackfillImage] = {}
    for facts in (one.facts for one in known):
        rival = None if facts.placed is None else source.image(facts.placed)
        runs.update((run.row.run, run) for run in (facts.run, rival) if run is not None and run.state not in RUN_FINAL)
        if facts.backfill is not None and facts.backfill.state not in ENDED_BACKFILLS:
            backfills[facts.backfill.row.id] = facts.backfill
    ordered = sorted(runs.values(), key=lambda run: (run.row.created, run.row.run))
    return Snapshot(bytes(32), tuple(dags), tuple(ordered), (), tuple(backfills.values())), known


def is_gone(view: SlotView, runs: Collection[RunKey]) -> bool:
    """Whether the run that made the slot good is not among those that are kept."""
    return view.last_good_run is not None and view.last_good_run not in {str(run) for run in runs}


def facts_of_slot(
    ask: SlotAsk,
    runs: dict[RunKey, RunState],
    shown: SlotView | None,
    scheduled: bool,
    highest: int,
    good: Iterable[str],
) -> SlotFacts:
    """Put together what is known of a slot.

    Args:
        ask: which.
        runs: its kept runs, the oldest first, and where they stand.
        shown: its row.
        scheduled: whether a scheduled run was ever made for it.
        highest: `n` of its key that is taken.
        good: tasks that are good in one of the runs, or were in one that is not kept.
    """
    latest = next(reversed(runs), None)
    return SlotFacts(
        ask,
        highest + 1,
        latest,
        None if latest is None else runs[latest],
        scheduled,
        None if shown is None or shown.state is SlotState.MISSING else shown.state,
        tuple(sorted(good)),
    )


def is_settled(view: AlertView) -> bool:
    """Whether an alert was sent, parked or silenced, and nowhere has still to be tried again."""
    return bool(view.deliveries) and all(delivery.state != "failed" for delivery in view.deliveries)


def image_of(
    view: RunView,
    spec: DagSpec,
    tasks: Iterable[TaskView],
    attempts: Iterable[tuple[Where, AttemptImage]],
    kept: Mapping[Where, tuple[tuple[str, str], ...]],
    steps: tuple[Step, ...] = (),
) -> RunImage:
    """Put a run's rows together.

    Args:
        view: its own row.
        spec: of its version.
        tasks: its task rows.
        attempts: at least those that have not ended and those of hooks, in order of number.
        kept: the small values of its tasks, in order of name.
        steps: the calls of a flow, in order.
    """
    alive: dict[Where, AttemptImage] = {}
    hooks: dict[Where, HookImage] = {}
    for where, one in attempts:
        if one.kind == "hook":
            hooks[where] = HookImage(*where, one.number, one.state, one.began)
        elif one.state in ALIVE:
            alive[where] = one
    images = tuple(
        TaskImage(
            row.task, row.index, row.state, row.round, row.tries, row.losses, row.platform, row.not_before,
            row.expanded, row.number, row.inline, row.ref, row.length, row.digest, row.marked, row.followed,
            alive.get((row.task, row.index)),
            str(row.why) if row.state in (TaskState.FAILED, TaskState.HELD) else "", row.staged,
            kept.get((row.task, row.index), ()), row.preview,
        )
        for row in tasks
    )  # fmt: skip
    return RunImage(
        view.row, spec, view.state, view.round, view.placed, view.cancel_at, view.started, images, view.row.klass,
        view.stop, view.stopped_by, view.spent, view.placed_at,
        tuple(hooks[where] for where in sorted(hooks, key=by_key)), steps,
        view.ended,
    )  # fmt: skip


def by_key(where: Where) -> tuple[str, int]:
    """Order of task rows: the row without index before its items."""
    return where[0], -1 if where[1] is None else where[1]


def with_steps(spec: DagSpec, steps: Iterable[Step]) -> DagSpec:
    """The spec of a flow with the tasks that its run has got."""
    added = tuple(step.task for step in steps)
    return msgspec.structs.replace(spec, tasks=spec.tasks + added) if added else spec


def held_of(tasks: Iterable[TaskView], since: Mapping[Where, Instant]) -> tuple[HeldView, ...]:
    """The tasks that wait for a person.

    Args:
        tasks: the rows of a run.
        since: when each was last held.
    """
    return tuple(
        HeldView(row.task, row.index, str(row.why or ""), since[row.task, row.index], bool(row.staged))
        for row in tasks
        if row.state is TaskState.HELD
    )


class TaskCounts(NamedTuple):
    """How many rows of a task stand in each state, items one by one; `items` of it there are to be, 0: it has none."""

    states: Mapping[TaskState, int]
    items: int


class Usage(NamedTuple):
    """A run as far as pools are concerned: its tasks, whether it is in its place, and what has a row."""

    tasks: Sequence[TaskSpec]
    placed: bool
    counts: Mapping[str, TaskCounts]


_UNSEEN: Final = TaskCounts({}, 0)


def pools_of(slots: Mapping[str, int], runs: Iterable[Usage]) -> list[PoolView]:
    """Count what uses the pools, from what is alive.

    Args:
        slots: of the pools that people have set.
        runs: the unfinished ones.
    """
    used: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    for run in runs:
        for task in run.tasks:
            if (pool := task.rules.pool) is None:
                continue
            states, items = run.counts.get(task.id, _UNSEEN)
            alive = sum(states.get(state, 0) for state in LIVE)
            ended = sum(count for state, count in states.items() if state in FINAL)
            used[pool] += task.rules.slots * alive
            waiting[pool] += max(items, 1) - alive - ended if run.placed else 0
    used, waiting = +used, +waiting
    return [PoolView(name, slots.get(name), used[name], waiting[name]) for name in sorted({*slots, *used, *waiting})]


def ids_of(definition: Definition) -> tuple[str, ...]:
    """The ids under which a version of this DAG may be kept: its own, and the one that it is about to give up."""
    former = definition.spec.renamed_from
    return (definition.spec.id,) if former is None else (definition.spec.id, former)


def is_number(text: str) -> bool:
    """Whether a text can be the row number of a run."""
    return _NUMBER.fullmatch(text) is not None


def number_in(printed: Iterable[str | None], dag: str, key: str) -> int:
    """The highest `n` that printed runs of this DAG and key have, 0 where none of them is one."""
    name, highest = f"{dag}@{key}", 0
    for text in printed:
        if text == name:
            highest = max(highest, 1)
        elif text is not None and text.startswith(f"{name}.") and is_number(text[len(name) + 1 :]):
            highest = max(highest, int(text[len(name) + 1 :]))
    return highest


def starts_of(key: str, start: Instant) -> tuple[Instant, Instant]:
    """Between which instants slots start that have the key of the one that starts at `start`.

    A moment is written with its offset and is one instant; a date is a day in whatever zone the DAG was then.
    """
    apart = 0 if "T" in key else _APART
    return Instant(start - apart), Instant(start + apart)


def names_of(text: str) -> tuple[RunKey, ...]:
    """The runs that a printed id may mean, the likeliest first: a key may itself end in a dot and digits."""
    dag, _, key = text.partition("@")
    found = [RunKey(dag, key, 1)]
    if numbered := _NUMBERED.fullmatch(key):
        found.append(RunKey(dag, numbered[1], int(numbered[2])))
    return tuple(found)
