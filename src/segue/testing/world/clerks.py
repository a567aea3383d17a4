"""What people ask of clocks and backfills, as acts.

Of an action's fields they use: `count` is the minutes of a pause (0: for good) or the cap of a backfill; `slot` how
many slots back, counted from the newest that is due (a backfill: so many slots up to that one); `target` the order of a
backfill, where it is moved to, or what an unpause runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue.model.acts import Act, Deploy, Drain, MoveBackfill, PauseDags, StartBackfill, TriggerRun, UnpauseDags
from segue.model.backfills import pack_slots
from segue.model.definition import Defined
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.spec import DagSpec
from segue.testing.world.actions import Action
from segue.testing.world.clockwork import Clockwork
from segue.testing.world.policy import slots_due
from segue.testing.world.script import SECOND

__all__ = ["act_on_clocks"]


def act_on_clocks(
    action: Action, clockwork: Clockwork, specs: Mapping[str, DagSpec], now: int, defined: Defined | None
) -> Act | None:
    """What an action asks for; None where there is nothing to ask it of.

    Args:
        action: of the plan.
        clockwork: what is committed of clocks and backfills.
        specs: the newest version of every DAG.
        now: the real time, microseconds since 1970 UTC.
        defined: the file that a deploy brings.
    """
    match action.verb:
        case "pause":
            until = Instant(now + action.count * 60 * SECOND) if action.count else None
            return PauseDags((action.dag,), action.flag, until, "drawn")
        case "unpause":
            run: Any = action.target
            return UnpauseDags((action.dag,), run)
        case "drain":
            return Drain(action.flag)
        case "deploy":
            return None if defined is None else Deploy((defined,), "drawn")
        case "move":
            return _move(action, clockwork)
        case _:
            return _of_slots(action, specs.get(action.dag), now)


def _move(action: Action, clockwork: Clockwork) -> Act | None:
    meant = [
        number for number, one in clockwork.backfills.items()
        if not action.tasks or one.row.request == action.tasks[0]
    ]  # fmt: skip
    if not meant:
        return None
    number, to = meant[-1], action.target
    again = clockwork.backfills[number].slots[:2]
    move: Any = "resume" if to == "newest" else to
    return MoveBackfill(number, move, to == "newest", pack_slots(again) if to == "again" else b"")


def _of_slots(action: Action, spec: DagSpec | None, now: int) -> Act | None:
    due = [] if spec is None else slots_due(spec, now)
    if spec is None or not due or action.slot is None:
        return None
    if action.verb == "backfill":
        wanted = [(one.start, one.end) for one in due[-action.slot :]]
        order: Any = action.target
        return StartBackfill(spec.id, pack_slots(wanted), order, action.count, action.tasks, reason="drawn")
    chosen = due[-1 - max(action.slot, 0) % len(due)]
    key = slot_key(chosen.start, chosen.end, spec.timezone)
    return TriggerRun(spec.id, key, (chosen.start, chosen.end), replace=action.flag)
