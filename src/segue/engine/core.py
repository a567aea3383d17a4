"""The engine: a pure function of (state, time, events).

One turn: the events are taken in, then what follows by itself follows until nothing more does, then cells are
dispatched. A turn that would write more than its share stops and asks to be called again at once; what is left of a
cascade lies in the machines and is derived again after a crash. An error inside the step of one run quarantines its
DAG and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from segue.engine import attempts
from segue.engine.acts import act
from segue.engine.board import Board, Dag
from segue.engine.explain import explain
from segue.engine.machine import Machine
from segue.engine.progress import conclude, dispatch, grant_places, settle, wake
from segue.engine.restoring import board_of, outstanding_of
from segue.model.changes import Command, Decision, DefinitionFailed, Quarantined, VersionAdded
from segue.model.events import (
    Asked,
    Capacity,
    Defined,
    Definition,
    Ended,
    Event,
    Lost,
    Request,
    Started,
    Tick,
    TriggerRun,
)
from segue.model.ids import Instant, RunKey
from segue.model.images import Snapshot, Version
from segue.model.why import Why

__all__ = ["Engine"]


class Engine:
    """Decides for any number of runs.

    Args:
        snapshot: one consistent read of the store; the engine goes on from there.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._board = board_of(snapshot)
        self._outstanding = tuple(
            command for machine in self._board.runs.values() for command in outstanding_of(self._board, machine)
        )
        self._answered: set[str] = set()

    def outstanding(self) -> Sequence[Command]:
        """What the owner must do before its first turn: `Launch` for QUEUED attempts, `Adopt` for RUNNING ones."""
        return self._outstanding

    def why(self, run: RunKey, task: str | None = None, index: int | None = None) -> Why | None:
        """Why a run or task does not move, from the state that decides; None where the run is not in memory."""
        return explain(self._board, run, task, index)

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        """Take events in, give changes and commands out.

        Args:
            now: the present; where it lies before an earlier turn's, that one's counts.
            events: in the order of arrival; what is not news is ignored.
        """
        board = self._board
        board.now = max(board.now, now)
        for key in board.over:
            del board.runs[key]
        board.over, board.changes, board.commands = [], [], []
        self._answered.clear()
        for event in events:
            self._guarded(_dag_of(event), lambda event=event: self._take(event))  # type: ignore[misc]
        wake(board)
        self._follow()
        self._dispatch()
        self._follow()
        return Decision(tuple(board.changes), tuple(board.commands), self._wake_at())

    # ------------------------------------------------------------------------------------------------------- events
    def _take(self, event: Event) -> None:
        board = self._board
        match event:
            case Ended():
                attempts.ended(board, event)
            case Started():
                attempts.started(board, event)
            case Lost():
                attempts.lost(board, event)
            case Asked():
                attempts.asked(board, event)
            case Capacity():
                board.queue.workers, board.queue.depth = event.workers, event.depth
            case Request():
                if event.id not in self._answered:
                    self._answered.add(event.id)
                    act(board, event)
            case Defined():
                self._define(event)
            case Tick():
                pass
            case _:
                assert_never(event)

    def _define(self, event: Defined) -> None:
        board = self._board
        if event.errors:
            text = "\n".join(error.message for error in event.errors)
            board.changes.append(DefinitionFailed(event.location, event.file, text, board.now))
        for definition in event.definitions:
            self._add_version(event.location, definition)

    def _add_version(self, location: str, definition: Definition) -> None:
        board, spec = self._board, definition.spec
        known = board.dags.get(spec.id)
        number = definition.number
        if known is not None:
            version = known.version
            same = (version.spec_digest, version.code_digest) == (definition.spec_digest, definition.code_digest)
            if same and version.bundle == definition.bundle:
                return
            number = number or (version.number if same else version.number + 1)
        version = Version(number or 1, spec, definition.spec_digest, definition.code_digest, definition.bundle)
        board.changes.append(VersionAdded(spec.id, version, location, board.now))
        fresh = Dag(version)
        if known is not None:
            fresh.granted, fresh.waiting = known.granted, known.waiting
        board.dags[spec.id] = fresh
        board.crowded.add(spec.id)

    # ------------------------------------------------------------------------------------------------ what follows
    def _follow(self) -> None:
        board = self._board
        while True:
            touched, board.active = board.active, {}
            for machine in touched.values():
                if not machine.frozen:
                    self._guarded(machine.key.dag, lambda machine=machine: self._advance(machine))  # type: ignore[misc]
            given = grant_places(board)
            if not given and not (board.active and board.room):
                return

    def _advance(self, machine: Machine) -> None:
        settle(self._board, machine)
        if self._board.room:
            conclude(self._board, machine)
        else:
            self._board.active[machine.key] = machine

    def _dispatch(self) -> None:
        board = self._board
        while board.room and (found := board.queue.take()) is not None:
            machine, cell = found
            self._guarded(machine.key.dag, lambda: dispatch(board, machine, cell))  # noqa: B023  # called at once

    def _wake_at(self) -> Instant | None:
        board = self._board
        if not board.room or board.active:
            return board.now
        return board.timers[0][0] if board.timers else None

    # -------------------------------------------------------------------------------------------------- quarantine
    def _guarded(self, dag: str | None, step: Callable[[], None]) -> None:
        """Run one step; where it fails, what it had decided is dropped and its DAG stands still."""
        board = self._board
        changes, commands = len(board.changes), len(board.commands)
        try:
            step()
        except Exception as error:  # noqa: BLE001  # a fault of one DAG must not stop the others (RELIABILITY, decision 9)
            del board.changes[changes:], board.commands[commands:]
            if dag is None or dag not in board.dags:
                raise
            why = Why("failed", (f"{type(error).__name__}: {error}",))
            board.dags[dag].quarantined = why
            for machine in board.runs.values():
                if machine.key.dag == dag:
                    machine.frozen = True
            board.changes.append(Quarantined(dag, why, board.now))


def _dag_of(event: Event) -> str | None:
    match event:
        case Started() | Ended() | Lost() | Asked():
            return event.key.run.dag
        case Request():
            return event.act.dag if isinstance(event.act, TriggerRun) else event.act.run.dag
        case _:
            return None
