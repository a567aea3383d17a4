"""One transaction in memory.

Every write remembers what was there: a transaction that fails is undone step by step and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from segue.model.changes import (
    AlertFolded,
    AlertMarked,
    AlertRaised,
    Answered,
    AttemptMoved,
    BackfillMade,
    BackfillMoved,
    Change,
    Collapsed,
    DagRenamed,
    DefinitionFailed,
    Expanded,
    GuardEased,
    PoolSet,
    Quarantined,
    RunCreated,
    RunMoved,
    RunsForgotten,
    SecretSet,
    Silenced,
    SlotMoved,
    SlotsForetold,
    Spawned,
    StateChanged,
    TaskMoved,
    TimingSet,
    VersionAdded,
)
from segue.model.errors import Conflict
from segue.model.events import Value
from segue.model.ids import RunKey
from segue.model.pages import AuditView
from segue.model.state import FINAL, AttemptState, RunState, SlotState, TaskState
from segue.model.views import (
    AnswerView,
    AttemptView,
    DagView,
    EasedView,
    EventView,
    RunView,
    SealedRow,
    SlotView,
    TaskView,
)
from segue.store.deeds import deed_of, parent_of
from segue.store.facts import ALIVE
from segue.store.log import entries
from segue.store.memory.alerts import Alerts
from segue.store.memory.clocks import Clocks
from segue.store.memory.forgetting import forget
from segue.store.memory.journal import Journal, expected
from segue.store.memory.renaming import tables_under
from segue.store.memory.tables import MemoryStore

__all__ = ["MemoryTransaction"]

K = TypeVar("K")
V = TypeVar("V")
_replace = msgspec.structs.replace


class MemoryTransaction:
    """One transaction; `undo` puts back all it has written."""

    def __init__(self, store: MemoryStore, epoch: int) -> None:
        self._store, self._epoch = store, epoch
        self._journal = Journal()
        clocks, alerts = Clocks(store, self._journal), Alerts(store, self._journal)
        self._writers: dict[type, Callable[[Any], bool | None]] = {
            RunCreated: self._create_run,
            RunMoved: self._move_run,
            TaskMoved: self._move_task,
            AttemptMoved: self._move_attempt,
            Expanded: self._expand,
            Collapsed: self._collapse,
            Spawned: self._spawn,
            VersionAdded: self._add_version,
            DagRenamed: self._rename,
            DefinitionFailed: self._fail_definition,
            SlotMoved: self._move_slot,
            Quarantined: self._quarantine,
            Answered: self._answer,
            StateChanged: self._keep_state,
            GuardEased: self._ease,
            PoolSet: self._set_pool,
            SecretSet: self._seal,
            TimingSet: clocks.set_timing,
            SlotsForetold: clocks.foretell,
            BackfillMade: clocks.make_backfill,
            BackfillMoved: clocks.move_backfill,
            AlertRaised: alerts.raise_one,
            AlertFolded: alerts.fold,
            AlertMarked: alerts.mark,
            Silenced: alerts.silence,
            RunsForgotten: self._forget,
        }

    def undo(self) -> None:
        """Put back what was there before."""
        self._journal.undo()

    def apply(self, changes: Sequence[Change]) -> None:
        """Write changes.

        Args:
            changes: in the order in which the engine decided them.

        Raises:
            Conflict: a row is not in the state that a change starts from, or exists already.
        """
        for change in changes:
            if self._writers[type(change)](change) is False:
                continue
            self._log(change)

    def _move_task(self, move: TaskMoved) -> None:
        rows = self._rows(self._store.tasks, move.run)
        where = (move.task, move.index)
        row = rows.get(where)
        if (TaskState.PENDING if row is None else row.state) is not move.old:
            raise Conflict(f"not as this owner left it: {move}")
        row = row or TaskView(move.task, move.index, TaskState.PENDING)
        began = move.at if move.began is None and move.new is TaskState.RUNNING else move.began
        if move.new is TaskState.PENDING:
            began = None
        elif move.old is not TaskState.PENDING and row.started is not None:
            began = row.started
        value = move.result or Value()
        self._journal.put(rows, where, TaskView(
            move.task, move.index, move.new, move.round, move.tries, move.losses, move.platform, move.not_before,
            move.why, max(row.number, move.attempt or 0), row.expanded, value.length, value.digest, value.inline,
            value.ref, move.marked, move.followed, began, move.at if move.new in FINAL else None,
            None if move.reused_from is None else str(move.reused_from), value.preview, move.staged,
        ))  # fmt: skip

    def _move_attempt(self, move: AttemptMoved) -> None:
        rows = self._rows(self._store.attempts, move.key.run)
        where = (move.key.task, move.key.index, move.key.number)
        if move.old is None:
            self._journal.set(self._store, "attempt_ids", self._store.attempt_ids + 1)
            made = AttemptView(
                move.key, move.new, move.round, move.at, cause=move.cause, text=move.text, worker=move.worker,
                kind=move.kind, id=self._store.attempt_ids,
            )  # fmt: skip
            self._journal.add(rows, where, made)
            return
        row = expected(rows.get(where), move)
        if row.state is not move.old:
            raise Conflict(f"not as this owner left it: {move}")
        began = move.at if move.began is None and move.new is AttemptState.RUNNING else move.began
        self._journal.put(rows, where, AttemptView(
            row.key, move.new, row.round, row.created, row.began if began is None else began,
            None if move.new in ALIVE else move.at, move.cause, move.text, move.signal, move.exit_code, move.peak_rss,
            move.cpu, move.worker or row.worker, row.log if move.log is None else move.log, move.notes,
            row.kind, move.rows, move.source, row.id,
        ))  # fmt: skip

    def _expand(self, change: Expanded) -> None:
        rows, where = self._rows(self._store.tasks, change.run), (change.task, None)
        row = rows.get(where) or TaskView(change.task, None, TaskState.PENDING)
        if row.state is not TaskState.PENDING:
            raise Conflict(f"not as this owner left it: {change}")
        self._journal.put(rows, where, _replace(row, round=change.round, expanded=change.length))

    def _collapse(self, change: Collapsed) -> None:
        rows = self._rows(self._store.tasks, change.run)
        whole = expected(rows.get((change.task, None)), change)
        items = [where for where in rows if where[0] == change.task and where[1] is not None]
        number = max((rows[where].number for where in items), default=0)
        self._journal.put(
            rows, (change.task, None),
            _replace(whole, round=change.round, expanded=None, number=max(whole.number, number)),
        )  # fmt: skip
        for where in items:
            self._journal.take(rows, where)
        kept = self._store.kept.get(change.run, {})
        for key in [key for key in kept if key[0] == change.task and key[1] is not None]:
            self._journal.take(kept, key)

    def _spawn(self, change: Spawned) -> None:
        self._journal.add(self._rows(self._store.steps, change.run), change.seq, change.step)

    def _keep_state(self, change: StateChanged) -> None:
        self._journal.put(
            self._rows(self._store.kept, change.run), (change.task, change.index, change.name), change.value
        )

    def _create_run(self, change: RunCreated) -> None:
        store, row, run = self._store, change.row, change.row.run
        slot = None if row.slot is None else (run.dag, *row.slot)
        siblings = () if slot is None else store.of_slots.get(slot, ())
        twice = row.kind == "scheduled" and any(store.runs[one].row.kind == "scheduled" for one in siblings)
        if twice or row.request in store.of_requests:
            raise Conflict(f"exists already: {change}")
        self._journal.set(store, "numbers", store.numbers + 1)
        self._journal.add(store.runs, run, RunView(store.numbers, row, RunState.QUEUED))
        self._journal.put(store.of_requests, row.request, run)
        highest = max(store.highest.get((run.dag, run.key), 0), run.n)
        self._journal.put(store.highest, (run.dag, run.key), highest)
        if slot is None or row.slot is None:
            return
        self._journal.put(store.of_slots, slot, (*siblings, run))
        if row.kind == "scheduled":
            self._journal.put(store.scheduled, slot, True)
            if slot not in store.slots:
                unseen = SlotView(run.dag, row.slot, SlotState.MISSING, "", None, row.version)
                self._journal.put(store.slots, slot, unseen)

    def _move_run(self, move: RunMoved) -> None:
        store = self._store
        view = expected(store.runs.get(move.run), move)
        slot = view.row.slot
        holder = store.placed(move.run.dag, slot) if move.placed and slot is not None else None
        if view.state is not move.old or holder not in (None, move.run):
            raise Conflict(f"not as this owner left it: {move}")
        ended = view.ended if move.ended is None else move.ended
        row = view.row if move.klass is None else _replace(view.row, klass=move.klass)
        self._journal.put(store.runs, move.run, RunView(
            view.number, row, move.new, move.round, move.placed, move.why, move.culprits, move.cancel_at,
            view.started if move.started is None else move.started, None if move.new is RunState.RUNNING else ended,
            move.stop, move.stopped_by, move.spent, move.placed_at,
        ))  # fmt: skip

    def _add_version(self, change: VersionAdded) -> None:
        dag, version, versions = change.dag, change.version, self._store.versions
        old = self._store.number_of(dag, version.spec_digest, version.code_digest)
        if old is None:
            self._journal.add(versions, (dag, version.number), version)
            self._journal.put(self._store.brought, (dag, version.number), (change.at, change.label or None))
        elif old != version.number:
            raise Conflict(f"version {version.number} of {dag} is stored as {old}")
        known = self._store.dags.get(dag)
        view = known or DagView(dag, version.number, change.location, "", "")
        self._journal.put(self._store.dags, dag, _replace(
            view, version=version.number, location=change.location, file=version.spec.file, bundle=version.bundle,
            error=None, quarantined=None,
        ))  # fmt: skip

    def _rename(self, change: DagRenamed) -> None:
        if change.old not in self._store.dags or change.new in self._store.dags:
            raise Conflict(f"not as this owner left it: {change}")
        for name, table in tables_under(self._store, change.old, change.new).items():
            self._journal.set(self._store, name, table)

    def _fail_definition(self, change: DefinitionFailed) -> None:
        for dag, view in self._store.dags.items():
            if (view.location, view.file) == (change.location, change.file):
                self._journal.put(self._store.dags, dag, _replace(view, error=change.text))

    def _quarantine(self, change: Quarantined) -> None:
        view = expected(self._store.dags.get(change.dag), change)
        self._journal.put(self._store.dags, change.dag, _replace(view, quarantined=change.why))

    def _answer(self, change: Answered) -> None:
        if change.run is not None:
            self._known(change.run)
        answer = AnswerView(change.request, change.actor, change.act, change.ok, change.text, change.at, change.run)
        self._journal.add(self._store.answers, change.request, answer)
        deed, parent = deed_of(change), parent_of(change)
        if deed is not None and parent is not None and all(one.request != parent.request for one in self._store.audit):
            self._do(parent)
        if deed is not None:
            self._do(deed)

    def _do(self, deed: AuditView) -> None:
        store = self._store
        self._journal.set(store, "deeds", store.deeds + 1)
        self._journal.append(store.audit, _replace(deed, seq=store.deeds))

    def _ease(self, change: GuardEased) -> None:
        key = (change.dag, change.task, change.guard, change.like)
        if key not in self._store.eased:
            self._journal.put(self._store.eased, key, EasedView(*key, change.at))

    def _set_pool(self, change: PoolSet) -> None:
        pools = self._store.pools
        if change.slots is not None:
            self._journal.put(pools, change.name, change.slots)
        elif change.name in pools:
            self._journal.take(pools, change.name)

    def _seal(self, change: SecretSet) -> bool:
        key, sealed = (change.kind, change.name), self._store.sealed
        old = sealed.get(key)
        if change.was is not None and (old is None or old.sealed != change.was):
            return False
        if change.sealed is not None:
            self._journal.put(sealed, key, SealedRow(change.name, change.sealed, change.key, change.at, change.actor))
        elif old is not None:
            self._journal.take(sealed, key)
        else:
            return False
        return True

    def _move_slot(self, change: SlotMoved) -> None:
        key = (change.dag, *change.slot)
        view = self._store.slots.get(key) or SlotView(change.dag, change.slot, change.state, "", None, change.version)
        if change.run is not None:
            self._known(change.run)
            view = _replace(view, last_run=str(change.run), version=change.version)
            if change.state is SlotState.FRESH:
                view = _replace(view, last_good_run=str(change.run))
        self._journal.put(self._store.slots, key, _replace(view, state=change.state))

    def _forget(self, change: RunsForgotten) -> bool:
        gone = forget(self._store, self._journal, change)
        if gone:
            self._log(_replace(change, runs=gone))
        return False

    # -------------------------------------------------------------------------------------------------------- plumbing
    def _log(self, change: Change) -> None:
        store = self._store
        for entry in entries(change):
            self._journal.set(store, "seq", store.seq + 1)
            self._journal.append(store.events, EventView(store.seq, entry.at, self._epoch, *entry[1:]))

    def _rows(self, tables: dict[RunKey, dict[K, V]], run: RunKey) -> dict[K, V]:
        self._known(run)
        return tables.setdefault(run, {})

    def _known(self, run: RunKey) -> None:
        if run not in self._store.runs:
            raise Conflict(f"run {run} does not exist")
