import pytest

from segue.model.acts import RerunRun, RetryRun, TriggerRun
from segue.model.changes import DagRenamed, DefinitionFailed, VersionAdded
from segue.model.events import Followed, Held, Value
from segue.model.ids import RunKey
from segue.model.images import Eased
from tests.unit.engine.driver import BOOM, World, dag, mapped, slot_of, task

DAY_ONE = RunKey("new", "day-1", 1)


def old(*tasks, **options):
    return dag(*(tasks or (task("a"), task("b", "a"))), id="old", file="old.py", **options)


def new(*tasks, id="new", of="old", **options):
    return dag(*(tasks or (task("a"), task("b", "a"))), id=id, renamed_from=of, file=f"{id}.py", **options)


def fault(world):
    (found,) = world.of(DefinitionFailed)
    return found.text


def test_a_dag_that_says_what_it_was_called_takes_over_what_is_kept_of_it():
    world = World(old())
    world.trigger("old", 1)
    world.play()
    world.define(new())
    assert [type(one).__name__ for one in world.changes] == ["DagRenamed", "VersionAdded"]
    assert (world.of(DagRenamed)[0].old, world.of(DagRenamed)[0].new) == ("old", "new")
    assert world.of(VersionAdded)[0].version.number == 2
    assert world.run_state(DAY_ONE) == "success"
    assert world.slot(1, "new").last_good_run == "new@day-1"
    assert list(world.store.dags) == ["new"]


def test_it_is_renamed_once():
    world = World(old())
    world.define(new())
    world.define(new(task("c")))
    assert (world.of(DagRenamed), world.of(VersionAdded)[0].version.number) == ([], 3)


def test_a_dag_of_which_nothing_is_known_starts_empty():
    world = World(new())
    assert [one.version.number for one in world.history] == [1]


def test_the_next_run_of_a_renamed_dag_knows_the_earlier_ones():
    world = World(old())
    world.trigger("old", 1)
    world.play()
    world.define(new())
    assert world.trigger("new", 1) == DAY_ONE._replace(n=2)


def test_what_people_have_released_from_now_on_holds_under_the_new_id():
    spec = task("a", empty="hold")
    world = World(old(spec))
    world.trigger("old")
    world.end("a", outcome=Held("empty", "0 rows", Value(b"v")))
    world.release("a", from_now_on=True)
    world.define(new(spec))
    (image,) = world.writer.snapshot(None).dags
    assert (image.dag, image.eased) == ("new", (Eased("a", "empty", ""),))
    world.trigger("new")
    assert world.alive[world.attempt("a")].empty == "ok"


def test_a_run_that_failed_is_retried_under_the_new_id_with_the_code_of_the_old_one():
    world = World(old())
    world.trigger("old", 1)
    world.end("a")
    world.end("b", outcome=BOOM)
    world.define(new())
    assert world.retry(run=DAY_ONE).ok
    launch = world.alive[world.attempt("b", DAY_ONE)]
    assert (launch.brief.run.dag, launch.brief.dag, launch.brief.file) == ("new", "old", "old.py")
    world.end("b", run=DAY_ONE)
    assert world.run_state(DAY_ONE) == "success"


def test_a_rerun_takes_over_what_was_made_under_the_old_id():
    world = World(old())
    world.trigger("old", 1)
    world.end("a")
    world.end("b", outcome=BOOM)
    world.define(new())
    again = world.rerun(DAY_ONE, failed=True).run
    assert (again.n, world.row("a", again).reused_from, world.labels) == (2, "new@day-1", ["b"])
    assert world.alive[world.attempt("b", again)].brief.dag == ""


def test_what_was_reused_is_of_the_run_under_its_new_id():
    world = World(old())
    world.trigger("old", 1)
    world.end("a")
    world.end("b", outcome=BOOM)
    again = world.rerun(failed=True).run
    world.end("b", run=again)
    world.define(new())
    assert world.row("a", again._replace(dag="new")).reused_from == "new@day-1"


