"""One transaction: changes become rows, compare-and-set.

Task and attempt rows are written in batches, one statement for all that move alike. Where a task moves twice within
the transaction its second move belongs to a second batch, so the order of its own moves is kept; the order between
tasks does not matter, because no row of one looks at another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

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
from segue.model.spec import encode_spec
from segue.model.state import FINAL, RunState, SlotState, TaskState
from segue.store.log import Entry, entries, task_entries
from segue.store.schema import NO_INDEX
from segue.store.sql.desk import Desk
from segue.store.sql.statements import Statements
from segue.store.sql.waves import Rows, Wave, is_small, says_little

__all__ = ["SqlTransaction"]

_encode: Final = msgspec.msgpack.Encoder().encode
_NOTHING: Final = Value()
_LIVE: Final = frozenset({TaskState.QUEUED, TaskState.RUNNING})


class SqlTransaction:
    """Writes changes on an open transaction; `seq` and `made` are what the writer keeps when it has committed.

    Args:
        desk: takes the statements.
        sql: the statements of its dialect.
        epoch: of the owner, for the event log.
        seq: number of the last event.
        known: row numbers of runs; those that are no longer called so are taken out, none is put in.
    """

    def __init__(self, desk: Desk, sql: Statements, epoch: int, seq: int, known: dict[RunKey, int]) -> None:
        self.seq = seq
        self.made: dict[RunKey, int] = {}
        self._desk, self._sql, self._moves, self._epoch, self._known = desk, sql, sql.moves, epoch, known
        self._waves: list[Wave] = []
        self._task_turns: dict[tuple[int, str, int], int] = {}
        self._attempt_turns: dict[tuple[int, str, int], int] = {}
        self._runs: Rows = []
        self._slots: Rows = []
        self._events: list[Rows] = [[], []]
        self._writers: dict[type, Callable[[Any], None]] = {
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
            TimingSet: self._by(sql.clocks.set_timing),
            SlotsForetold: self._by(sql.clocks.foretell),
            BackfillMade: self._by(sql.clocks.make_backfill),
            BackfillMoved: self._by(sql.clocks.move_backfill),
            AlertRaised: self._by(sql.alerts.raise_one),
            AlertFolded: self._by(sql.alerts.fold),
            AlertMarked: self._by(sql.alerts.mark),
            Silenced: self._by(sql.alerts.silence),
            RunsForgotten: self._forget,
        }

    def apply(self, changes: Sequence[Change]) -> None:
        """Write changes.

        Args:
            changes: in the order in which the engine decided them.

        Raises:
            Conflict: a row is not in the state that a change starts from, or exists already.
        """
        writers = self._writers
        for change in changes:
            writers[type(change)](change)
        self._write_all()

    def _write_all(self) -> None:
        self._flush()
        self._write_events()

    def _write_events(self) -> None:
        (plain, explained), self._events = self._events, [[], []]
        self._desk.write(self._moves.add_plain_event, plain, "event")
        self._desk.write(self._moves.add_event, explained, "event")

    # ------------------------------------------------------------------------------------------------ tasks, attempts
    def _move_task(self, move: TaskMoved) -> None:
        run = self._id(move.run)
        index = NO_INDEX if move.index is None else move.index
        wave = self._wave(self._task_turns, run, move.task, index)
        new, value, began, number = move.new, move.result or _NOTHING, move.began, move.attempt or 0
        tallies = (move.round, move.tries, move.losses, move.platform)
        plain = (
            move.not_before is None and not move.marked and move.followed is None
            and move.reused_from is None and not move.staged
        )  # fmt: skip
        empty = move.result is None and began is None
        if plain and empty and move.old is TaskState.PENDING and new is TaskState.QUEUED:
            wave.tasks[self._moves.queue_task].append((run, move.task, index, *tallies, _encode(move.why), number))
        elif plain and new is TaskState.SUCCESS and move.old in _LIVE and is_small(value):
            wave.tasks[self._moves.pass_task].append((
                *tallies, _encode(move.why), number, began, move.at, value.digest, value.inline,
                run, move.task, index, str(move.old),
            ))  # fmt: skip
        else:
            self._move_any_task(wave, move, run, index)
        for entry in task_entries(move):
            self._log(entry, run)

    def _move_any_task(self, wave: Wave, move: TaskMoved, run: int, index: int) -> None:
        new, value, began = move.new, move.result or _NOTHING, move.began
        if began is None and new is TaskState.RUNNING:
            began = move.at
        head = (
            str(new), move.round, move.tries, move.losses, move.platform, move.not_before, _encode(move.why),
            move.attempt or 0, value.length, int(move.marked),
            None if move.followed is None else _encode(move.followed),
            None if move.reused_from is None else str(move.reused_from),
        )  # fmt: skip
        tail = (
            began, move.at if new in FINAL else None, value.digest, value.ref, value.inline, value.preview or None,
            move.staged or None,
        )  # fmt: skip
        if move.old is TaskState.PENDING:
            wave.tasks[self._moves.put_task].append((run, move.task, index, *head, *tail))
        else:
            reopened = int(new is TaskState.PENDING)
            wave.tasks[self._moves.move_task].append((*head, reopened, *tail, run, move.task, index, str(move.old)))

    def _move_attempt(self, move: AttemptMoved) -> None:
        key = move.key
        run = self._id(key.run)
        index = NO_INDEX if key.index is None else key.index
        wave = self._wave(self._attempt_turns, run, key.task, index)
        if move.kind == "hook" or move.refused:
            self._log_all(move)
        if move.old is None:
            row = (move.round, move.fence, str(move.new), move.cause, move.text, move.worker, move.at)
            if move.kind == "user":
                wave.attempts[self._moves.add_attempt].append((run, key.task, index, key.number, *row))
            else:
                wave.attempts[self._moves.add_special_attempt].append(
                    (run, key.task, index, key.number, move.kind, *row)
                )
            return
        alive = move.new in ("queued", "running")
        if not alive and says_little(move):
            wave.attempts[self._moves.finish_attempt].append((
                str(move.new), move.cause, move.text, move.peak_rss, move.cpu, move.worker, move.began, move.at,
                run, key.task, index, key.number, str(move.old),
            ))  # fmt: skip
            return
        began = move.at if move.began is None and move.new == "running" else move.began
        wave.attempts[self._moves.move_attempt].append((
            str(move.new), move.cause, move.text, move.exit_code, move.signal, move.peak_rss, move.cpu, move.worker,
            move.log, _encode(move.notes) if move.notes else None, began, None if alive else move.at, move.rows,
            move.source, run, key.task, index, key.number, str(move.old),
        ))  # fmt: skip

    def _expand(self, change: Expanded) -> None:
        self._flush()
        row = (self._id(change.run), change.task, change.round, change.length)
        self._desk.write(self._moves.expand, [row], change)
        self._log_all(change)

    def _collapse(self, change: Collapsed) -> None:
        self._flush()
        run = self._id(change.run)
        self._desk.write(self._moves.unexpand, [(change.round, run, change.task)], change)
        for statement in (self._moves.collapse, self._moves.forget_state):
            self._desk.write(statement, [(run, change.task)], change, exact=False)
        self._log_all(change)

    def _spawn(self, change: Spawned) -> None:
        row = (self._id(change.run), change.seq, _encode(change.step))
        self._desk.write(self._moves.add_step, [row], change)
        self._log_all(change)

    def _keep_state(self, change: StateChanged) -> None:
        index = NO_INDEX if change.index is None else change.index
        row = (self._id(change.run), change.task, index, change.name, change.value.encode())
        self._desk.write(self._moves.set_state, [row], change)
        self._log_all(change)

    # ----------------------------------------------------------------------------------------------------------- runs
    def _create_run(self, change: RunCreated) -> None:
        row, run = change.row, change.row.run
        start, end = row.slot or (None, None)
        self.made[run] = self._desk.add_run((
            run.dag, run.key, run.n, row.request, start, end, row.kind, row.backfill, row.klass, row.version,
            row.bundle, row.environment, row.params, row.actor, row.reason, str(RunState.QUEUED), 1, 0,
            row.due, row.created,
        ))  # fmt: skip
        if row.kind == "scheduled" and row.slot is not None:
            self._flush_runs()
            self._desk.write(self._sql.mark_slot, [(run.dag, start, end, row.version)], change)
        self._log_all(change)

    def _move_run(self, move: RunMoved) -> None:
        run = self._id(move.run)
        row = (
            move.klass, str(move.new), move.round, int(move.placed), _encode(move.why), _encode(move.culprits),
            move.cancel_at, move.started, int(move.new is RunState.RUNNING), move.ended, move.stop, move.stopped_by,
            move.spent, move.placed_at, run, str(move.old),
        )  # fmt: skip
        self._runs.append(row)
        self._log_all(move)

    # ----------------------------------------------------------------------------------------------- dags and the rest
    def _add_version(self, change: VersionAdded) -> None:
        version, spec = change.version, change.version.spec
        digests = (change.dag, version.spec_digest, version.code_digest)
        found = self._desk.ask(self._sql.find_version, digests)
        if found is None:
            row = (*digests, version.number, encode_spec(spec), change.label or None, change.at)
            self._desk.write(self._sql.add_version, [row], change)
        elif found[0] != version.number:
            raise Conflict(f"version {version.number} of {change.dag} is stored as {found[0]}")
        self._desk.write(self._sql.add_bundle, [(version.bundle, change.location, change.at)], change, exact=False)
        dag = (change.dag, change.location, spec.file, version.number, version.bundle, None, None)
        self._desk.write(self._sql.set_dag, [dag], change)
        self._log_all(change)

    def _rename(self, change: DagRenamed) -> None:
        self._write_all()
        self._sql.rename.write(self._desk, change.old, change.new)
        self._lose([run for numbers in (self._known, self.made) for run in numbers if run.dag == change.old])
        self._log_all(change)

    def _forget(self, change: RunsForgotten) -> None:
        self._write_all()
        gone = self._sql.forgetting.write(self._desk, change.runs)
        self._lose(gone)
        if gone:
            self._log_all(msgspec.structs.replace(change, runs=gone))

    def _fail_definition(self, change: DefinitionFailed) -> None:
        row = (change.text, change.location, change.file)
        self._desk.write(self._sql.fail_definition, [row], change, exact=False)
        self._log_all(change)

    def _quarantine(self, change: Quarantined) -> None:
        self._desk.write(self._sql.quarantine, [(_encode(change.why), change.dag)], change)
        self._log_all(change)

    def _move_slot(self, change: SlotMoved) -> None:
        run = "" if change.run is None else str(change.run)
        good = run if run and change.state is SlotState.FRESH else None
        row = (change.dag, *change.slot, run, good, str(change.state), change.version)
        self._slots.append(row)
        self._log_all(change)

    def _answer(self, change: Answered) -> None:
        run = None if change.run is None else self._id(change.run)
        row = (change.request, change.actor, change.act, change.at, change.at, int(change.ok), change.text, run)
        self._desk.write(self._sql.add_request, [row], change)
        self._sql.deeds.write(self._desk, change)
        self._log_all(change)

    def _ease(self, change: GuardEased) -> None:
        row = (change.dag, change.task, change.guard, change.like, change.at)
        self._desk.write(self._sql.ease, [row], change, exact=False)
        self._log_all(change)

    def _set_pool(self, change: PoolSet) -> None:
        if change.slots is None:
            self._desk.write(self._sql.take_pool, [(change.name,)], change, exact=False)
        else:
            self._desk.write(self._sql.set_pool, [(change.name, change.slots)], change)
        self._log_all(change)

    def _seal(self, change: SecretSet) -> None:
        kind, row = change.kind, (change.sealed, change.key, change.at, change.actor)
        if change.sealed is None:
            done = self._desk.hit(self._sql.unseal[kind], (change.name, change.was))
        elif change.was is None:
            done = self._desk.hit(self._sql.seal[kind], (change.name, *row))
        else:
            done = self._desk.hit(self._sql.seal_again[kind], (*row, change.name, change.was))
        if done:
            self._log_all(change)

    # -------------------------------------------------------------------------------------------------------- plumbing
    def _by(self, writer: Callable[[Desk, Any], bool | None]) -> Callable[[Any], None]:
        """Write a change as `writer` does, and tell of it unless that says that it had no effect."""

        def write(change: Change) -> None:
            if writer(self._desk, change) is not False:
                self._log_all(change)

        return write

    def _lose(self, gone: Iterable[RunKey]) -> None:
        for run in gone:
            self._known.pop(run, None)
            self.made.pop(run, None)

    def _id(self, run: RunKey) -> int:
        number = self._known.get(run) or self.made.get(run)
        if number is None:
            found = self._desk.ask(self._sql.find_run, run)
            if found is None:
                raise Conflict(f"run {run} does not exist")
            number = self.made[run] = found[0]
        return number

    def _wave(self, turns: dict[tuple[int, str, int], int], run: int, task: str, index: int) -> Wave:
        key = (run, task, index)
        turn = turns.get(key, 0)
        turns[key] = turn + 1
        if turn == len(self._waves):
            self._waves.append(Wave(self._moves))
        return self._waves[turn]

    def _flush_runs(self) -> None:
        """In the order of the moves: a run that takes a slot's place does so after the one that leaves it."""
        (runs, self._runs), (slots, self._slots) = (self._runs, []), (self._slots, [])
        self._desk.write(self._sql.move_run, runs, "run")
        self._desk.write(self._sql.move_slot, slots, "slot")

    def _flush(self) -> None:
        self._flush_runs()
        for wave in self._waves:
            for statement, rows in wave.tasks.items():
                self._desk.write(statement, rows, "task")
            for statement, rows in wave.attempts.items():
                self._desk.write(statement, rows, "attempt")
        self._waves = []
        self._task_turns, self._attempt_turns = {}, {}

    def _log_all(self, change: Change) -> None:
        for entry in entries(change):
            self._log(entry, None if entry.run is None else self._id(entry.run))

    def _log(self, entry: Entry, run: int | None) -> None:
        at, kind, dag, _, task, index, attempt, old, new, why, actor = entry
        self.seq += 1
        head = (
            self.seq, at, self._epoch, kind, dag, run, task, NO_INDEX if index is None and task else index, attempt,
            old and str(old), new and str(new), why and why.code,
        )  # fmt: skip
        if why is not None and why.args:
            self._events[1].append((*head, _encode(why.args), actor))
        else:
            self._events[0].append((*head, actor))
