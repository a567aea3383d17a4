"""Backfills: slots of a DAG that become runs while there is room under the cap (docs/decisions/0029)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec.structs import replace

from segue.engine.board import Board, Dag
from segue.engine.filling import ENDED, Filling
from segue.engine.making import make_run
from segue.engine.neighbours import Span, ask_for, due_of
from segue.engine.recall import open_dag
from segue.engine.stopping import stop_run
from segue.model.acts import MoveBackfill, StartBackfill
from segue.model.backfills import BackfillImage, BackfillRow, BackfillState, pack_slots, unpack_slots
from segue.model.changes import BackfillMade, BackfillMoved
from segue.model.errors import Refused
from segue.model.events import Request
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.interval import slot_key
from segue.model.state import RUN_FINAL, RunState, SlotState
from segue.model.timing import SlotFacts
from segue.model.why import Why

__all__ = ["feed", "goes_on", "move_backfill", "propose", "start_backfill"]

BACKFILL: Final = 2
_CAP: Final = 4
_MOST_AT_ONCE: Final = 1_000_000
_CHECKED: Final = 1_000
_BITE: Final = 64
"""A question to the store costs as much as its answers about so many slots."""
_WORDS: Final = {"oldest": "the oldest first", "newest": "the newest first", "parallel": "in any order"}
_DONE: Final = Why("backfill_done")
_STOPPED: Final = Why("backfill_stopped")


# -------------------------------------------------------------------------------------------------------------- plans
def propose(board: Board, dag: str, slots: Sequence[Span], reason: str) -> int:
    """Write down a backfill that waits for a person to start it; gives its number.

    Args:
        board: what the engine knows.
        dag: whose slots.
        slots: in ascending order.
        reason: why nobody made these runs, in words.
    """
    cap = 1 if board.dags[dag].graph.past else _CAP
    row = BackfillRow(0, dag, pack_slots(slots), len(slots), cap=cap, reason=reason)
    return _write(board, row, "proposed").row.id


def start_backfill(board: Board, request: Request, wanted: StartBackfill) -> str:
    """Begin a backfill.

    Raises:
        Refused: the DAG has no such slots, or it cannot be done in this order.
    """
    dag = _open(board, wanted.dag)
    slots = _slots(dag, wanted.slots, board.now)
    if wanted.cap < 1:
        raise Refused(f"a backfill at cap {wanted.cap} would never run: the least is 1")
    if wanted.cap > _MOST_AT_ONCE:
        raise Refused(f"a backfill at cap {wanted.cap}: the most is {_MOST_AT_ONCE}")
    cap, note = wanted.cap, ""
    if dag.graph.past:
        if wanted.order != "oldest":
            raise Refused(f"{_dependent(dag)} depends on the past: backfill it oldest first, not {wanted.order}")
        cap = 1
        note = f" ({_dependent(dag)} depends on the past)" if wanted.cap > 1 else ""
    if dag.timing.paused:
        note += f"; the clock of {wanted.dag} is paused, its backfill runs"
    row = BackfillRow(
        0, wanted.dag, pack_slots(slots), len(slots), wanted.order, cap, wanted.only, params=wanted.params,
        reason=wanted.reason, request=request.id, actor=request.actor,
    )  # fmt: skip
    for one in board.agenda.backfills.values():
        if one.state == "running" and _plan(one.row) == _plan(row):
            board.agenda.mine.add(one.row.id)
            return f"backfill {one.row.id} does this already"
    filling = _write(board, row, "running")
    return (
        f"backfill {filling.row.id}: {_count(len(slots))} of {wanted.dag}, {_WORDS[wanted.order]}, {cap} at once{note}"
    )


def _write(board: Board, row: BackfillRow, state: BackfillState) -> Filling:
    agenda, version = board.agenda, board.dags[row.dag].version
    agenda.last_backfill += 1
    row = replace(row, id=agenda.last_backfill, version=version.number, bundle=version.bundle, created=board.now)
    board.changes.append(BackfillMade(row, state, board.now))
    filling = agenda.backfills[row.id] = Filling(BackfillImage(row, state, 0, version.spec))
    agenda.mine.add(row.id)
    return filling


def _open(board: Board, name: str) -> Dag:
    dag = open_dag(board, name)
    if dag.timing.retired:
        raise Refused(f"DAG {name} is retired: no file declares it any more")
    if dag.version.spec.schedule is None:
        raise Refused(f"DAG {name} has no schedule, so no interval to backfill: `segue run {name}`, or give it one")
    return dag


def _slots(dag: Dag, packed: bytes, now: Instant) -> Sequence[Span]:
    """The slots that are asked for; at most a thousand of them, evenly spread, are looked up in the time table."""
    spec, clock = dag.version.spec, dag.clock_of(dag.version.spec)
    try:
        slots = unpack_slots(packed)
    except ValueError as why:
        raise Refused(str(why)) from None
    if not slots:
        raise Refused(f"a backfill of no interval of {spec.id} has nothing to do")
    earliest, start = slots[0], clock.bounds.start
    if start is not None and earliest[0] < start:
        key, first = (slot_key(at, at + earliest[1] - earliest[0], spec.timezone) for at in (earliest[0], start))
        raise Refused(f"{key} lies before the start of {spec.id}, {first}")
    for start, end in (*slots[:: len(slots) // _CHECKED + 1], slots[-1]):
        found = clock.timetable.slot_from(start, clock.bounds)
        if found is None or (found.start, found.end) != (start, end):
            raise Refused(f"{slot_key(start, end, spec.timezone)} is no interval of {spec.id}: its schedule is another")
        if found.due > now:
            raise Refused(f"{slot_key(start, end, spec.timezone)} of {spec.id} has not ended yet")
    return slots


def _plan(row: BackfillRow) -> tuple[object, ...]:
    return row.dag, row.slots, row.order, row.cap, row.only, row.params, row.version


def _dependent(dag: Dag) -> str:
    return dag.graph.tasks[dag.graph.past[0]].id


def _count(number: int) -> str:
    return f"{number:,} interval{'' if number == 1 else 's'}"


# --------------------------------------------------------------------------------------------------------------- acts
def move_backfill(board: Board, request: Request, wanted: MoveBackfill) -> str:
    """Pause, resume or cancel a backfill, or run slots of it again.

    Raises:
        Refused: there is no such backfill, or it does not stand so that this could be done.
    """
    agenda, image = board.agenda, request.facts.backfill
    if wanted.backfill not in agenda.backfills and image is not None:
        agenda.backfills[wanted.backfill] = Filling(image)
    filling = agenda.backfills.get(wanted.backfill)
    if filling is None:
        raise Refused(f"there is no backfill {wanted.backfill}: `segue backfills` lists them")
    match wanted.to:
        case "pause":
            return _pause(board, request, filling)
        case "resume":
            return _resume(board, request, filling, wanted)
        case "cancel":
            return _cancel(board, request, filling)
        case "again":
            return _again(board, request, filling, wanted)
        case _:
            assert_never(wanted.to)


def _pause(board: Board, request: Request, filling: Filling) -> str:
    _check(filling, "running")
    _move(board, filling, replace(filling.image, state="paused"), request=request)
    return f"backfill {filling.row.id} is paused: {_count(filling.left)} left; what runs comes to its end"


def _resume(board: Board, request: Request, filling: Filling, wanted: MoveBackfill) -> str:
    _check(filling, "running", "paused", "proposed")
    dag = _open(board, filling.row.dag)
    board.agenda.mine.add(filling.row.id)
    image = replace(filling.image, state="running")
    _move(board, filling, _newest(dag, image) if wanted.newest else image, request=request)
    row = filling.row
    return f"backfill {row.id} goes on: {_count(filling.left)} left, version {row.version}, {row.cap} at once"


def _cancel(board: Board, request: Request, filling: Filling) -> str:
    _check(filling, "running", "paused", "proposed")
    live = tuple(filling.open.values())
    for machine in live:
        stop_run(board, machine, "cancel", request.actor)
    _move(board, filling, replace(filling.image, state="cancelled"), request=request)
    runs = f"{len(live)} run{'' if len(live) == 1 else 's'}"
    return f"backfill {filling.row.id} is cancelled: {runs} being stopped, {_count(filling.left)} left out"


def _again(board: Board, request: Request, filling: Filling, wanted: MoveBackfill) -> str:
    if filling.state not in ENDED and (filling.left or filling.open):
        raise Refused(f"backfill {filling.row.id} has not ended: wait for it, or cancel it first")
    dag = _open(board, filling.row.dag)
    slots = _slots(dag, wanted.slots, board.now)
    board.agenda.mine.add(filling.row.id)
    row = replace(filling.row, slots=pack_slots(slots), total=len(slots), only=("all",))
    image = replace(filling.image, row=row, state="running", made=0)
    _move(board, filling, _newest(dag, image) if wanted.newest else image, request=request)
    return f"backfill {row.id} runs {_count(len(slots))} again, version {filling.row.version}"


def _check(filling: Filling, *states: BackfillState) -> None:
    if filling.state not in states:
        raise Refused(f"backfill {filling.row.id} is {filling.state}: nothing to do")


def _newest(dag: Dag, image: BackfillImage) -> BackfillImage:
    version = dag.version
    if (image.row.version, image.row.bundle) == (version.number, version.bundle):
        return image
    row = replace(image.row, version=version.number, bundle=version.bundle)
    return replace(image, row=row, spec=version.spec)


def _move(
    board: Board, filling: Filling, image: BackfillImage, why: Why | None = None, request: Request | None = None
) -> None:
    """Write how a backfill stands from now on, where that is new."""
    old, row = filling.image, image.row
    if (old.state, old.made) == (image.state, image.made) and old.row is row:
        return
    actor = "" if request is None else request.actor
    why = why if request is None else Why("backfill_moved", (actor,))
    board.changes.append(
        BackfillMoved(
            row.id, row.dag, old.state, image.state, image.made, board.now, why, actor, None if old.row is row else row
        )
    )
    if old.row is row:
        filling.image = image
    else:
        filling.take(image)


# --------------------------------------------------------------------------------------------------------------- runs
def feed(board: Board, filling: Filling) -> None:
    """Make runs of the slots of a backfill while there is room under its cap; end it when all have ended.

    What the store knows of the next slots is asked for ahead, so that no run waits for an answer.
    """
    agenda, row = board.agenda, filling.row
    if filling.state in ENDED or not (agenda.planning or row.id in agenda.mine):
        return
    dag = board.dags.get(row.dag)
    if dag is None or dag.timing.retired:
        _move(board, filling, replace(filling.image, state="stopped"), _STOPPED)
        return
    if filling.state != "running" or dag.quarantined is not None or agenda.draining:
        return
    made, room = filling.made, filling.room
    if filling.ahead < made + row.cap:
        upto = made + row.cap + max(row.cap, _BITE)
        for slot in filling.slots[max(made, filling.ahead) : upto]:
            agenda.ask(ask_for(row.dag, filling.image.spec, slot))
        filling.ahead = upto
    while made < len(filling.slots) and room > 0 and board.room:
        facts = agenda.known.get((row.dag, filling.slots[made]))
        if facts is None:
            agenda.ask(ask_for(row.dag, filling.image.spec, filling.slots[made]))
            break
        if _is_wanted(board, row, facts):
            _make(board, filling, facts)
            room -= 1
        made += 1
    image = replace(filling.image, made=made)
    if made < len(filling.slots) or filling.open:
        _move(board, filling, image)
    else:
        _move(board, filling, replace(image, state="done"), _DONE)


def goes_on(board: Board) -> bool:
    """Whether an answer about a slot is still to come, or a backfill that this owner was asked for goes on."""
    if board.agenda.asked:
        return True
    mine = (filling for filling in board.agenda.backfills.values() if filling.row.id in board.agenda.mine)
    return any(
        filling.state == "running" and ((filling.left and filling.room > 0) or not filling.open)
        for filling in mine
        if (dag := board.dags.get(filling.row.dag)) is not None and dag.quarantined is None
    )


def _is_wanted(board: Board, row: BackfillRow, facts: SlotFacts) -> bool:
    """Whether the slot shows still what was asked for, and nobody who cannot be waited for holds its place."""
    live = facts.state not in (None, RunState.HELD, *RUN_FINAL)
    if live and facts.latest not in board.runs:
        return False
    return "all" in row.only or str(facts.shown or SlotState.MISSING) in row.only


def _make(board: Board, filling: Filling, facts: SlotFacts) -> None:
    row, spec, ask = filling.row, filling.image.spec, facts.ask
    due = due_of(board.dags[row.dag].clock_of(spec), ask.slot)
    make_run(
        board,
        RunRow(
            RunKey(row.dag, ask.key, 1), "", row.version, row.bundle, ask.slot, "backfill", BACKFILL, params=row.params,
            due=due, actor=row.actor, reason=row.reason, backfill=row.id,
        ),
        spec,
    )  # fmt: skip
