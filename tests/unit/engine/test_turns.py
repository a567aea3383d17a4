import pytest

from segue.engine.board import MAX_CHANGES
from segue.engine.core import Engine
from segue.model.acts import RetryRun
from segue.model.changes import DefinitionFailed, Quarantined, VersionAdded
from segue.model.commands import Launch
from segue.model.definition import Defined, Definition, FileError
from segue.model.errors import Conflict
from segue.model.events import Capacity, Followed, Request, Tick, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptImage, DagImage, Facts, RunImage, RunRow, Snapshot, TaskImage, Version
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.why import Why
from tests.unit.engine.driver import BOOM, GOOD, World, dag, mapped, task, wanted


# ------------------------------------------------------------------------------------------------------ long cascades
def test_a_long_cascade_takes_several_turns_and_asks_to_be_called_at_once():
    count = MAX_CHANGES + 5
    world = World(dag(task("a"), *(task(f"t{at}", "a") for at in range(count))))
    world.trigger()
    decision = world.step(world.word("a", BOOM))
    assert len(decision.changes) == MAX_CHANGES
    assert decision.wake_at == world.now
    assert "waits for its turn" in world.why()
    world.send()
    assert world.run_state() == "failed"
    assert world.states("t0", f"t{count - 1}") == ["upstream_failed"] * 2


def test_the_rest_of_a_long_cascade_is_derived_after_a_crash():
    count = MAX_CHANGES + 5
    world = World(dag(task("a"), *(task(f"t{at}", "a") for at in range(count))))
    world.trigger()
    world.step(world.word("a", BOOM))
    world.restart()
    assert world.run_state() == "failed"


def test_a_large_map_is_dispatched_in_several_turns():
    world = World(dag(mapped("a", MAX_CHANGES)), workers=MAX_CHANGES)
    world.trigger()
    assert len(world.alive) == MAX_CHANGES


def test_a_large_map_that_will_not_run_is_closed_in_several_turns():
    count = MAX_CHANGES + 5
    world = World(dag(task("g"), mapped("m", count, after=("g",))), workers=1)
    world.trigger()
    world.end("g")
    world.retry("g", only=True)
    world.end("m[0]")
    world.end("g", outcome=BOOM)
    assert world.states("m[0]", "m[1]", f"m[{count - 1}]") == ["success", "upstream_failed", "upstream_failed"]


def test_time_never_goes_back():
    world = World(dag(task("a", retries=1)))
    world.trigger()
    world.end("a", outcome=BOOM)
    decision = world.engine.step(Instant(5), [Tick()])
    assert (decision.changes, decision.wake_at) == ((), world.now + 30_000_000)


# ------------------------------------------------------------------------------------------------------- definitions
def test_a_version_gets_a_number_and_an_unchanged_file_says_nothing():
    world = World(dag(task("a")))
    world.define(dag(task("a")))
    assert world.changes == []
    world.define(dag(task("a")), bundle="edited sql file")
    assert [one.version.number for one in world.of(VersionAdded)] == [1]
    world.define(dag(task("b")))
    assert [one.version.number for one in world.of(VersionAdded)] == [2]


def test_an_old_version_that_comes_back_keeps_its_number_and_the_next_gets_a_new_one():
    world = World(dag(task("a")))
    for name, number in (("b", 2), ("a", 1), ("c", 3), ("b", 2), ("d", 4)):
        world.define(dag(task(name)))
        assert [one.version.number for one in world.of(VersionAdded)] == [number]


def test_a_file_with_errors_says_so_and_keeps_the_last_good_version():
    world = World(dag(task("a"), file="dags.py"))
    world.send(Defined("", "dags.py", errors=(FileError("dags.py", 3, "bad name"), FileError("dags.py", 9, "worse"))))
    assert world.of(DefinitionFailed)[0].text == "line 3: bad name\nline 9: worse"
    assert world.trigger().n == 1


