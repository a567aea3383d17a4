"""What the end of a run means for other slots: late data, and what depends on the past.

A scheduled run that ended well is followed by reruns of the slots before it, newest first; what a later slot made from
an older run of this slot is stale. Both are written in the transaction in which the run ends, so nothing is lost; for
that its end waits until it is known what the store knows of those slots (SEMANTICS, "Late data"; rulings, "Stale").
"""

from __future__ import annotations

from typing import Final

from segue.engine.board import Board
from segue.engine.machine import LOOKBACK, Machine
from segue.engine.making import make_run
from segue.engine.neighbours import ask_for, due_of, span_before
from segue.engine.past import ask_after, outdate_next
from segue.model.ids import RunKey
from segue.model.images import RunRow
from segue.model.state import SlotState
from segue.model.timing import SlotAsk

__all__ = ["follow_end", "is_foreseen"]

_RUN: Final = frozenset({SlotState.FRESH, SlotState.STALE, SlotState.SKIPPED, SlotState.FAILED})


def is_foreseen(board: Board, machine: Machine) -> bool:
    """Whether all is known that the end of this run needs; what is not is asked for, and the run looked at again."""
    asks = _asks(board, machine)
    known = [board.agenda.watch(ask, machine.key) is not None for ask in asks]
    if not all(known):
        return False
    for ask in asks:
        board.agenda.unwatch(ask, machine.key)
    return True


def follow_end(board: Board, machine: Machine) -> None:
    """The run has ended well: write what follows from that for other slots."""
    after = ask_after(board, machine)
    if after is not None:
        outdate_next(board, machine, after)
    dag = board.dags[machine.key.dag]
    waiting = {one.row.slot for one in dag.aside if one.line == LOOKBACK and one.started is None}
    for ask in _asks_before(board, machine):
        facts = board.agenda.facts_of(ask)
        if facts is not None and facts.shown in _RUN and ask.slot not in waiting:
            due = due_of(dag.clock_of(dag.version.spec), ask.slot)
            run, reason = RunKey(ask.dag, ask.key, 1), f"looks back after {machine.key}"
            make_run(board, RunRow(run, "", 0, slot=ask.slot, kind=LOOKBACK, klass=2, due=due, reason=reason))


def _asks(board: Board, machine: Machine) -> list[SlotAsk]:
    after = ask_after(board, machine)
    return [*_asks_before(board, machine), *(() if after is None else (after,))]


def _asks_before(board: Board, machine: Machine) -> list[SlotAsk]:
    """The slots that are run again after this run, the newest first."""
    row = machine.row
    dag = board.dags[row.run.dag]
    spec = dag.version.spec
    if row.kind != "scheduled" or row.slot is None or not spec.lookback:
        return []
    clock, slot = dag.clock_of(spec), row.slot
    asks: list[SlotAsk] = []
    while len(asks) < spec.lookback and (before := span_before(clock, slot)) is not None:
        asks.append(ask_for(row.run.dag, spec, before))
        slot = before
    return asks