def test_a_run_that_another_owner_left_goes_on_under_the_new_id():
    world = World(old(), workers=1)
    world.trigger("old", 1)
    world.start("a")
    world.restart(RunKey("nobody", "x", 1))
    world.define(new())
    world.restart()
    assert [key.run for key in world.alive] == [DAY_ONE]
    world.play()
    assert world.run_state(DAY_ONE) == "success"


def test_while_a_run_of_the_old_id_lives_it_is_not_renamed_and_says_so():
    world = World(old())
    world.trigger("old", 1)
    world.define(new())
    assert (world.of(DagRenamed), world.of(VersionAdded)) == ([], [])
    assert fault(world) == "DAG new: it is not renamed from old yet: old@day-1 has not ended; load it again then"
    assert world.ask(TriggerRun("new", "x")).text == fault_of(world, "new")
    world.play()
    world.define(new())
    assert len(world.of(DagRenamed)) == 1
    assert world.ask(TriggerRun("new", "x")).ok


def fault_of(world, dag):
    return world.engine._board.disputed[dag]


def test_a_quarantined_dag_is_not_renamed():
    world = World(old(task("a"), mapped("m", "a")))
    world.trigger("old")
    world.end("a", outcome=Followed(None))
    world.define(new())
    assert fault(world).startswith("DAG new: it is not renamed yet: old is quarantined: ")


def test_two_dags_that_are_known_are_not_merged():
    world = World(old(), dag(task("x"), id="new"))
    world.define(new())
    assert fault(world) == (
        "DAG new: it cannot be renamed from old (old.py): both have a history of their own;"
        " take renamed_from out, or give it an id that was never used"
    )
    assert not world.ask(TriggerRun("new", "x")).ok
    world.define(dag(task("y"), id="new"))
    assert world.ask(TriggerRun("new", "x")).ok


def test_who_still_declares_the_old_id_is_told_who_has_its_history():
    world = World(old())
    world.define(new())
    world.define(old())
    assert fault(world) == (
        "DAG old: it was renamed to new (new.py), which has its history:"
        " take this declaration out, or give it another id"
    )
    world.restart()
    world.define(old())
    assert fault(world).startswith("DAG old: it was renamed to new")


def test_the_old_id_is_free_again_when_nobody_says_that_it_was_renamed():
    world = World(old())
    world.define(new())
    world.define(dag(task("a"), id="new"))
    world.define(old())
    assert [one.version.number for one in world.of(VersionAdded)] == [1]


def test_two_dags_that_want_one_history_are_both_named():
    world = World(old())
    world.define(new())
    world.define(new(id="other"))
    assert fault(world) == "DAG other: new (new.py) is renamed from old too: only one can have its history"


def test_a_dag_is_renamed_twice_and_back():
    world = World(old())
    world.trigger("old", 1)
    world.play()
    for name, before, number in (("new", "old", 2), ("third", "new", 3), ("old", "third", 4)):
        world.define(new(id=name, of=before))
        assert [one.version.number for one in world.of(VersionAdded)] == [number]
    assert world.run_state(RunKey("old", "day-1", 1)) == "success"
    assert world.store.dags["old"].former == ("old", "new", "third")


def test_an_old_version_that_comes_back_under_its_old_id_keeps_its_number():
    world = World()
    world.define(old(), digest="as before")
    world.define(new())
    world.define(old(renamed_from="new"), digest="as before")
    assert [one.version.number for one in world.of(VersionAdded)] == [1]


@pytest.mark.parametrize("act", [RetryRun, RerunRun])
def test_who_asks_under_the_old_id_is_told_the_new_one(act):
    world = World(old())
    run = world.trigger("old", 1)
    world.play()
    world.define(new())
    assert world.ask(act(run)).text == "there is no run old@day-1: DAG old is called new now, and the run new@day-1"
    assert world.ask(TriggerRun("old", "x", slot_of(2))).text == "there is no DAG old: it is called new now"
