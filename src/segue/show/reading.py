"""The reading side: what people ask about a home, with or without an owner. It never creates one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from segue.model.errors import NotFound, UsageError
from segue.model.ids import Instant, RunKey
from segue.model.spec import DagSpec
from segue.model.state import FINAL, RUN_FINAL, RunState, TaskState
from segue.model.views import BackfillView, DagView, PoolView, RunDetail, RunQuery, RunView, SlotView, TaskView
from segue.model.why import Why, say
from segue.show.specs import Specs
from segue.store.readers import Reader

__all__ = ["Driver", "Reading", "Selection", "stored_why"]

_ALL = 1_000_000
_LONGEST = 600
"""Characters of the name of a run."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which runs: all that fit every part that is given.

    Args:
        dag: a glob on the DAG's id.
        states: states a run may have.
        since: created then or later.
        tag: a tag of its DAG.
        error: a glob on the reason of a culprit.
        until: created before that.
        kinds: how it came to be.
        owner: of its DAG.
        backfill: the number of the one that it belongs to.
    """

    dag: str | None = None
    states: tuple[RunState, ...] = ()
    since: Instant | None = None
    tag: str | None = None
    error: str | None = None
    until: Instant | None = None
    kinds: tuple[str, ...] = ()
    owner: str | None = None
    backfill: int | None = None

    @property
    def empty(self) -> bool:
        """Nothing is given."""
        return self == Selection()


class Driver(Protocol):
    """What only a living owner knows."""

    def driven(self) -> frozenset[str] | None:
        """The runs that it drives, None where it drives all; none at all where there is no owner."""
        ...

    def why(self, run: RunKey) -> list[tuple[str, str, str]]:
        """What it says of a run: label, state, sentence; empty where there is no owner."""
        ...


class Reading:
    """Answers what people ask about a home.

    Args:
        reader: of the home's database, None where there is no home.
        place: what is read, for messages: `the home …`.
        driver: its owner.
        specs: versions that are known already.
    """

    def __init__(self, reader: Reader | None, place: str, driver: Driver, specs: Specs | None = None) -> None:
        self._reader, self._place, self._driver = reader, place, driver
        self._kept = specs or Specs()
        self._asked_owner = False
        self._driven: frozenset[str] | None = None
        self._flows: dict[RunKey, DagSpec] = {}

    @property
    def reader(self) -> Reader:
        """Of the home's database.

        Raises:
            NotFound: there is no home.
        """
        if self._reader is None:
            raise NotFound(f"{self._place} does not exist yet")
        return self._reader

    def runs(self, selection: Selection, limit: int = _ALL) -> Sequence[RunView]:
        """The newest runs of a selection, the newest first."""
        if self._reader is None:
            return ()
        wanted = selection
        sifted = wanted.tag is not None or wanted.owner is not None
        query = RunQuery(
            wanted.dag, wanted.states, wanted.since, _ALL if sifted else limit, wanted.backfill, until=wanted.until,
            kinds=wanted.kinds, error=wanted.error,
        )  # fmt: skip
        views = self._reader.runs(query)
        return [view for view in views if _declared_so(self.spec(view), wanted)][:limit] if sifted else views

    def find(self, text: str) -> RunView:
        """The run that is named so: `dag@key`, `dag@latest`, or its number; also under a former id of its DAG.

        Raises:
            NotFound: there is none; the nearest ones are named.
        """
        named = self._reader is not None and text.isprintable() and len(text) <= _LONGEST
        view = self.reader.find(text) or self._under_new_id(text) if named else None
        if view is None:
            raise NotFound(f"there is no run {text}{self._near(text)}")
        return view

    def _under_new_id(self, text: str) -> RunView | None:
        assert self._reader is not None
        dag, _, key = text.partition("@")
        heir = next((view.dag for view in self._reader.dags() if dag in view.former), None)
        return None if heir is None else self._reader.find(f"{heir}@{key}")

    def _near(self, text: str) -> str:
        if self._reader is None:
            return f": {self._place} does not exist yet"
        if text in {view.dag for view in self._reader.dags()}:
            return f", but a DAG of this name: {text}@latest is its newest run, `segue runs --dag {text}` lists all"
        names = [str(view.run) for view in self._reader.runs(RunQuery(limit=500))]
        if not names:
            return f": {self._place} has no runs yet"
        near = difflib.get_close_matches(text[:_LONGEST], names, 3, 0.5) or names[:3]
        return f": did you mean {', '.join(near)}? `segue runs` lists them"

    def detail(self, view: RunView, *, attempts: bool = True) -> RunDetail:
        """One run, whole, or without its attempts."""
        assert self._reader is not None
        detail = self._reader.run(view.run, attempts=attempts)
        if detail is None:
            raise NotFound(f"run {view.run} was removed just now")
        return detail

    def spec(self, view: RunView) -> DagSpec:
        """The DAG as it was for this run; of a flow with the steps that this run has made."""
        spec = self._kept.get(self.reader, view.run.dag, view.row.version)
        if not spec.is_flow:
            return spec
        if view.run not in self._flows:
            self._flows[view.run] = self.detail(view).spec
        return self._flows[view.run]

    def zone(self, view: RunView) -> str:
        """The time zone of a run's DAG."""
        return self._kept.get(self.reader, view.run.dag, view.row.version).timezone

    def dags(self) -> Sequence[DagView]:
        """All DAGs that the home knows."""
        views = () if self._reader is None else self._reader.dags()
        self._kept.forget(name for view in views for name in view.former)
        return views

    def dag(self, name: str) -> tuple[DagView, DagSpec]:
        """A DAG, also by a former id, and its newest version.

        Raises:
            NotFound: the home knows none of that name; the nearest one is named.
        """
        views = self.dags()
        for view in views:
            if name == view.dag or name in view.former:
                return view, self.newest(view)
        if not views:
            raise NotFound(f"there is no DAG {name}: {self._place} knows none yet, `segue up` does that")
        near = difflib.get_close_matches(name[:_LONGEST], [view.dag for view in views], 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(view.dag for view in views[:10])}"
        raise NotFound(f"there is no DAG {name}: {hint}")

    def declared(self, name: str) -> tuple[DagView, DagSpec]:
        """A DAG that a file declares.

        Raises:
            UsageError: the home knows none of that name, or no file declares it any more.
        """
        view, spec = self.dag(name)
        if view.timing.retired:
            raise UsageError(f"no file declares DAG {spec.id} any more: it was in {view.file}")
        return view, spec

    def newest(self, view: DagView) -> DagSpec:
        """A DAG as it was defined last."""
        return self._kept.get(self.reader, view.dag, view.version)

    def slots(self, dag: str) -> Sequence[SlotView]:
        """What the ledger knows of a DAG, the oldest first."""
        return () if self._reader is None else self._reader.slots(dag)

    def backfills(self, dag: str | None = None, limit: int = 50) -> Sequence[BackfillView]:
        """Backfills of one DAG or all, the newest first."""
        return () if self._reader is None else self._reader.backfills(dag, limit)

    def backfill(self, number: int) -> BackfillView:
        """One backfill.

        Raises:
            NotFound: there is none of that number.
        """
        view = None if self._reader is None else self._reader.backfill(number)
        if view is None:
            raise NotFound(f"there is no backfill {number}: `segue backfills` lists them")
        return view

    def runs_of(self, backfill: int, states: Sequence[RunState] = ()) -> Sequence[RunView]:
        """The runs of a backfill, in any of these states if some are named, the newest first."""
        query = RunQuery(states=tuple(states), limit=_ALL, backfill=backfill)
        return () if self._reader is None else self._reader.runs(query)

    def durations(self, dag: str) -> dict[str, Sequence[int]]:
        """How long each task of a DAG took in recent good runs, in microseconds."""
        return {} if self._reader is None else {view.task: view.spans for view in self._reader.durations(dag)}

    def pools(self) -> Sequence[PoolView]:
        """All pools that the home knows."""
        return () if self._reader is None else self._reader.pools()

    def superseded(self, view: RunView) -> bool:
        """Whether its interval has a newer run."""
        if self._reader is None or view.row.slot is None:
            return False
        start = view.row.slot[0]
        slots = self._reader.slots(view.run.dag, start, Instant(start + 1))
        named = next((one.last_run for one in slots if one.slot == view.row.slot), "")
        if named in ("", str(view.run)):
            return False
        last = self._reader.find(named)  # the ledger names a run from its first task on: this one may be newer and wait
        return last is None or last.number > view.number

    def state(self, view: RunView, *, fresh: bool = False) -> str:
        """The state to show: *interrupted* where no living owner drives an unfinished run.

        Args:
            view: the run.
            fresh: ask the owner anew, not once for all runs of this reading.
        """
        if fresh:
            self._asked_owner = False
        return self.shown(view.run, view.state)

    def shown(self, run: RunKey, state: RunState) -> str:
        """The same, where only name and state of a run are known."""
        if state in RUN_FINAL or state is RunState.HELD:
            return str(state)
        driven = self._driven_runs()
        return str(state) if driven is None or str(run) in driven else "interrupted"

    def _driven_runs(self) -> frozenset[str] | None:
        if not self._asked_owner:
            self._asked_owner, self._driven = True, self._driver.driven()
        return self._driven

    def why(self, detail: RunDetail) -> list[tuple[str, str, str]]:
        """For the run (label `""`) and every task of it: label, state, sentence."""
        view = detail.run
        if self.state(view) != "interrupted" and view.state not in RUN_FINAL:
            sentences = self._driver.why(view.run)
            if sentences:
                return sentences
        return stored_why(detail, self.state(view) == "interrupted")


