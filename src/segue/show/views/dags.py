from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from segue.engine.forecast import quantile
from segue.model.api.dags import (
    DagItem,
    DagPage,
    Fire,
    Mark,
    Param,
    Released,
    TaskLine,
    TaskTrend,
    Trend,
    TrendPoint,
    VersionItem,
)
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.pages import RunMark, VersionView
from segue.model.params import param_views
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState
from segue.model.views import DagView
from segue.model.why import say
from segue.schedule.slot import Slot
from segue.show.outlook import DagClock, clock_of
from segue.show.reading import Reading
from segue.show.views.facts import plain_value
from segue.show.views.grids import key_of
from segue.show.views.times import at, maybe_at, seconds

__all__ = [
    "DagFilter",
    "DagSort",
    "Known",
    "dag_item",
    "dag_page",
    "fire_of",
    "known_dags",
    "mark_of",
    "marked",
    "order_of",
    "trend_of",
    "version_item",
]

DagSort: TypeAlias = Literal["name", "-name", "next", "newest", "state"]

_SPARK: Final = 14
_FIRES: Final = 5
# Those that need somebody come first.
_WORST: Final = ("failed", "held", "interrupted", "cancelled", "running", "queued", "success", "")


@dataclass(frozen=True, slots=True)
class DagFilter:
    """Which DAGs: all that fit every part that is given.

    Args:
        text: stands in id, owner, tag, file or documentation, whatever its case.
        tag, owner, location: exactly that.
        state: of its newest run.
        paused: whether it is.
        retired: also those that no file declares any more.
    """

    text: str = ""
    tag: str | None = None
    owner: str | None = None
    location: str | None = None
    state: str | None = None
    paused: bool | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """One DAG as everything about it is read: its row, its newest version, its newest runs (the newest first)."""

    view: DagView
    spec: DagSpec
    marks: Sequence[RunMark] = ()


def known_dags(
    reading: Reading,
    seen: frozenset[str] | None,
    wanted: DagFilter = DagFilter(),
    marks: int = _SPARK,  # noqa: B008  # frozen
) -> list[Known]:
    """The DAGs that fit, by id.

    Args:
        reading: of the home.
        seen: ids that whoever asks may see, None: all.
        wanted: which of these.
        marks: newest runs of each.
    """
    views = [view for view in reading.dags() if seen is None or view.dag in seen]
    found = [(view, reading.newest(view)) for view in views if wanted.retired or not view.timing.retired]
    some = [(view, spec) for view, spec in found if _fits(view, spec, wanted)]
    runs = reading.reader.marks(frozenset(view.dag for view, _ in some), marks) if marks else {}
    known = [Known(view, spec, runs.get(view.dag, ())) for view, spec in some]
    if wanted.state is None:
        return known
    return [one for one in known if _newest(reading, one) == wanted.state]


def marked(reading: Reading, known: Sequence[Known], marks: int) -> list[Known]:
    """The same DAGs with so many of their newest runs."""
    runs = reading.reader.marks(frozenset(one.view.dag for one in known), marks)
    return [replace(one, marks=runs.get(one.view.dag, ())) for one in known]


def _fits(view: DagView, spec: DagSpec, wanted: DagFilter) -> bool:
    timing = view.timing
    return (
        wanted.tag in (None, *spec.tags)
        and wanted.owner in (None, spec.owner)
        and wanted.location in (None, spec.location)
        and wanted.paused in (None, timing.paused or timing.hard)
        and (not wanted.text or _says(view, spec, wanted.text.casefold()))
    )


def _says(view: DagView, spec: DagSpec, text: str) -> bool:
    return any(text in word.casefold() for word in (spec.id, spec.owner or "", *spec.tags, view.file, spec.doc))


def _newest(reading: Reading, one: Known) -> str:
    return reading.shown(one.marks[0].run, one.marks[0].state) if one.marks else ""


def order_of(reading: Reading, sort: DagSort, now: Instant) -> Callable[[Known], tuple[Any, ...]]:
    """What a list of DAGs is sorted by; the id is the last part, so that no two are equal."""

    def key(one: Known) -> tuple[Any, ...]:
        if sort == "next":
            clock = clock_of(one.view, one.spec, now)
            return (clock.coming[0].due if clock.coming else 1 << 62, one.spec.id)
        if sort == "newest":
            return (-one.marks[0].number if one.marks else 0, one.spec.id)
        if sort == "state":
            return (_WORST.index(_newest(reading, one)), one.spec.id)
        return (one.spec.id,)

    return key


def dag_item(reading: Reading, one: Known, now: Instant) -> DagItem:
    """One DAG in a list."""
    return DagItem(**_facts(reading, one, clock_of(one.view, one.spec, now)))


