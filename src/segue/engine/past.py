"""Tasks that depend on the past: task t of a slot starts when t of the slot before is good in any run of that slot.

What is good there is asked of the store once and kept true by every move in memory. A task that waits so is *behind*;
its rule then says to wait, so a run of which nothing else moves is parked like one that is held, and goes on by itself
when the past becomes good (SEMANTICS, "depends_on_past").
"""

from __future__ import annotations

from typing import Final

from segue.engine.board import Board
from segue.engine.machine import Machine
from segue.engine.neighbours import ask_for, span_after
from segue.model.changes import SlotMoved
from segue.model.state import RUN_FINAL, RunState, SlotState
from segue.model.timing import SlotAsk, SlotFacts
from segue.model.why import Why
from segue.resolve.rules import Verdict

__all__ = ["ask_after", "explain_past", "is_looking", "look_back", "outdate_next"]

_DONE: Final = frozenset({SlotState.FRESH, SlotState.STALE, SlotState.SKIPPED})


def look_back(board: Board, machine: Machine) -> None:
    """Let tasks go on for which the slot before is good by now; the others wait until it becomes so."""
    assert machine.past is not None
    facts = board.agenda.watch(machine.past, machine.key)
    if facts is None:
        return
    ready = (node for node in machine.behind if machine.rule(node) is Verdict.RUN)
    freed = {node for node in ready if _may_pass(board, machine, node, facts)}
    if not freed:
        return
    machine.behind -= freed
    machine.dirty.extend(sorted(freed))
    if not machine.behind:
        board.agenda.unwatch(machine.past, machine.key)
    if not machine.granted and not machine.stopping:
        board.wait_for_place(machine)


def _may_pass(board: Board, machine: Machine, node: int, facts: SlotFacts) -> bool:
    task = machine.graph.tasks[node]
    if task.id in facts.good:
        return True
    if facts.latest is None and facts.shown is None:
        # Nothing was ever run there: before the first deploy that is no hole, and this slot is the first.
        enabled = board.dags[machine.key.dag].timing.enabled
        return enabled is None or facts.ask.slot[1] <= enabled
    # A slot that is done was good as a whole, also where its runs are not kept any more or did not know the task.
    return facts.shown in _DONE and not task.rules.allow_failure


def is_looking(board: Board, machine: Machine) -> bool:
    """Whether it is not known yet what is good in the slot before."""
    return bool(machine.behind) and machine.past is not None and board.agenda.facts_of(machine.past) is None


def explain_past(board: Board, machine: Machine, node: int | None = None) -> Why:
    """Why a task that is behind waits: the slot before, where it stands, and what helps; None: the first one."""
    if node is None:
        node = next((node for node in sorted(machine.behind) if machine.rule(node) is Verdict.RUN), None)
    ask = machine.past
    facts = None if ask is None else board.agenda.facts_of(ask)
    if node is None or ask is None or facts is None:
        return Why("past_unknown")
    task = machine.graph.tasks[node].id
    return Why("past", (task, f"{ask.dag}@{ask.key}", *_remedy(ask, facts, task)))


def _remedy(ask: SlotAsk, facts: SlotFacts, task: str) -> tuple[str, str]:
    if facts.latest is None:
        return "is missing", f"`segue backfill {ask.dag} {ask.key}`"
    if facts.state is RunState.HELD:
        return "stands still", f"`segue why {facts.latest}` says what helps"
    if facts.state not in RUN_FINAL:
        return "has not ended", "this goes on when it has"
    if facts.state is RunState.SUCCESS:
        return "did not end well there", f"`segue retry {facts.latest} {task}`"
    return "failed" if facts.state is RunState.FAILED else "was cancelled", f"`segue retry {facts.latest}`"


# ------------------------------------------------------------------------------------------------------------- stale
def ask_after(board: Board, machine: Machine) -> SlotAsk | None:
    """The slot that may become stale by the end of this run; None where none can."""
    row = machine.row
    if row.slot is None or not machine.graph.past:
        return None
    after = span_after(board.dags[row.run.dag].clock_of(machine.spec), row.slot, board.now)
    return None if after is None else ask_for(row.run.dag, machine.spec, after)


def outdate_next(board: Board, machine: Machine, ask: SlotAsk) -> None:
    """What the next slot made is stale from now on: it was made from what this run has replaced (rulings, "Stale")."""
    facts = board.agenda.facts_of(ask)
    if facts is not None and facts.shown is SlotState.FRESH:
        board.changes.append(SlotMoved(ask.dag, ask.slot, SlotState.STALE, None, machine.row.version, board.now))
        board.agenda.note_slot(ask.dag, ask.slot, SlotState.STALE)
