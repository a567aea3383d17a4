"""Worlds in which clocks run: timetables near changes of daylight saving, outages, jumps, people who interfere.

A world lasts days instead of minutes; so do leases, pauses and what an attempt may last. Every timetable ends, so that
the world comes to rest by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Final

import msgspec

from segue.model.ids import Instant
from segue.model.limits import Limits
from segue.model.moment import parse_moment
from segue.model.spec import DagSpec, RetrySpec, Rules, TaskSpec
from segue.schedule.declare import cron, daily, every, hourly, weekly
from segue.schedule.timetable import Timetable
from segue.testing.world.actions import Action, Verb
from segue.testing.world.clocks import Clocks
from segue.testing.world.plan import Fault, Plan
from segue.testing.world.script import SECOND, Odds

__all__ = ["draw_timed"]

_MINUTE: Final = 60 * SECOND
_HOUR: Final = 60 * _MINUTE
_BEGINNINGS: Final = (
    ("UTC", "2026-04-01T00:00"),
    ("Europe/Berlin", "2026-03-28T20:00"),
    ("Europe/Berlin", "2026-10-24T20:00"),
    ("America/New_York", "2026-03-07T20:00"),
    ("America/New_York", "2026-10-31T20:00"),
    ("Australia/Lord_Howe", "2026-04-04T20:00"),
)
"""Zones, and an evening before their clocks are changed."""
_SCHEDULES: Final[tuple[Callable[[], Timetable], ...]] = (
    lambda: cron("0 * * * *"),
    lambda: cron("*/20 * * * *"),
    lambda: cron("0 */2 * * *"),
    lambda: cron("30 1-3 * * *"),
    lambda: cron("30 2 * * *"),
    lambda: cron("15 */6 * * *") | cron("0 2 * * *"),
    lambda: hourly(at=":10"),
    lambda: daily(at="02:30"),
    lambda: weekly("sun", at="03:00"),
    lambda: every("50m"),
    lambda: every("6h"),
    lambda: cron("@once"),
)
_FAULTS: Final = (Fault.CRASH, Fault.UNKNOWN, Fault.DOWN, Fault.LOST, Fault.DUPLICATE, Fault.LATE, Fault.REORDER)
_ORDERS: Final = ("oldest", "newest", "parallel")
_VERBS: Final[tuple[Verb, ...]] = (
    "pause", "unpause", "backfill", "backfill", "backfill", "backfill", "drain", "define", "define", "gone", "slot",
    "retry", "cancel",
)  # fmt: skip
_MOVES: Final = ("pause", "resume", "resume", "cancel", "cancel", "again", "newest")


def draw_timed(seed: int) -> Plan:
    """The world of a seed in which clocks run."""
    rng = Random(f"timed/{seed}")
    clocks = _clocks(rng)
    dags = tuple(_dag(rng, f"d{at}", clocks) for at in range(rng.choice((1, 1, 2, 3))))
    actions, edits = _people(rng, dags, clocks)
    owners = rng.choice((1, 1, 1, 2))
    faults = {fault for fault in _FAULTS if rng.random() < 0.4}
    if owners > 1:
        faults |= {Fault.PAUSE}
        clocks = replace(clocks, outages=(), skews=(0, rng.choice((0, 2, -2, 90, -90)) * SECOND))
    odds = Odds(
        fail=rng.choice((0.0, 0.1)), hard=0.02, ask=0.0, skip=0.03, hang=0.0, poison=0.0, cursed=0.0, lost=0.05,
        slow=rng.choice((0.0, 0.3, 0.8)), longest=rng.choice((1, 10, 100)) * _MINUTE,
        empty=rng.choice((0.0, 0.0, 0.1)),
    )  # fmt: skip
    return Plan(
        seed, dags, tuple(sorted(actions, key=lambda one: one.at or 0)), frozenset(faults), _points(rng), odds=odds,
        exact=False, workers=rng.choice((1, 4, 16)), edits=edits, limits=Limits(backfill_reserve=rng.choice((0, 1))),
        owners=owners, pauses=_points(rng), clocks=clocks,
    )  # fmt: skip


def _points(rng: Random) -> frozenset[int]:
    at, found = 0, []
    for _ in range(rng.choice((0, 2, 6))):
        at += 1 + int(rng.expovariate(1 / 120))
        found.append(at)
    return frozenset(found)


def _clocks(rng: Random) -> Clocks:
    zone, evening = rng.choice(_BEGINNINGS)
    epoch = Instant(parse_moment(evening, zone) + rng.randrange(8 * 60) * _MINUTE)
    until = rng.choice((12, 30, 60)) * _HOUR
    lengths = (_MINUTE // 2, 2 * _MINUTE, 45 * _MINUTE, 3 * _HOUR, 15 * _HOUR)
    outages = sorted((rng.randrange(until), rng.choice(lengths)) for _ in range(rng.choice((0, 0, 1, 3))))
    by = (_HOUR, -_HOUR, 12 * _HOUR, -12 * _HOUR, 5 * SECOND, 400 * 24 * _HOUR)
    jumps = tuple((rng.randrange(until), rng.choice(by)) for _ in range(rng.choice((0, 0, 0, 1, 2))))
    forgets = rng.choice((None, None, 0, 2 * _HOUR))
    return Clocks(epoch, until, 60, tuple(outages), jumps, forgets=forgets)


# ------------------------------------------------------------------------------------------------------------- DAGs
def _dag(rng: Random, name: str, clocks: Clocks) -> DagSpec:
    tasks: list[TaskSpec] = []
    for at in range(rng.choice((1, 1, 2, 3))):
        ups = tuple(task.id for task in rng.sample(tasks, min(len(tasks), rng.choice((0, 1, 1)))))
        tasks.append(TaskSpec(f"t{at}", _rules(rng), data=ups))
    spec = DagSpec(
        name, tuple(tasks),
        max_active_runs=rng.choice((None, None, 1, 2)),
        missed=rng.choice(("run", "run", "latest", "skip")),
        overlap=rng.choice(("wait", "wait", "skip")),
        catchup=rng.random() < 0.3,
        delay=rng.choice((0, 0, 0, 25 * _MINUTE)),
        lookback=rng.choice((0, 0, 0, 1, 2)),
        deadline=rng.choice((None, None, 30 * _MINUTE)),
        end=clocks.epoch + clocks.until,
        file=f"{name}.py",
    )  # fmt: skip
    return _timed(rng, spec, clocks)


def _rules(rng: Random) -> Rules:
    return Rules(
        retry=RetrySpec(times=rng.choice((0, 1)), delay=rng.choice((SECOND, 10 * _MINUTE))),
        depends_on_past=rng.random() < 0.2,
        empty=rng.choice(("hold", "ok", "ok")),
        deadline=rng.choice((None, None, None, 20 * _MINUTE)),
    )


def _timed(rng: Random, spec: DagSpec, clocks: Clocks) -> DagSpec:
    """The same DAG under a timetable, a zone and a start of its own; none becomes `@once` that was something else."""
    zone = rng.choice((rng.choice(_BEGINNINGS)[0], "Europe/Berlin", "UTC"))
    before = rng.choice((-3, 0, 8, 30, 30)) * _HOUR
    return msgspec.structs.replace(
        spec,
        schedule=rng.choice(_SCHEDULES[: -1 if spec.schedule else None])().to_data(),
        timezone=zone,
        start=clocks.epoch - before,
    )


# ----------------------------------------------------------------------------------------------------------- people
def _people(rng: Random, dags: Sequence[DagSpec], clocks: Clocks) -> tuple[list[Action], dict[str, DagSpec]]:
    acts: list[Action] = []
    edits: dict[str, DagSpec] = {}
    for number in range(rng.choice((2, 4, 8, 16))):
        spec, at = rng.choice(dags), rng.randrange(clocks.until)
        if acts and rng.random() < 0.2:
            at = acts[-1].at or 0
        verb = rng.choice(_VERBS)
        name = f"{verb[0]}{number}"
        match verb:
            case "define":
                verb = rng.choice(("define", "define", "deploy"))
                edits[name] = _edit(rng, spec, clocks)
                acts.append(Action(name, at, verb, spec.id, flag=rng.random() < 0.5))
            case "pause":
                acts.append(_pause(rng, name, at, spec.id))
                acts.append(Action(f"{name}-over", at + rng.randrange(1, 12 * _HOUR), "unpause", spec.id, rng.choice(
                    ("", "", "latest", "missed")
                )))  # fmt: skip
            case "unpause":
                acts.append(Action(name, at, "unpause", spec.id, rng.choice(("", "latest", "missed"))))
            case "backfill":
                acts += _backfill(rng, name, at, spec.id)
            case "drain":
                acts.append(Action(name, at, "drain", flag=True))
                acts.append(Action(f"{name}-over", at + rng.randrange(3 * _HOUR), "drain"))
            case "gone":
                edits[f"{name}-back"] = _edit(rng, spec, clocks) if rng.random() < 0.5 else spec
                acts.append(Action(name, at, "gone", spec.id))
                acts.append(Action(f"{name}-back", at + rng.randrange(8 * _HOUR), "define", spec.id))
            case _:
                acts.append(Action(name, at, verb, spec.id, slot=rng.randrange(-1, 4), flag=rng.random() < 0.3))
    return acts, edits


def _pause(rng: Random, name: str, at: int, dag: str) -> Action:
    until = rng.choice((0, 0, 90, 300))
    return Action(name, at, "pause", dag, flag=rng.random() < 0.4, count=until)


def _backfill(rng: Random, name: str, at: int, dag: str) -> list[Action]:
    only = rng.choice((("missing",), ("missing", "failed"), ("all",)))
    acts = [
        Action(
            name, at, "backfill", dag, rng.choice(_ORDERS), slot=rng.choice((1, 4, 12, 40)), tasks=only,
            count=rng.choice((1, 2, 4)),
        )
    ]  # fmt: skip
    for step in range(rng.choice((0, 1, 1, 3))):
        later, move = at + int(rng.expovariate(1 / (10 * _MINUTE))), rng.choice(_MOVES)
        acts.append(Action(f"{name}-{step}", later, "move", dag, move, tasks=(name,)))
    return acts


def _edit(rng: Random, spec: DagSpec, clocks: Clocks) -> DagSpec:
    """The next version of a DAG: other code, and now and then another timetable, zone or start."""
    tasks = tuple(msgspec.structs.replace(task, function=f"f{rng.randrange(9)}") for task in spec.tasks)
    edited = msgspec.structs.replace(spec, tasks=tasks)
    luck = rng.random()
    if luck < 0.4:
        return _timed(rng, edited, clocks)
    if luck < 0.6:
        return msgspec.structs.replace(edited, start=clocks.epoch - rng.choice((1, 5, 20)) * _HOUR)
    if luck < 0.7:
        return msgspec.structs.replace(edited, timezone="Asia/Tokyo")
    return edited
