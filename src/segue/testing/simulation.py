from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segue.define.dag import Dag
from segue.model.spec import DagSpec
from segue.testing.given import spec_of
from segue.testing.world.plan import plan_for
from segue.testing.world.play import verify

__all__ = ["Simulated", "simulate"]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was played: how many worlds, attempts, commits, and deaths of the owner."""

    worlds: int = 0
    attempts: int = 0
    commits: int = 0
    crashes: int = 0


def simulate(dag: Dag | DagSpec, seeds: int | Iterable[int] = 100) -> Simulated:
    """Play a DAG through random trouble: failing tasks, dying workers and owners, lost messages, full disks.

    Nothing of the DAG's own code is run: how each attempt ends is drawn from the seed. In every world each run must
    come to its end, at the same states as without the trouble, and no invariant of the engine may break on the way.

    Args:
        dag: the DAG.
        seeds: how many worlds, or which.

    Raises:
        AssertionError: an invariant broke; the seed and what was seen are named.
        DefinitionError: the DAG declares something impossible.
    """
    spec = dag if isinstance(dag, DagSpec) else spec_of(dag)
    told = Simulated()
    for seed in range(seeds) if isinstance(seeds, int) else seeds:
        plan = plan_for(seed, spec)
        try:
            story = verify(plan)
        except Exception as error:
            raise AssertionError(
                f"world {seed} of DAG {spec.id}: {error}; again: simulate(…, seeds=[{seed}])"
            ) from error
        told = Simulated(
            told.worlds + 1, told.attempts + story.attempts, told.commits + story.commits, told.crashes + story.crashes
        )
    return told