@pytest.mark.parametrize("broken", [(task("a", "b"), task("b", "a")), (task("a", "nowhere"),)], ids=["cycle", "edge"])
def test_a_definition_that_makes_no_graph_fails_alone(broken):
    world = World()
    world.define(dag(*broken, id="x"), dag(task("a")))
    assert world.of(DefinitionFailed)[0].text.startswith("DAG x: ")
    assert world.trigger().dag == "d"


# -------------------------------------------------------------------------------------------------------- quarantine
BROKEN = Followed(None)
"""A word that no child sends."""


def broken_world(**options) -> World:
    world = World(dag(task("a"), mapped("m", "a"), task("z"), id="bad"), dag(task("a"), task("b", "a")), **options)
    world.bad = world.trigger("bad")
    world.good = world.trigger("d")
    return world


@pytest.mark.parametrize("outcome", [BROKEN, Value(b"list", length="three")], ids=["in its step", "after it"])
def test_a_fault_of_one_dag_quarantines_it_and_changes_nothing_elsewhere(outcome):
    world = broken_world()
    world.send(world.word("a", outcome, run=world.bad), world.word("a", GOOD, run=world.good))
    assert [one.dag for one in world.of(Quarantined)] == ["bad"]
    assert world.states("a", "b", run=world.good) == ["success", "queued"]
    world.end("b", run=world.good)
    assert world.run_state(world.good) == "success"


def test_runs_of_a_quarantined_dag_stand_still_and_say_why():
    world = broken_world()
    world.end("a", outcome=BROKEN, run=world.bad)
    world.end("z", run=world.bad)
    assert world.changes == []
    assert world.why("z", world.bad).startswith("DAG bad is quarantined: TypeError")
    assert world.why(run=world.bad) == world.why("z", world.bad)


def test_a_quarantined_dag_gives_its_workers_back():
    world = broken_world(workers=3)
    third = world.trigger("d")
    assert ("a", third) not in [(key.task, key.run) for key in world.alive]
    world.end("a", outcome=BROKEN, run=world.bad)
    assert world.attempt("a", third)


def test_all_runs_of_a_quarantined_dag_stand_still():
    world = World(dag(task("a"), mapped("m", "a"), id="bad"), dag(task("a", retries=1), task("b")))
    runs = [world.trigger("bad") for _ in range(2)]
    good = world.trigger("d")
    world.end("a", outcome=BOOM, run=good)
    bad = Value(b"list", length="three")
    world.send(*[world.word("a", bad, run=run) for run in runs])
    assert len(world.of(Quarantined)) == 1
    assert [world.why(run=run)[:22] for run in runs] == ["DAG bad is quarantined"] * 2
    world.wait(30)
    assert world.labels == ["a", "b"]


@pytest.mark.parametrize("ask", [
    lambda world: world.ask(wanted("bad")),
    lambda world: world.rerun(world.bad),
    lambda world: world.retry("a", run=world.bad),
    lambda world: world.mark("z", "success", world.bad),
])  # fmt: skip
def test_nothing_is_started_in_a_quarantined_dag(ask):
    world = broken_world()
    world.end("a", outcome=BROKEN, run=world.bad)
    answer = ask(world)
    assert not answer.ok
    assert answer.text.startswith("DAG bad is quarantined: ")


def test_a_run_of_a_quarantined_dag_can_be_cancelled():
    world = broken_world()
    world.end("a", outcome=BROKEN, run=world.bad)
    world.cancel(world.bad)
    assert world.state("m", world.bad) == "cancelled"


def test_a_request_that_meets_a_fault_is_answered():
    world = World(dag(task("a")))
    run = RunKey("d", "x", 1)
    unknown = TaskImage("z", None, TaskState.FAILED)
    image = RunImage(RunRow(run, "r", 1), dag(task("a")), RunState.FAILED, tasks=(unknown,))
    decision = world.engine.step(Instant(world.now), [Request("q", "ana", RetryRun(run), Facts(image))])
    quarantined, answered = decision.changes
    assert isinstance(quarantined, Quarantined)
    assert (answered.ok, answered.request) == (False, "q")
    assert answered.text.startswith("DAG d is quarantined: ")


