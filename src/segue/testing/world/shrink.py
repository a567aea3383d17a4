"""From a world that fails to a small one that fails in the same way, and the line that plays it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from segue.testing.world.ledger import Violation
from segue.testing.world.parts import Parts
from segue.testing.world.plan import Fault, Plan
from segue.testing.world.play import verify

__all__ = ["Drops", "Found", "shrink", "trouble_with"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drops:
    """What is left out of a seed's world: kinds of fault, crash points, numbers of actions, tasks as `dag.task`."""

    faults: tuple[Fault, ...] = ()
    cuts: tuple[int, ...] = ()
    actions: tuple[int, ...] = ()
    tasks: tuple[str, ...] = ()

    def of(self, plan: Plan) -> Plan:
        """The smaller world."""
        left = plan.without_actions(self.actions).without_tasks(self.tasks).without_faults(self.faults)
        return replace(left, cuts=left.cuts - frozenset(self.cuts))

    def words(self) -> str:
        """As options of the reproducing line."""
        named = (
            ("faults", [fault.value for fault in self.faults]),
            ("cuts", map(str, self.cuts)),
            ("actions", map(str, self.actions)),
            ("tasks", self.tasks),
        )
        return "".join(f" --without-{name} {','.join(items)}" for name, values in named if (items := list(values)))


@dataclass(frozen=True, slots=True)
class Found:
    """A world that fails.

    Args:
        seed: of the world.
        drops: what may be left out.
        violation: what then is seen.
        parts: with what it was played.
        timed: whether it is the world of that seed in which clocks run.
    """

    seed: int
    drops: Drops
    violation: Violation
    parts: Parts
    timed: bool = False

    @property
    def line(self) -> str:
        """The one line that plays it again."""
        parts = f" --parts {self.parts.name}" if self.parts.name else ""
        timed = " --timed" if self.timed else ""
        return f"python -m segue.testing --seed {self.seed}{timed}{parts}{self.drops.words()}"

    def __str__(self) -> str:
        return f"{self.line}  # {self.violation}"


def trouble_with(plan: Plan, parts: Parts) -> Violation | None:
    """Play a world; what is wrong in it, if anything.

    An exception of the product that the loop lets out is as wrong as a broken invariant.
    """
    try:
        verify(plan, parts)
    except Violation as violation:
        return violation
    except Exception as error:  # noqa: BLE001 - whatever the product raises here is what the simulator looks for
        return Violation(type(error).__name__, str(error))
    return None


def shrink(plan: Plan, parts: Parts, violation: Violation, tries: int = 300) -> Found:
    """Leave out faults, then crash points, then actions, then tasks, while it fails by the same invariant.

    Args:
        plan: the world that failed.
        parts: with what it was played.
        violation: how it failed.
        tries: most worlds that are played.
    """
    best = Found(plan.seed, Drops(), violation, parts, plan.clocks is not None)
    left = tries

    def still(drops: Drops) -> bool:
        nonlocal best, left
        left -= 1
        seen = trouble_with(drops.of(plan), parts) if left >= 0 else None
        if seen is None or seen.rule != violation.rule:
            return False
        best = replace(best, drops=drops, violation=seen)
        return True

    tasks = [f"{spec.id}.{task.id}" for spec in plan.dags for task in reversed(spec.tasks)]
    _drop([*plan.faults], lambda gone: still(replace(best.drops, faults=gone)))
    _drop(sorted(plan.cuts), lambda gone: still(replace(best.drops, cuts=gone)))
    _drop(range(len(plan.actions)), lambda gone: still(replace(best.drops, actions=gone)))
    _drop([spec.id for spec in plan.dags], lambda gone: still(replace(best.drops, tasks=gone)))
    gone_dags = best.drops.tasks
    inside = [name for name in tasks if name.split(".")[0] not in gone_dags]
    _drop(inside, lambda gone: still(replace(best.drops, tasks=gone_dags + gone)))
    return best


def _drop(things: Sequence[T], may_go: Callable[[tuple[T, ...]], bool]) -> None:
    """Leave out as many as may go, in ever smaller stretches."""
    gone: tuple[T, ...] = ()
    kept = sorted(things, key=str) if things and isinstance(things[0], Fault) else list(things)
    stretch = len(kept)
    while stretch:
        at = 0
        while at < len(kept):
            candidate = gone + tuple(kept[at : at + stretch])
            if may_go(candidate):
                gone, kept = candidate, kept[:at] + kept[at + stretch :]
            else:
                at += stretch
        stretch //= 2
