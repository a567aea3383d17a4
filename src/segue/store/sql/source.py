"""Reads that the writer needs, on its own connection: images of runs, versions, what stands in the way of a request."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select, text
from sqlalchemy.engine import Connection

from segue.model.alerts import Episode
from segue.model.backfills import BackfillImage
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptImage, DagImage, Eased, RunImage, Snapshot, Step, Version
from segue.model.spec import DagSpec, decode_spec
from segue.model.state import RUN_FINAL, AttemptState
from segue.model.views import RunView
from segue.store.facts import ALIVE, DAY, ENDED_BACKFILLS, Where, image_of, number_in, starts_of
from segue.store.schema import (
    OPEN,
    alerts,
    attempts,
    backfills,
    dags,
    eased,
    events,
    pools,
    requests,
    runs,
    slots,
    steps,
    task_state,
    tasks,
    versions,
)
from segue.store.sql.braking import is_braked
from segue.store.sql.grammar import param
from segue.store.sql.rows import (
    BACKFILLS,
    DAGS,
    RUNS,
    TASKS,
    backfill_view,
    dag_view,
    episode_of,
    index_of,
    run_view,
    step_of,
    task_view,
)

__all__ = ["SqlSource", "is_run", "is_slot"]

_ALIVE: Final = [state.value for state in ALIVE]
_HOOK: Final = attempts.c.kind == literal_column("'hook'")
"""Written out, so that its index is used."""

# What is asked of every request is made once: making a question takes five times as long as asking it.
_ANSWER: Final = (
    select(requests.c.outcome, requests.c.why, runs.c.dag, runs.c.key, runs.c.n)
    .join_from(requests, runs, runs.c.id == requests.c.run, isouter=True)
    .where(requests.c.id == param("request"), requests.c.answered.is_not(None))
)
_NEWEST: Final = (
    select(versions.c.number, versions.c.spec_digest, versions.c.code_digest, dags.c.bundle, dags.c.file)
    .join_from(dags, versions, and_(versions.c.dag == dags.c.dag_id, versions.c.number == dags.c.version))
    .where(dags.c.dag_id == param("dag"))
)
_SPEC: Final = select(versions.c.spec).where(versions.c.dag == param("dag"), versions.c.number == param("number"))
_MADE: Final = select(runs.c.dag, runs.c.key, runs.c.n).where(runs.c.request_id == param("request"))
_HIGHEST: Final = select(func.max(runs.c.n)).where(runs.c.dag == param("dag"), runs.c.key == param("key"))


def is_run(run: RunKey) -> ColumnElement[bool]:
    """The run with this key."""
    return and_(runs.c.dag == run.dag, runs.c.key == run.key, runs.c.n == run.n)


def is_slot(dag: str, slot: tuple[Instant, Instant]) -> ColumnElement[bool]:
    """Runs of this slot."""
    return and_(runs.c.dag == dag, runs.c.slot_start == slot[0], runs.c.slot_end == slot[1])


class SqlSource:
    """Asks within the caller's read; keeps decoded specs from one question to the next."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._specs: dict[tuple[str, int], DagSpec] = {}

    def spec(self, dag: str, number: int) -> DagSpec:
        """The spec of a version; an empty one where it is not kept."""
        spec = self._specs.get((dag, number))
        if spec is None:
            data = self._connection.execute(_SPEC, {"p_dag": dag, "p_number": number}).scalar()
            spec = self._specs[dag, number] = DagSpec(dag) if data is None else decode_spec(data)
        return spec

    def snapshot(self, fence_key: bytes, wanted: Iterable[RunKey] | None) -> Snapshot:
        """All DAGs and pools, the runs among `wanted` (None: all) that have not ended, and those that owe a hook."""
        return Snapshot(
            fence_key, self.dags(), self.open_runs(wanted), self.pools(), self.backfills(), self._last_backfill(),
            self._episodes(), is_braked(self._connection),
        )  # fmt: skip

    def open_runs(self, wanted: Iterable[RunKey] | None) -> tuple[RunImage, ...]:
        """Images, the oldest first, of the runs among `wanted` that have not ended, and of all that owe a hook.

        Nobody asks for a run that has ended: whoever comes next calls the hooks that its owner was killed over.
        """
        chosen = None if wanted is None else frozenset(wanted)
        hooked = select(attempts.c.run).where(_HOOK, attempts.c.state.in_(_ALIVE))
        views = {
            view.number: view
            for where in (text(OPEN), runs.c.id.in_(hooked))
            for view in map(run_view, self._connection.execute(RUNS.where(where)))
            if chosen is None or view.run in chosen or view.state in RUN_FINAL
        }
        return tuple(self.image_of(views[number]) for number in sorted(views))

    def image_of(self, view: RunView) -> RunImage:
        """The whole run that `view` is the row of."""
        of_attempts = (
            select(
                attempts.c.task_id, attempts.c.map_index, attempts.c.number, attempts.c.state, attempts.c.started,
                attempts.c.kind,
            )
            .where(attempts.c.run == view.number, or_(attempts.c.state.in_(_ALIVE), _HOOK))
            .order_by(attempts.c.number)
        )  # fmt: skip
        found = (
            ((task, index_of(index)), AttemptImage(number, AttemptState(state), began, kind))
            for task, index, number, state, began, kind in self._connection.execute(of_attempts)
        )
        of_run = TASKS.where(tasks.c.run == view.number).order_by(tasks.c.task_id, tasks.c.map_index)
        rows = map(task_view, self._connection.execute(of_run))
        spec = self.spec(view.run.dag, view.row.version)
        return image_of(view, spec, rows, found, self._kept(view.number), self.steps(view.number, spec))

    def steps(self, run: int, spec: DagSpec) -> tuple[Step, ...]:
        """The calls that a flow has made, in order."""
        if not spec.is_flow:
            return ()
        of_run = select(steps.c.step).where(steps.c.run == run).order_by(steps.c.seq)
        return tuple(step_of(data) for data in self._connection.execute(of_run).scalars())

    def _kept(self, run: int) -> dict[Where, tuple[tuple[str, str], ...]]:
        of_run = select(task_state.c.task_id, task_state.c.map_index, task_state.c.name, task_state.c.value)
        rows = self._connection.execute(of_run.where(task_state.c.run == run).order_by(task_state.c.name))
        kept: dict[Where, tuple[tuple[str, str], ...]] = {}
        for task, index, name, value in rows:
            where = (task, index_of(index))
            kept[where] = (*kept.get(where, ()), (name, value.decode()))
        return kept

    def pools(self) -> tuple[tuple[str, int], ...]:
        """The pools that people have set, by name."""
        rows = self._connection.execute(select(pools.c.name, pools.c.slots).order_by(pools.c.name))
        return tuple((name, slots) for name, slots in rows)

    def dags(self, wanted: frozenset[str] | None = None) -> tuple[DagImage, ...]:
        """The DAGs among `wanted` (None: all) with their newest versions."""
        asked = DAGS if wanted is None else DAGS.where(dags.c.dag_id.in_(sorted(wanted)))
        views = [dag_view(row) for row in self._connection.execute(asked.order_by(dags.c.dag_id))]
        numbers = select(versions.c.dag, func.max(versions.c.number)).group_by(versions.c.dag)
        highest = {dag: number for dag, number in self._connection.execute(numbers)}
        released: dict[str, list[Eased]] = {}
        of = (eased.c.dag, eased.c.task, eased.c.guard, eased.c.like)
        for dag, *what in self._connection.execute(select(*of).order_by(*of)):
            released.setdefault(dag, []).append(Eased(*what))
        return tuple(
            DagImage(
                view.dag, version, view.quarantined, highest[view.dag], tuple(released.get(view.dag, ())), view.timing,
                view.foretold, view.location, view.error is not None,
            )
            for view in views
            if (version := self.newest(view.dag))
        )  # fmt: skip

    def backfills(self) -> tuple[BackfillImage, ...]:
        """Those that have not ended."""
        open_ = backfills.c.state.not_in(sorted(ENDED_BACKFILLS))
        rows = self._connection.execute(BACKFILLS.where(open_).order_by(backfills.c.id)).fetchall()
        return tuple(map(self._backfill, rows))

    def _backfill(self, row: Any) -> BackfillImage:
        view = backfill_view(row)
        return BackfillImage(view.row, view.state, view.made, self.spec(view.row.dag, view.row.version))

    def _last_backfill(self) -> int:
        return self._connection.execute(select(func.max(backfills.c.id))).scalar() or 0

    def _episodes(self) -> tuple[Episode, ...]:
        newest = self._connection.execute(select(events.c.at).order_by(events.c.seq.desc()).limit(1)).scalar() or 0
        of = alerts.c
        rows = select(of.thing, of.kind, of.episode, of.last, of.dag, of.connections).where(
            of.last >= newest - DAY, of.over == 0
        )
        return tuple(map(episode_of, self._connection.execute(rows.order_by(of.thing, of.kind, of.episode))))

    # ---------------------------------------------------------------------------------------------------- FactSource
    def answer(self, request: str) -> tuple[bool, str, RunKey | None] | None:
        """What this request was answered."""
        row = self._one(_ANSWER, p_request=request)
        if row is None:
            return None
        outcome, why, *run = row
        return bool(outcome), why, None if run[0] is None else RunKey(*run)

    def image(self, run: RunKey) -> RunImage | None:
        """The run, whole."""
        row = self._one(RUNS.where(is_run(run)))
        return None if row is None else self.image_of(run_view(row))

    def newest(self, dag: str) -> Version | None:
        """The DAG's newest version, with the newest bundle and the file that declares it now."""
        row = self._one(_NEWEST, p_dag=dag)
        if row is None:
            return None
        return Version(row[0], msgspec.structs.replace(self.spec(dag, row[0]), file=row[4]), *row[1:4])

    def made(self, request: str) -> RunKey | None:
        """The run that a request with this id has made."""
        row = self._one(_MADE, p_request=request)
        return None if row is None else RunKey(*row)

    def next_n(self, dag: str, key: str, slot: tuple[Instant, Instant] | None) -> int:
        """The first `n` of this text that no run has, nor had as far as slots tell, be they of an older schedule."""
        row = self._one(_HIGHEST, p_dag=dag, p_key=key)
        told = () if slot is None else self._connection.execute(
            select(slots.c.last_run, slots.c.last_good_run).where(
                slots.c.dag == dag, slots.c.slot_start.between(*starts_of(key, slot[0]))
            )
        )  # fmt: skip
        return max(row[0] or 0, number_in(chain.from_iterable(told), dag, key)) + 1

    def backfill_image(self, number: int) -> BackfillImage | None:
        """A backfill, ended or not."""
        row = self._one(BACKFILLS.where(backfills.c.id == number))
        return None if row is None else self._backfill(row)

    def placed(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The run that holds the slot's place."""
        return self._run_key(is_slot(dag, slot) & (runs.c.placed == 1))

    def latest(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The slot's newest run."""
        return self._run_key(is_slot(dag, slot))

    def _run_key(self, where: ColumnElement[bool]) -> RunKey | None:
        row = self._one(select(runs.c.dag, runs.c.key, runs.c.n).where(where).order_by(runs.c.id.desc()).limit(1))
        return None if row is None else RunKey(*row)

    def _one(self, question: Any, **values: object) -> Any:
        return self._connection.execute(question, values).first()
