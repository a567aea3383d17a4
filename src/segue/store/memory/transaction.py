"""One transaction in memory.

Every write remembers what was there: a transaction that fails is undone step by step and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from segue.model.changes import (
    Answered,
    AttemptMoved,
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
    SecretSet,
    SlotMoved,
    Spawned,
    StateChanged,
    TaskMoved,
    VersionAdded,
)
from segue.model.errors import Conflict
from segue.model.events import Value
from segue.model.ids import RunKey
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
from segue.store.facts import ALIVE
from segue.store.log import entries
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
        self._undo: list[Callable[[], object]] = []
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
        }

    def undo(self) -> None:
        """Put back what was there before."""
        for step in reversed(self._undo):
            step()

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
            for entry in entries(change):
                log = self._store.events
                log.append(EventView(log[-1].seq + 1 if log else 1, entry.at, self._epoch, *entry[1:]))
                self._undo.append(log.pop)

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
        self._put(rows, where, TaskView(
            move.task, move.index, move.new, move.round, move.tries, move.losses, move.platform, move.not_before,
            move.why, max(row.number, move.attempt or 0), row.expanded, value.length, value.digest, value.inline,
            value.ref, move.marked, move.followed, began, move.at if move.new in FINAL else None,
            None if move.reused_from is None else str(move.reused_from), value.preview, move.staged,
        ))  # fmt: skip

    def _move_attempt(self, move: AttemptMoved) -> None:
        rows = self._rows(self._store.attempts, move.key.run)
        where = (move.key.task, move.key.index, move.key.number)
        if move.old is None:
            made = AttemptView(
                move.key, move.new, move.round, move.at, cause=move.cause, text=move.text, worker=move.worker,
                kind=move.kind,
            )  # fmt: skip
            self._add(rows, where, made)
            return
        row = self._expected(rows.get(where), move)
        if row.state is not move.old:
            raise Conflict(f"not as this owner left it: {move}")
        began = move.at if move.began is None and move.new is AttemptState.RUNNING else move.began
        self._put(rows, where, AttemptView(
            row.key, move.new, row.round, row.created, row.began if began is None else began,
            None if move.new in ALIVE else move.at, move.cause, move.text, move.signal, move.exit_code, move.peak_rss,
            move.cpu, move.worker or row.worker, row.log if move.log is None else move.log, move.notes,
            row.kind, move.rows, move.source,
        ))  # fmt: skip

    def _expand(self, change: Expanded) -> None:
        rows, where = self._rows(self._store.tasks, change.run), (change.task, None)
        row = rows.get(where) or TaskView(change.task, None, TaskState.PENDING)
        if row.state is not TaskState.PENDING:
            raise Conflict(f"not as this owner left it: {change}")
        self._put(rows, where, _replace(row, round=change.round, expanded=change.length))

    def _collapse(self, change: Collapsed) -> None:
        rows = self._rows(self._store.tasks, change.run)
        whole = self._expected(rows.get((change.task, None)), change)
        items = [where for where in rows if where[0] == change.task and where[1] is not None]
        number = max((rows[where].number for where in items), default=0)
        self._put(
            rows, (change.task, None),
            _replace(whole, round=change.round, expanded=None, number=max(whole.number, number)),
        )  # fmt: skip
        for where in items:
            self._take(rows, where)
        kept = self._store.kept.get(change.run, {})
        for key in [key for key in kept if key[0] == change.task and key[1] is not None]:
            self._take(kept, key)

    def _spawn(self, change: Spawned) -> None:
        self._add(self._rows(self._store.steps, change.run), change.seq, change.step)

    def _keep_state(self, change: StateChanged) -> None:
        self._put(self._rows(self._store.kept, change.run), (change.task, change.index, change.name), change.value)

    def _create_run(self, change: RunCreated) -> None:
        store, row = self._store, change.row
        clash = any(
            view.row.request == row.request
            or (view.row.kind == row.kind == "scheduled" and row.slot is not None
                and (view.run.dag, view.row.slot) == (row.run.dag, row.slot))
            for view in store.runs.values()
        )  # fmt: skip
        if clash:
            raise Conflict(f"exists already: {change}")
        self._set("numbers", store.numbers + 1)
        self._add(store.runs, row.run, RunView(store.numbers, row, RunState.QUEUED))

    def _move_run(self, move: RunMoved) -> None:
        store = self._store
        view = self._expected(store.runs.get(move.run), move)
        slot = view.row.slot
        holder = store.placed(move.run.dag, slot) if move.placed and slot is not None else None
        if view.state is not move.old or holder not in (None, move.run):
            raise Conflict(f"not as this owner left it: {move}")
        ended = view.ended if move.ended is None else move.ended
        row = view.row if move.klass is None else _replace(view.row, klass=move.klass)
        self._put(store.runs, move.run, RunView(
            view.number, row, move.new, move.round, move.placed, move.why, move.culprits, move.cancel_at,
            view.started if move.started is None else move.started, None if move.new is RunState.RUNNING else ended,
            move.stop, move.stopped_by, move.spent, move.placed_at,
        ))  # fmt: skip

    def _add_version(self, change: VersionAdded) -> None:
        dag, version, versions = change.dag, change.version, self._store.versions
        old = self._store.number_of(dag, version.spec_digest, version.code_digest)
        if old is None:
            self._add(versions, (dag, version.number), version)
        elif old != version.number:
            raise Conflict(f"version {version.number} of {dag} is stored as {old}")
        known = self._store.dags.get(dag)
        view = DagView(dag, version.number, change.location, version.spec.file, version.bundle)
        self._put(self._store.dags, dag, _replace(view, former=known.former if known else ()))

    def _rename(self, change: DagRenamed) -> None:
        if change.old not in self._store.dags or change.new in self._store.dags:
            raise Conflict(f"not as this owner left it: {change}")
        for name, table in tables_under(self._store, change.old, change.new).items():
            self._set(name, table)

    def _fail_definition(self, change: DefinitionFailed) -> None:
        for dag, view in self._store.dags.items():
            if (view.location, view.file) == (change.location, change.file):
                self._put(self._store.dags, dag, _replace(view, error=change.text))

    def _quarantine(self, change: Quarantined) -> None:
        view = self._expected(self._store.dags.get(change.dag), change)
        self._put(self._store.dags, change.dag, _replace(view, quarantined=change.why))

    def _answer(self, change: Answered) -> None:
        if change.run is not None:
            self._known(change.run)
        answer = AnswerView(change.request, change.actor, change.act, change.ok, change.text, change.at, change.run)
        self._add(self._store.answers, change.request, answer)

    def _ease(self, change: GuardEased) -> None:
        key = (change.dag, change.task, change.guard, change.like)
        if key not in self._store.eased:
            self._put(self._store.eased, key, EasedView(*key, change.at))

    def _set_pool(self, change: PoolSet) -> None:
        pools = self._store.pools
        if change.slots is not None:
            self._put(pools, change.name, change.slots)
        elif change.name in pools:
            self._take(pools, change.name)

    def _seal(self, change: SecretSet) -> bool:
        key, sealed = (change.kind, change.name), self._store.sealed
        old = sealed.get(key)
        if change.was is not None and (old is None or old.sealed != change.was):
            return False
        if change.sealed is not None:
            self._put(sealed, key, SealedRow(change.name, change.sealed, change.key, change.at, change.actor))
        elif old is not None:
            self._take(sealed, key)
        else:
            return False
        return True

    def _move_slot(self, change: SlotMoved) -> None:
        self._known(change.run)
        key, run = (change.dag, *change.slot), str(change.run)
        old = self._store.slots.get(key)
        good = run if change.state is SlotState.FRESH else (old.last_good_run if old else None)
        self._put(self._store.slots, key, SlotView(change.dag, change.slot, change.state, run, good, change.version))

    # -------------------------------------------------------------------------------------------------------- plumbing
    def _rows(self, tables: dict[RunKey, dict[K, V]], run: RunKey) -> dict[K, V]:
        self._known(run)
        return tables.setdefault(run, {})

    def _known(self, run: RunKey) -> None:
        if run not in self._store.runs:
            raise Conflict(f"run {run} does not exist")

    def _expected(self, row: V | None, change: Change) -> V:
        if row is None:
            raise Conflict(f"not as this owner left it: {change}")
        return row

    def _add(self, table: dict[K, V], key: K, row: V) -> None:
        if key in table:
            raise Conflict(f"exists already: {row}")
        self._put(table, key, row)

    def _put(self, table: dict[K, V], key: K, row: V) -> None:
        if key in table:
            old = table[key]
            self._undo.append(lambda: table.__setitem__(key, old))
        else:
            self._undo.append(lambda: table.pop(key))
        table[key] = row

    def _take(self, table: dict[K, V], key: K) -> None:
        old = table.pop(key)
        self._undo.append(lambda: table.__setitem__(key, old))

    def _set(self, name: str, value: Any) -> None:
        old = getattr(self._store, name)
        self._undo.append(lambda: setattr(self._store, name, old))
        setattr(self._store, name, value)