def test_a_new_version_lifts_a_quarantine_and_memory_is_read_anew():
    world = broken_world()
    world.end("a", outcome=BROKEN, run=world.bad)
    decision = world.step(Defined("", "f.py", (Definition(dag(task("new"), id="bad"), "s2", "", "b"),)))
    assert decision.wake_at == world.now
    with pytest.raises(Conflict, match="memory of quarantined DAG bad is read anew"):
        world.step()
    world.restart()
    world.end("z", run=world.bad)
    world.end("a", run=world.bad, outcome=BOOM)
    assert world.run_state(world.bad) == "failed"


def test_a_quarantine_outlives_the_owner():
    world = broken_world()
    world.end("a", outcome=BROKEN, run=world.bad)
    world.restart()
    assert {key.run for key in world.alive} == {world.good}
    assert "is quarantined" in world.why(run=world.bad)


def test_a_launch_that_cannot_be_made_quarantines_its_dag_alone():
    spec, fine = dag(mapped("list", 1), mapped("m", "list")), dag(task("a"), id="e")
    queued = AttemptImage(1, AttemptState.QUEUED)
    rows = (
        TaskImage("list", None, TaskState.PENDING, expanded=1),
        TaskImage("list", 0, TaskState.SUCCESS, number=1),
        TaskImage("m", None, TaskState.PENDING, expanded=2),
        TaskImage("m", 1, TaskState.QUEUED, number=1, attempt=queued),  # there is no second item to take
    )
    bad, other = (
        RunImage(RunRow(RunKey("d", key, 1), key, 1), spec, RunState.RUNNING, tasks=rows) for key in ("x", "y")
    )
    row = TaskImage("a", None, TaskState.QUEUED, number=1, attempt=queued)
    good = RunImage(RunRow(RunKey("e", "x", 1), "q", 1), fine, RunState.RUNNING, placed=True, tasks=(row,))
    engine = Engine(Snapshot(bytes(32), (DagImage("d", Version(1, spec)),), (bad, good, other)))
    assert [one.key.run.dag for one in engine.outstanding()] == ["e"]
    assert [one.dag for one in engine.step(Instant(1), ()).changes if isinstance(one, Quarantined)] == ["d"]


@pytest.mark.parametrize("known", [True, False])
def test_a_run_that_cannot_be_restored_quarantines_its_dag_in_the_first_turn(known):
    spec = dag(task("a"))
    run = RunKey("d", "x", 1)
    broken = RunImage(RunRow(run, "r", 1), spec, RunState.RUNNING, tasks=(TaskImage("z", None, TaskState.FAILED),))
    fine = RunImage(RunRow(RunKey("e", "x", 1), "q", 1), dag(task("a"), id="e"), RunState.QUEUED)
    engine = Engine(Snapshot(bytes(32), (DagImage("d", Version(1, spec)),) if known else (), (broken, fine)))
    assert engine.outstanding() == ()
    decision = engine.step(Instant(1), [Capacity(1)])
    assert isinstance(decision.changes[0], Quarantined)
    assert [one.key.run.dag for one in decision.commands if isinstance(one, Launch)] == ["e"]


def test_a_dag_that_was_quarantined_before_is_not_restored():
    spec = dag(task("a"))
    image = RunImage(RunRow(RunKey("d", "x", 1), "r", 1), spec, RunState.QUEUED)
    engine = Engine(Snapshot(bytes(32), (DagImage("d", Version(1, spec), Why("failed", ("x",))),), (image,)))
    assert engine.step(Instant(1), [Capacity(1)]).changes == ()
