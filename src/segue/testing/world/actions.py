"""What people do in a world, and what is there before they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeAlias

from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.testing.world.script import SECOND
from segue.testing.world.specs import POOLS

__all__ = [
    "EPOCH", "Action", "Stock", "Verb", "draw_meddling", "draw_pool_acts", "draw_repeats", "draw_settled", "draw_stock",
    "draw_triggers", "draw_verdicts",
]  # fmt: skip

EPOCH = Instant(1_775_001_600 * SECOND)
"""When every world begins: 2026-04-01T00:00Z."""
_DAY = 86_400 * SECOND
_SLOTS = (None, None, 0, 0, 1)

Verb: TypeAlias = Literal[
    "trigger", "retry", "rerun", "cancel", "mark", "release", "reject", "pool", "define",
    "slot", "pause", "unpause", "backfill", "move", "drain", "gone", "deploy",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """Somebody asks for something.

    Args:
        id: of the request; a second action with the same id is the same request sent again.
        at: microseconds after the beginning; None: when everything has come to rest.
        verb: what is asked for.
        dag: of a trigger or a new version.
        target: id of the trigger whose run is meant, or the name of a pool.
        slot: number of the day that is triggered, None without interval; or the slots of a pool.
        params: encoded params of a trigger.
        tasks: labels of tasks, for retry and mark; of a release or reject, where nothing of the run is held; the cut of
            a rerun.
        flag: `only` of a retry, `now` of a cancel, `replace` of a trigger or rerun, `from_now_on` of a release.
        failed: of a rerun.
        state: what a mark sets.
        count: what `clerks` says of acts upon clocks and backfills.
    """

    id: str
    at: int | None
    verb: Verb
    dag: str = ""
    target: str = ""
    slot: int | None = None
    params: bytes = b""
    tasks: tuple[str, ...] = ()
    flag: bool = False
    failed: bool = False
    state: Literal["success", "failed", "skipped"] = "success"
    count: int = 0

    @property
    def interval(self) -> tuple[Instant, Instant] | None:
        """The slot of a trigger."""
        if self.slot is None:
            return None
        return Instant(EPOCH + self.slot * _DAY), Instant(EPOCH + (self.slot + 1) * _DAY)


@dataclass(frozen=True, slots=True)
class Stock:
    """A run that is there when the world begins: of the schedule (class 1) or of a backfill (class 2)."""

    dag: str
    key: str
    slot: int
    klass: int


def draw_triggers(rng: Random, dags: Sequence[DagSpec]) -> list[Action]:
    """Runs that people ask for."""
    found: list[Action] = []
    for spec in dags:
        for _ in range(rng.choice((1, 1, 2, 4))):
            number = len(found)
            found.append(
                Action(
                    f"r{number}", rng.randrange(60 * SECOND), "trigger", spec.id, slot=rng.choice(_SLOTS),
                    params=b"%d" % number, flag=rng.random() < 0.1,
                )
            )  # fmt: skip
    return found


def _label(rng: Random, spec: DagSpec) -> str:
    feeding = [over.task for task in spec.tasks if task.mapped for over in task.mapped.over if over.task is not None]
    if feeding and rng.random() < 0.4:
        return rng.choice(feeding)
    task = rng.choice(spec.tasks)
    return f"{task.id}[{rng.randrange(3)}]" if task.mapped and rng.random() < 0.5 else task.id


def _words(rng: Random, verb: Verb, spec: DagSpec) -> tuple[str, ...]:
    """The tasks that an act names."""
    many = ("group:g", "group:g.h", "tag:red", "t*", "t?")
    match verb:
        case "retry" if rng.random() < 0.2:
            return (rng.choice(many),)
        case "retry" if rng.random() < 0.5:
            return (_label(rng, spec),)
        case "rerun" if rng.random() < 0.4:
            return (rng.choice((*many, rng.choice(spec.tasks).id)),)
        case "mark" | "release" | "reject":
            return (_label(rng, spec),)
        case _:
            return ()


_VERBS: dict[Verb, int] = {"retry": 4, "rerun": 3, "cancel": 4, "mark": 4, "release": 4, "reject": 2}


def draw_meddling(rng: Random, triggers: Sequence[Action], dags: Sequence[DagSpec]) -> list[Action]:
    """What people do to runs that are under way, several of them at the same instant now and then."""
    specs = {spec.id: spec for spec in dags}
    found: list[Action] = []
    patience = rng.choice((0.2, 2, 20))
    for number in range(rng.choice((0, 2, 6, 12))):
        target = rng.choice(triggers)
        spec = specs[target.dag]
        verb = rng.choices(tuple(_VERBS), tuple(_VERBS.values()))[0]
        at = (target.at or 0) + int(min(rng.expovariate(1 / patience), 3_000) * SECOND)
        if found and rng.random() < 0.3:
            at = found[-1].at or 0
        found.append(
            Action(
                f"m{number}", at, verb, spec.id, target.id, tasks=_words(rng, verb, spec), flag=rng.random() < 0.3,
                failed=rng.random() < 0.5, state=rng.choice(("success", "failed", "skipped")),
            )
        )  # fmt: skip
    return found


def draw_pool_acts(rng: Random) -> list[Action]:
    """Pools that are opened, made smaller, stopped and removed."""
    return [
        Action(f"p{n}", rng.randrange(200 * SECOND), "pool", target=rng.choice((*POOLS, "other")),
               slot=rng.choice((None, 0, 1, 2, 4, 8)))
        for n in range(rng.choice((0, 0, 1, 4)))
    ]  # fmt: skip


def draw_stock(rng: Random, dags: Sequence[DagSpec]) -> tuple[Stock, ...]:
    """Runs that an earlier owner has left."""
    count = rng.choice((0, 0, 0, 1, 3, 5))
    return tuple(Stock(rng.choice(dags).id, f"b{n}", 10 + n, rng.choice((1, 2, 2))) for n in range(count))


def draw_repeats(rng: Random, actions: Sequence[Action]) -> list[Action]:
    """Requests sent twice under one id, and equal ones under another."""
    found: list[Action] = []
    for one in actions:
        if rng.random() < 0.1:
            again = rng.random() < 0.5
            at = (one.at or 0) + rng.randrange(SECOND)
            found.append(replace(one, at=at, id=one.id if again else f"{one.id}-equal"))
    return found


def draw_verdicts(rng: Random, dags: Sequence[DagSpec], *, exact: bool) -> list[Action]:
    """What people decide, when all rests, about what is held."""
    return [
        Action(
            f"v{number}", None, rng.choice(("release", "release", "reject")), rng.choice(dags).id,
            flag=not exact and rng.random() < 0.3,
        )
        for number in range(rng.choice((0, 3, 12)))
    ]  # fmt: skip


def draw_settled(rng: Random, triggers: Sequence[Action], dags: Sequence[DagSpec]) -> list[Action]:
    """What people rerun and retry when all rests."""
    known = {spec.id: spec for spec in dags}
    found: list[Action] = []
    for number, one in enumerate(triggers):
        if rng.random() < 0.3:
            cut = _words(rng, "rerun", known[one.dag])
            failed = rng.random() < 0.7 or not cut
            found.append(Action(f"a{number}", None, "rerun", one.dag, one.id, tasks=cut, failed=failed))
    for number, one in enumerate(triggers):
        if rng.random() < 0.5:
            words = _words(rng, "retry", known[one.dag]) if rng.random() < 0.3 else ()
            found.append(Action(f"s{number}", None, "retry", one.dag, one.id, tasks=words))
    return found
