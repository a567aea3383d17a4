"""The planner: what is due becomes runs where there is room, in one change set with the step of the clock.

Only DAGs of which something has happened are looked at: a slot falls due, a run has ended, a question was answered, a
definition or a pause has changed. Idle DAGs cost nothing, however many there are.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from segue.engine.agenda import Guarded
from segue.engine.board import Board
from segue.engine.clocks import Keeper, is_satisfied
from segue.engine.machine import Machine
from segue.engine.making import make_run
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.timing import SlotAsk
from segue.model.why import Why
from segue.schedule.slot import Slot

__all__ = ["plan"]

_AHEAD: Final = 16
_PASSING: Final = 64
"""Where one slot had nothing left to do, its neighbours may have nothing either: so many are looked up at once."""
_ONCE: Final = (Instant(0), Instant(0))
"""The slot under which the one run of `@once` is asked for; it has none."""


def plan(board: Board, guarded: Guarded) -> None:
    """Let the clocks of DAGs go on, as far as this turn has room.

    Args:
        board: what the engine knows.
        guarded: runs the step of one DAG, so that a fault in it stops no other.
    """
    agenda = board.agenda
    if agenda.since is None:
        agenda.since = board.now
        agenda.unplanned.update(dict.fromkeys(board.dags))
    if agenda.draining or board.outdated:
        return
    agenda.unplanned.update(dict.fromkeys(agenda.rung(board.now)))
    while agenda.unplanned and board.room:
        name = next(iter(agenda.unplanned))
        del agenda.unplanned[name]
        guarded(name, partial(_go_on, board, name))
        agenda.confirmed.discard(name)


def _go_on(board: Board, name: str) -> None:
    dag = board.dags.get(name)
    if dag is None or dag.quarantined is not None or not len(dag.graph):
        return
    if dag.timing.retired and name not in board.agenda.returned:
        return
    keeper = Keeper(board, name)
    if dag.timing.retired:
        keeper.come_back()
        board.agenda.returned.discard(name)
    if not keeper.clock.ticks:
        keeper.set(generation="", cursor=None, accepted=None, enabled=None)
    elif not _is_paused(keeper):
        if keeper.clock.once:
            _run_once(keeper)
        else:
            _tick(keeper)
    keeper.commit()


def _is_paused(keeper: Keeper) -> bool:
    """Whether the DAG is paused; a pause whose end has come ends."""
    timing, board = keeper.timing, keeper.board
    if not timing.paused:
        return False
    if timing.until is None or timing.until > board.now:
        board.agenda.ring(timing.until, keeper.name)
        return True
    keeper.unpause(timing.until, Why("pause_over"))
    return False


def _run_once(keeper: Keeper) -> None:
    """`@once`: one run, when the DAG is first enabled; a new version does not repeat it (rulings)."""
    if not keeper.stale:
        return
    board, dag = keeper.board, keeper.dag
    facts = board.agenda.ask(SlotAsk(keeper.name, "once", _ONCE))
    if facts is None:
        board.agenda.needy.add(keeper.name)
        return
    del board.agenda.known[keeper.name, _ONCE]
    now = board.now
    keeper.set(Why("enabled"), generation=keeper.clock.generation, enabled=now, cursor=now, accepted=now)
    if facts.next_n == 1:
        version, run = dag.version, RunKey(keeper.name, "once", 1)
        row = RunRow(
            run, f"scheduled {run}", version.number, version.bundle, kind="scheduled", klass=1, due=now, created=now
        )
        board.create(Machine(row, version.spec, dag.graph))


def _tick(keeper: Keeper) -> None:
    lifted = keeper.board.agenda.lifted.pop(keeper.name, None)
    if keeper.stale:
        keeper.begin()
    elif lifted is not None:
        keeper.resume(*lifted)
    decided = keeper.fall_due()
    passing = _make_runs(keeper)
    _look_ahead(keeper, _PASSING if passing else min(keeper.spec.run_limit, _AHEAD))
    if decided:
        upcoming = keeper.upcoming
        keeper.board.agenda.ring(None if upcoming is None else upcoming.due, keeper.name)


def _make_runs(keeper: Keeper) -> bool:
    """Make runs of the accepted slots, oldest first, while there is room, and one more that waits in line.

    Returns:
        Whether there was one of which nothing was left to do.
    """
    board, spec, passing = keeper.board, keeper.spec, False
    room = spec.run_limit - keeper.active + (spec.overlap == "wait")
    while (slot := _accepted(keeper)) is not None and room > 0:
        facts = keeper.ask(slot)
        if facts is None:
            board.agenda.needy.add(keeper.name)
            break
        if is_satisfied(facts):
            passing = True
        else:
            run = RunKey(keeper.name, facts.ask.key, 1)
            row = RunRow(run, "", 0, slot=facts.ask.slot, kind="scheduled", klass=1, due=slot.due)
            make_run(board, row)
            room -= 1
        keeper.set(cursor=slot.end)
    return passing


def _accepted(keeper: Keeper) -> Slot | None:
    """The next slot that will be run."""
    cursor, accepted = keeper.timing.cursor, keeper.timing.accepted
    assert cursor is not None and accepted is not None
    slot = keeper.clock.first(cursor)
    if cursor < accepted and slot is not None and slot.start < accepted:
        return slot
    keeper.set(cursor=max(cursor, accepted))
    return None


def _look_ahead(keeper: Keeper, count: int) -> None:
    """Ask for what will be needed next: accepted slots, and the one that falls due next."""
    timing = keeper.timing
    assert timing.cursor is not None and timing.accepted is not None
    slot = keeper.clock.first(timing.cursor)
    for _ in range(count):
        if slot is None or slot.start >= timing.accepted:
            break
        keeper.ask(slot)
        slot = keeper.clock.first(slot.end)
    if keeper.upcoming is not None:
        keeper.ask(keeper.upcoming)
