"""Acts upon clocks: pauses, an owner that is being drained; and runs that are not kept any longer."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from segue.engine.board import Board, Dag
from segue.engine.clocks import Keeper
from segue.model.acts import Drain, PauseDags, UnpauseDags
from segue.model.changes import RunsForgotten, TimingSet, VersionAdded
from segue.model.errors import Refused
from segue.model.events import Expired, Request
from segue.model.moment import datetime_at
from segue.model.why import Why

__all__ = ["drain", "forget", "pause", "unpause"]

_NAMED = 5


def pause(board: Board, request: Request, wanted: PauseDags) -> str:
    """Stop the clocks of DAGs; what runs goes on, but where the pause is hard.

    Raises:
        Refused: one does not exist, or the pause would end before now.
    """
    _check(board, wanted.dags)
    if wanted.until is not None and wanted.until <= board.now:
        raise Refused(f"a pause cannot end in the past: {datetime_at(wanted.until, 'UTC'):%Y-%m-%d %H:%M} UTC")
    why = Why("paused", (request.actor, f": {wanted.reason}" if wanted.reason else ""))
    for name in wanted.dags:
        keeper = Keeper(board, name, request.actor)
        keeper.set(why, paused=True, hard=wanted.hard, until=wanted.until)
        keeper.commit()
        board.agenda.unplanned[name] = None
        board.queue.unblock(name)
    how = " hard" if wanted.hard else ""
    until = "" if wanted.until is None else f" until {datetime_at(wanted.until, 'UTC'):%Y-%m-%d %H:%M} UTC"
    return f"{_named(wanted.dags)} {'is' if len(wanted.dags) == 1 else 'are'} paused{how}{until}"


def unpause(board: Board, request: Request, wanted: UnpauseDags) -> str:
    """Let the clocks of DAGs go on, with nothing of what fell due meanwhile unless asked; a quarantine is lifted.

    Raises:
        Refused: one does not exist.
    """
    _check(board, wanted.dags)
    told = []
    why = Why("unpaused", (request.actor,))
    for name in wanted.dags:
        dag = board.dags[name]
        if dag.quarantined is not None:
            _lift(board, name, dag)
        elif dag.timing.paused:
            keeper = Keeper(board, name, request.actor)
            left = keeper.unpause(board.now, why, wanted.run)
            keeper.commit()
            board.agenda.unplanned[name] = None
            if left is not None:
                many = "1 interval is" if left.total == 1 else f"{left.total} intervals are"
                told.append(f"{many} left out: `segue backfill {name} {left.when}`")
    text = f"{_named(wanted.dags)} {'goes' if len(wanted.dags) == 1 else 'go'} on"
    return "; ".join([text, *told])


def drain(board: Board, wanted: Drain) -> str:
    """Let what runs come to its end, and begin nothing; or go on."""
    board.agenda.draining = wanted.on
    return "nothing begins any more" if wanted.on else "it goes on"


def forget(board: Board, event: Expired) -> None:
    """Let go of runs that ended long ago; never of one that is still in memory."""
    runs = tuple(run for run in event.runs if run not in board.runs)
    if runs:
        board.changes.append(RunsForgotten(runs, board.now))


def _lift(board: Board, name: str, dag: Dag) -> None:
    """Let a quarantined DAG come back: memory of it is read anew."""
    if dag.timing.paused:
        dag.timing = structs.replace(dag.timing, paused=False, hard=False, until=None)
        board.changes.append(TimingSet(name, dag.timing, board.now))
    board.changes.append(VersionAdded(name, dag.version, dag.place[0], board.now))
    board.outdated = f"memory of quarantined DAG {name} is read anew"


def _check(board: Board, dags: Sequence[str]) -> None:
    for name in dags:
        if name not in board.dags:
            heir = board.heirs.get(name)
            raise Refused(f"there is no DAG {name}" + ("" if heir is None else f": it is called {heir} now"))
    if not dags:
        raise Refused("no DAG is named")


def _named(dags: Sequence[str]) -> str:
    more = [f"{len(dags) - _NAMED} more"] if len(dags) > _NAMED else []
    return ", ".join([*dags[:_NAMED], *more])
