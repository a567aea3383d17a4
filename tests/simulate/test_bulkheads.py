"""A fault in one DAG changes nothing in another (I29): the engine's own, and what a file may say."""

from typing import Any

from segue.engine.core import Engine
from segue.model.spec import DagSpec, RetrySpec, Rules, TaskSpec
from segue.model.state import RUN_FINAL
from segue.testing.world.parts import Parts
from segue.testing.world.plan import Action, Fault, Plan
from segue.testing.world.play import World, play

RETRIED = Rules(retry=RetrySpec(times=2))
TASKS = (TaskSpec("a", RETRIED), TaskSpec("b", RETRIED, data=("a",)), TaskSpec("c", after=("b",)))
GOOD, BAD = DagSpec("good", TASKS), DagSpec("bad", TASKS)
MENDED = DagSpec("bad", (*TASKS, TaskSpec("d", arguments="mended")))


class FailsOverOne(Engine):
    """Fails whenever it looks at a run of DAG `bad` that has begun, until its second version is there."""

    def _advance(self, machine: Any) -> None:
        if machine.key.dag == "bad" and machine.placed and self._board.dags["bad"].version.number == 1:
            raise ZeroDivisionError("a bug of ours")
        super()._advance(machine)


def plan(seed: int, *actions: Action) -> Plan:
    triggers = [Action(f"{dag}{n}", n * 5_000_000, "trigger", dag) for dag in ("good", "bad") for n in range(3)]
    faults = frozenset({Fault.CRASH, Fault.REORDER, Fault.UNKNOWN})
    return Plan(
        seed, (GOOD, BAD), (*triggers, *actions), faults, cuts=frozenset({20 + seed, 60 + 2 * seed}),
        edits={"mend": MENDED}, exact=False,
    )  # fmt: skip


def test_a_dag_over_which_the_engine_fails_stands_still_and_others_go_on() -> None:
    for seed in range(20):
        world = World(plan(seed), Parts(engine=FailsOverOne, faulty=frozenset({"bad"})))
        ends = world.play().ends
        assert world.ledger.quarantined == {"bad"}
        alone = play(plan(seed).without_tasks(["bad"])).ends
        assert {run: end for run, end in ends.items() if run.dag == "good"} == alone


def test_a_new_version_lifts_the_quarantine_and_what_stood_still_goes_on() -> None:
    for seed in range(20):
        mend = Action("mend", 30_000_000, "define", "bad")
        later = Action("later", 40_000_000, "trigger", "bad")
        world = World(plan(seed, mend, later), Parts(engine=FailsOverOne, faulty=frozenset({"bad"})))
        ends = world.play().ends
        assert world.ledger.quarantined == set()
        assert {run.dag for run in ends} == {"good", "bad"}
        assert all(state in RUN_FINAL for state, _ in ends.values())
        assert world.ledger.answers["later"].ok
