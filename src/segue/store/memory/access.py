from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

import msgspec

from segue.model.acts import Act, SecretKind
from segue.model.contracts import Lease
from segue.model.definition import Definition
from segue.model.errors import LeaseLost
from segue.model.events import Known, Request, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import Facts, Snapshot
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL, AttemptState, RunState, TaskState
from segue.model.timing import SlotAsk
from segue.model.views import (
    AlertView,
    AnswerView,
    AttemptView,
    BackfillView,
    DagView,
    DurationView,
    EasedView,
    EventView,
    PoolView,
    RunDetail,
    RunView,
    SealedRow,
    SilenceView,
    SlotView,
    TaskView,
)
from segue.store.facts import (
    AT_ONCE,
    ENDED_BACKFILLS,
    by_key,
    facts_of,
    held_of,
    ids_of,
    is_number,
    is_settled,
    names_of,
    pools_of,
    rehearsal_of,
    with_steps,
)
from segue.store.memory.pages import MemoryPages, usage_of
from segue.store.memory.tables import MemoryStore
from segue.store.memory.transaction import MemoryTransaction

__all__ = ["MemoryReader", "MemoryResults", "MemoryWriter"]

_SUCCESS: Final = RunState.SUCCESS


class MemoryWriter:
    """Writes a store in memory.

    Args:
        store: what is written; outlives the writer.
        on_point: called at the numbered points of a transaction where a crash differs: `p1` before it begins, `p3`
            before it commits, `p4` committed but the reply not yet given, `p5` after the reply. What it raises is
            raised there.
    """

    def __init__(self, store: MemoryStore, on_point: Callable[[str], None] = lambda _: None) -> None:
        self._store, self._on_point = store, on_point

    def lease(self) -> Lease:
        """Take the right to write: every earlier epoch ends."""
        self._store.epoch += 1
        return Lease(self._store.epoch)

    def snapshot(self, runs: Iterable[RunKey] | None) -> Snapshot:
        """One consistent read: DAGs, pools, unfinished runs among `runs` (None: all), ended ones that owe a hook."""
        store = self._store
        backfills = tuple(
            image
            for number, view in sorted(store.backfills.items())
            if view.state not in ENDED_BACKFILLS and (image := store.backfill_image(number))
        )
        return Snapshot(
            store.fence_key, store.dag_images(), store.open_runs(runs), tuple(sorted(store.pools.items())), backfills,
            max(store.backfills, default=0), store.episodes(),
        )  # fmt: skip

    @contextmanager
    def transaction(self, epoch: int) -> Iterator[MemoryTransaction]:
        """Open a transaction that commits on leaving.

        Args:
            epoch: of the lease.

        Raises:
            LeaseLost: the epoch is stale.
            Conflict: rows are not as memory has them.
        """
        self._on_point("p1")
        if epoch != self._store.epoch:
            raise LeaseLost(f"epoch {epoch} has ended, {self._store.epoch} leads")
        transaction = MemoryTransaction(self._store, epoch)
        try:
            yield transaction
            self._on_point("p3")
        except BaseException:
            transaction.undo()
            raise
        self._on_point("p4")
        self._on_point("p5")

    def facts(self, act: Act, request: str) -> Facts:
        """What the store knows about the object of a request."""
        return facts_of(self._store, act, request)

    def look(self, asks: Sequence[SlotAsk]) -> Known:
        """What the store knows about slots, in one consistent read."""
        return Known(tuple(self._store.look(ask) for ask in asks))

    def known(self, definition: Definition) -> Definition:
        """The same definition with its version's number where the store has it."""
        digests = (definition.spec_digest, definition.code_digest)
        found = (self._store.number_of(dag, *digests) for dag in ids_of(definition))
        number = next((number for number in found if number is not None), None)
        return msgspec.structs.replace(definition, number=number)

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryResults:
    """Reads results for attempts."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def result(self, run: RunKey, task: str, index: int | None) -> Value | None:
        """The accepted result of one task, None where it has none."""
        row = self._store.tasks.get(run, {}).get((task, index))
        if row is None or row.state is not TaskState.SUCCESS or (row.inline is None and row.ref is None):
            return None
        return Value(row.inline, row.ref, row.length, row.digest)

    def results(self, run: RunKey, task: str, first: int, stop: int) -> Sequence[tuple[int, Value]]:
        """The accepted results of items `first <= index < stop`, in order of index."""
        found = ((index, self.result(run, task, index)) for index in range(first, stop))
        return [(index, value) for index, value in found if value is not None]

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryReader(MemoryPages):
    """Reads a store in memory; also all its rows, for the audit."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def close(self) -> None:
        """Nothing to let go of."""

    def find(self, text: str) -> RunView | None:
        """The run that people name so: `dag@key`, `dag@key.2`, `dag@latest` or its row number."""
        views = self._store.newest_first()
        if is_number(text):
            return next((view for view in views if view.number == int(text)), None)
        if text.endswith("@latest"):
            return next((view for view in views if view.run.dag == text.removesuffix("@latest")), None)
        return next((view for name in names_of(text) if (view := self._store.runs.get(name))), None)

    def run(self, run: RunKey, *, attempts: bool = True) -> RunDetail | None:
        """One run, whole, or without its attempts."""
        view = self._store.runs.get(run)
        if view is None:
            return None
        rows = self._store.tasks.get(run, {})
        tries = self._store.attempts.get(run, {}).values() if attempts else ()
        since = {
            (event.task or "", event.index): event.at
            for event in self._store.events
            if event.run == run and event.kind == "task" and event.new == TaskState.HELD
        }
        ordered = tuple(rows[where] for where in sorted(rows, key=by_key))
        return RunDetail(
            view,
            with_steps(self._store.spec(run.dag, view.row.version), self._store.steps_of(run)),
            ordered,
            tuple(sorted(tries, key=lambda one: (*by_key((one.key.task, one.key.index)), one.key.number))),
            held_of(ordered, since),
        )

    def attempts(self, run: RunKey, task: str, index: int | None) -> Sequence[AttemptView]:
        """The attempts of one task, the oldest first."""
        found = self._store.attempts.get(run, {}).values()
        mine = (attempt for attempt in found if (attempt.key.task, attempt.key.index) == (task, index))
        return sorted(mine, key=lambda attempt: attempt.key.number)

    def attempts_among(self, run: RunKey, places: Sequence[tuple[str, int | None]]) -> Sequence[AttemptView]:
        """The attempts of some tasks and items, in order of task, item and number; perhaps of more than these."""
        return [one for task, index in sorted(set(places), key=by_key) for one in self.attempts(run, task, index)]

    def events(self, after: int = 0, *, run: RunKey | None = None, limit: int = 1000) -> Sequence[EventView]:
        """Events with a number above `after`, of one run or all."""
        found = (event for event in self._store.events if event.seq > after and (run is None or event.run == run))
        return list(islice(found, limit))

    def last_event(self) -> int:
        """The newest event's number, 0 where there is none."""
        return self._store.events[-1].seq if self._store.events else 0

    def dags(self) -> Sequence[DagView]:
        """All, by id."""
        return [view for _, view in sorted(self._store.dags.items())]

    def spec(self, dag: str, number: int) -> DagSpec:
        """A DAG as it was in a version; one without tasks where that is not kept."""
        return self._store.spec(dag, number)

    def slots(self, dag: str, first: Instant | None = None, stop: Instant | None = None) -> Sequence[SlotView]:
        """Slots of a DAG that start in `[first, stop)`, the oldest first."""
        return [
            view
            for (of, start, _), view in sorted(self._store.slots.items())
            if of == dag and (first is None or start >= first) and (stop is None or start < stop)
        ]

    def ledgers(self, dags: frozenset[str], first: Instant) -> Mapping[str, Sequence[SlotView]]:
        """Slots of several DAGs that start at `first` or later, the oldest first; a DAG without any is left out."""
        found = {dag: self.slots(dag, first) for dag in sorted(dags)}
        return {dag: rows for dag, rows in found.items() if rows}

    def backfills(
        self,
        dag: str | None = None,
        limit: int = 50,
        *,
        dags: frozenset[str] | None = None,
        before: int | None = None,
        states: Sequence[str] = (),
    ) -> Sequence[BackfillView]:
        """Backfills of one DAG or all, the newest first."""
        found = (
            self._counted(view)
            for number, view in sorted(self._store.backfills.items(), reverse=True)
            if dag in (None, view.row.dag)
            and (dags is None or view.row.dag in dags)
            and number < (before or number + 1)
            and (not states or view.state in states)
        )
        return list(islice(found, limit))

    def backfill(self, number: int) -> BackfillView | None:
        """One backfill."""
        view = self._store.backfills.get(number)
        return None if view is None else self._counted(view)

    def _counted(self, view: BackfillView) -> BackfillView:
        runs = Counter(one.state for one in self._store.runs.values() if one.row.backfill == view.row.id)
        return msgspec.structs.replace(view, runs=tuple(sorted(runs.items())))

    def alerts(self, since: Instant | None = None, *, open_only: bool = False, limit: int = 100) -> Sequence[AlertView]:
        """Alerts raised at `since` or later, the newest first; `open_only`: not yet sent, parked or silenced."""
        found = (
            view
            for _, view in sorted(self._store.alerts.items(), key=lambda pair: (-pair[1].at, pair[0]))
            if (since is None or view.at >= since) and not (open_only and is_settled(view))
        )
        return list(islice(found, limit))

    def silences(self, now: Instant) -> Sequence[SilenceView]:
        """What is silenced now."""
        return [view for _, view in sorted(self._store.silences.items()) if view.until > now]

    def durations(self, dag: str, runs: int = 20) -> Sequence[DurationView]:
        """How long the tasks of a DAG took in its newest good runs, by task, the newest run first."""
        good = (view.run for view in self._store.newest_first() if (view.run.dag, view.state) == (dag, _SUCCESS))
        found: dict[str, list[int]] = {}
        for run in islice(good, runs):
            rows = self._store.attempts.get(run, {}).values()
            for one in sorted(rows, key=lambda one: (*by_key((one.key.task, one.key.index)), one.key.number)):
                if one.kind == "user" and one.state is AttemptState.SUCCESS and one.counts and one.began and one.ended:
                    found.setdefault(one.key.task, []).append(one.ended - one.began)
        return [DurationView(task, tuple(spans)) for task, spans in sorted(found.items())]

    def expired(self, before: Instant, limit: int = 100) -> Sequence[RunKey]:
        """Runs that ended before an instant, the oldest first; none that owes a hook or is part of a backfill."""
        store, rows = self._store, 0
        found: list[RunKey] = []
        for view in sorted(store.runs.values(), key=lambda view: (view.ended or 0, view.number)):
            if view.ended is None or view.ended >= before or not store.is_free(view):
                continue
            rows += len(store.tasks.get(view.run, {}))
            if len(found) == limit or (found and rows > AT_ONCE):
                break
            found.append(view.run)
        return found

    def expirable(self, before: Instant) -> int:
        """How many runs that ended before an instant may go."""
        views = self._store.runs.values()
        return sum(view.ended is not None and view.ended < before and self._store.is_free(view) for view in views)

    def values(self, since: Instant) -> Iterable[Value]:
        """What is kept of results in runs that have not ended, or did at `since` or later; arguments of steps too."""
        store = self._store
        for run in [
            run for run, view in store.runs.items() if view.state not in RUN_FINAL or (view.ended or 0) >= since
        ]:
            yield from (Value(row.inline, row.ref) for row in store.tasks.get(run, {}).values())
            yield from (Value(step.inline, step.ref) for step in store.steps_of(run))

    def staged(self) -> Iterable[bytes]:
        """What held tasks have still to publish."""
        return [row.staged for rows in self._store.tasks.values() for row in rows.values() if row.staged]

    def answer_to(self, request: str) -> AnswerView | None:
        """The answer a request has had."""
        return self._store.answers.get(request)

    def pools(self) -> Sequence[PoolView]:
        """All that people have set, or that unfinished runs use, by name."""
        return pools_of(self._store.pools, usage_of(self._store))

    def eased(self, dag: str | None = None) -> Sequence[EasedView]:
        """What people have released from now on, in one DAG or all."""
        return [view for _, view in sorted(self._store.eased.items()) if dag is None or view.dag == dag]

    def sealed(self, kind: SecretKind, name: str) -> bytes | None:
        """The ciphertext of a connection or secret."""
        row = self._store.sealed.get((kind, name))
        return None if row is None else row.sealed

    def sealed_rows(self, kind: SecretKind) -> Sequence[SealedRow]:
        """All connections, or all secrets, by name."""
        return [row for (of, _), row in sorted(self._store.sealed.items()) if of == kind]

    def rehearsal(self, dags: frozenset[str], asked: Sequence[Request]) -> tuple[Snapshot, Sequence[Request]]:
        """What an engine needs to answer requests."""
        return rehearsal_of(self._store, self._store.dag_images(dags), asked)

    # ------------------------------------------------------------------------------------------------- for the audit
    def state_rows(self) -> Iterable[tuple[int, str, int | None, str]]:
        """Whose small values are kept, with their run's number, and their names."""
        numbers = self._store.runs
        return [(numbers[run].number, *key) for run, values in self._store.kept.items() for key in values]

    def slot_rows(self) -> Iterable[SlotView]:
        """The whole ledger."""
        return list(self._store.slots.values())

    def backfill_rows(self) -> Iterable[BackfillView]:
        """All backfills."""
        return list(self._store.backfills.values())

    def run_rows(self) -> Iterable[RunView]:
        """All runs."""
        return list(self._store.runs.values())

    def task_rows(self) -> Iterable[tuple[int, TaskView]]:
        """All task rows, with their run's number."""
        numbers = self._store.runs
        return [(numbers[run].number, row) for run, rows in self._store.tasks.items() for row in rows.values()]

    def attempt_rows(self) -> Iterable[tuple[int, AttemptView]]:
        """All attempts, with their run's number."""
        numbers = self._store.runs
        return [(numbers[run].number, row) for run, rows in self._store.attempts.items() for row in rows.values()]

    def event_rows(self) -> Iterable[EventView]:
        """The whole log, in order."""
        return list(self._store.events)