def _declared_so(spec: DagSpec, wanted: Selection) -> bool:
    return wanted.tag in (None, *spec.tags) and wanted.owner in (None, spec.owner)


def stored_why(detail: RunDetail, interrupted: bool) -> list[tuple[str, str, str]]:
    """The reasons that the store has: of moves that were made, and of what waits for nobody."""
    view = detail.run
    head = str(view.why) if view.why is not None else ""
    if interrupted:
        head = say(Why("interrupted", (str(view.run),)))
    lines = [("", "interrupted" if interrupted else str(view.state), head)]
    waiting = {entry.task for entry in detail.entries() if entry.state not in FINAL}
    for entry in detail.entries():
        lines.append((entry.label, str(entry.state), _sentence(detail, entry, waiting)))
    return lines


def _sentence(detail: RunDetail, entry: TaskView, waiting: set[str]) -> str:
    if entry.state is TaskState.HELD:
        return say(Why("held_task", (str(entry.why or ""), str(detail.run.run), entry.label)))
    if entry.state in FINAL or entry.why is not None:
        return "" if entry.why is None else str(entry.why)
    upstream = next((task.upstream for task in detail.spec.tasks if task.id == entry.task), ())
    missing = [name for name in upstream if name in waiting]
    return say(Why("upstream", (", ".join(missing),))) if missing else "has not begun"