def _facts(reading: Reading, one: Known, clock: DagClock) -> dict[str, Any]:
    view, spec, timing = one.view, one.spec, one.view.timing
    return {
        "dag_id": view.dag, "clock": clock.state, "schedule": clock.words, "timezone": spec.timezone,
        "location": spec.location, "owner": spec.owner or "", "tags": spec.tags, "file": view.file,
        "version": view.version, "paused": timing.paused or timing.hard, "hard": timing.hard,
        "paused_until": maybe_at(timing.until), "waiting": clock.waiting, "error": view.error,
        "next": fire_of(clock.coming[0], spec) if clock.coming else None,
        "quarantined": None if view.quarantined is None else say(view.quarantined),
        "marks": tuple(mark_of(mark, reading.shown(mark.run, mark.state)) for mark in one.marks),
    }  # fmt: skip


def mark_of(mark: RunMark, state: str) -> Mark:
    """One run, as much as a spark shows of it."""
    return Mark(
        str(mark.run), mark.number, state, mark.kind, key_of(mark), at(mark.created), maybe_at(mark.started),
        maybe_at(mark.ended), seconds(mark.started, mark.ended), mark.version,
    )  # fmt: skip


def fire_of(slot: Slot, spec: DagSpec) -> Fire:
    """An interval that falls due."""
    return Fire(at(slot.due), slot_key(slot.start, slot.end, spec.timezone), at(slot.start), at(slot.end))


def dag_page(reading: Reading, one: Known, now: Instant, label: str | None = None) -> DagPage:
    """One DAG, whole.

    Args:
        reading: of the home.
        one: the DAG.
        now: the present.
        label: of its newest version.
    """
    spec = one.spec
    clock = clock_of(one.view, spec, now, count=_FIRES)
    spans = reading.durations(spec.id)
    return DagPage(
        **_facts(reading, one, clock), doc=spec.doc, start=maybe_at(spec.start), end=maybe_at(spec.end),
        catchup=spec.catchup, missed=spec.missed, max_active_runs=spec.run_limit,
        max_active_tasks=spec.max_active_tasks, overlap=spec.overlap, lookback=spec.lookback,
        timeout_seconds=None if spec.timeout is None else spec.timeout / 1e6, label=label, line=spec.line,
        former=one.view.former, fires=tuple(fire_of(slot, spec) for slot in clock.coming),
        params=tuple(_params(spec)), tasks=tuple(_task_line(task, spans) for task in spec.tasks),
        released=tuple(
            Released(eased.task, eased.guard, eased.like, at(eased.at)) for eased in reading.reader.eased(spec.id)
        ),
        alerts=spec.alerts,
    )  # fmt: skip


def _params(spec: DagSpec) -> Iterator[Param]:
    for view in param_views(spec):
        plain = plain_value((view.default, view.choices))
        assert isinstance(plain, tuple | list)
        facts = asdict(view) | {"default": plain[0], "choices": tuple(plain[1])}
        yield Param(**facts)


def _task_line(task: TaskSpec, spans: Mapping[str, Sequence[int]]) -> TaskLine:
    rules, found = task.rules, spans.get(task.id, ())
    return TaskLine(
        task.id, task.kind, task.group, task.upstream, task.mapped is not None, rules.pool, rules.retry.times,
        rules.trigger_rule, rules.owner, rules.role, rules.tags, task.doc, task.line, task.inlets, task.outlets,
        task.starts, quantile(found, 50) / 1e6 if found else None,
    )  # fmt: skip


def version_item(view: VersionView) -> VersionItem:
    """One version of a DAG."""
    return VersionItem(
        view.dag, view.number, view.label, at(view.created), view.spec_digest, view.code_digest
    )  # fmt: skip


def trend_of(reading: Reading, dag: str, marks: Sequence[RunMark]) -> Trend:
    """How long the runs of a DAG take.

    Args:
        reading: knows how long its tasks took of late.
        dag: its id.
        marks: its runs, the newest first.
    """
    ended = [mark for mark in reversed(marks) if mark.started is not None and mark.ended is not None]
    points = tuple(
        TrendPoint(
            str(mark.run),
            key_of(mark),
            str(mark.state),
            at(mark.started or 0),
            seconds(mark.started, mark.ended) or 0.0,
            mark.version,
        )
        for mark in ended
    )
    good = [(mark.ended or 0) - (mark.started or 0) for mark in ended if mark.state is RunState.SUCCESS]
    tasks = tuple(
        TaskTrend(task, quantile(spans, 50) / 1e6, quantile(spans, 90) / 1e6, len(spans))
        for task, spans in reading.durations(dag).items()
    )
    median, p90 = (quantile(good, percent) / 1e6 if good else None for percent in (50, 90))
    return Trend(dag, median, p90, len(good), points, tasks)
