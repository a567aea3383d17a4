import pytest

from segue.engine.guards import like_of
from segue.model.acts import ReleaseTask
from segue.model.changes import GuardEased, RunMoved
from segue.model.commands import Launch
from segue.model.events import Failure, Held, LostCause, Value
from segue.model.ids import Instant
from segue.model.limits import Limits
from segue.model.moment import HOUR
from tests.unit.engine.driver import BOOM, DAY, NOBODY, STOPPED, World, dag, mapped, slot_of, task

NOTHING = Value(b"nothing", length=0, digest=b"d", preview=b"p")
STAGED = Held("empty", "load made no rows", NOTHING, b"files")
UNSTAGED = Held("empty", "load made no rows", NOTHING)
BROKEN = Failure("OSError", "no space")


def held(outcome=STAGED, *more, **options) -> World:
    world = World(dag(task("load", retries=1), *(more or (task("next", data=("load",)),)), **options))
    world.trigger(day=1)
    world.end("load", outcome=outcome)
    return world


def test_what_a_guard_holds_stops_what_lies_below_and_parks_the_run():
    world = held()
    assert world.states("load", "next") == ["held", "pending"]
    assert (world.run_state(), world.slot(1).state.value, world.view().placed) == ("held", "held", False)
    row = world.row("load")
    assert (str(row.why), row.inline, row.length, row.staged) == ("load made no rows", b"nothing", 0, b"files")


def test_a_held_task_names_what_the_guard_saw_and_both_ways_out():
    world = held()
    for _ in range(2):
        assert world.why("load") == (
            "is held: load made no rows; `segue release d@day-1 load --reason …` lets it go, `segue reject …` fails it"
        )
        assert world.why("next") == "waits for load (held)"
        world.restart()


def test_a_release_publishes_what_was_staged_and_keeps_the_held_result():
    world = held()
    answer = world.release("load")
    assert (answer.ok, answer.text) == (True, "load of d@day-1 is released: what it staged is published")
    launch = world.alive[world.attempt("load")]
    assert (launch.kind, launch.staged, launch.inputs) == ("publish", b"files", ())
    assert world.store.attempts[world.last_run]["load", None, 2].kind == "publish"
    assert (world.state("load"), world.run_state()) == ("queued", "running")
    assert [str(event.why) for event in world.store.events if event.new == "up_for_retry"] == [
        "ana released it: it is fine"
    ]
    world.start("load")
    assert world.why("load") == "is released: what it staged is being published, attempt 2"
    world.end("load", outcome=Value())
    row = world.row("load")
    assert (row.state.value, row.inline, row.preview, row.staged) == ("success", b"nothing", b"p", b"")
    assert world.alive[world.attempt("next")].inputs[0].value.inline == b"nothing"


def test_a_release_of_what_was_not_staged_succeeds_at_once():
    world = held(UNSTAGED)
    assert world.release("load").text == "load of d@day-1 is released"
    assert world.states("load", "next") == ["success", "queued"]
    assert (world.row("load").inline, world.row("load").number) == (b"nothing", 1)


@pytest.mark.parametrize("outcome", [STAGED, UNSTAGED])
def test_a_release_after_a_restart_is_the_release_of_before(outcome):
    world = held(outcome)
    world.restart()
    world.release("load")
    world.restart()
    world.play()
    assert world.row("load").inline == b"nothing"
    assert (world.states("load", "next"), world.run_state()) == (["success", "success"], "success")


def test_a_release_that_waits_for_its_place_survives_a_restart():
    world = held()
    first, second = world.last_run, world.trigger(day=2)
    world.wait(1)
    world.define(dag(task("load"), max_active_runs=1))
    world.release("load", first)
    assert (world.state("load", first), world.run_state(first)) == ("up_for_retry", "held")
    world.restart()
    assert world.release("load", first).text == (
        "load is not held: it is released, and what it staged is being published"
    )
    world.cancel(second)
    world.end("load", run=second, outcome=STOPPED)
    assert world.alive[world.attempt("load", first)].staged == b"files"


def test_a_lost_publication_is_published_again_whoever_lost_it():
    world = held()
    world.release("load")
    world.lose("load", LostCause.SIGNAL)
    assert world.state("load") == "up_for_retry"
    assert world.why("load") == "is released; waits 5.0 s before what it staged is published"
    world.wait(5)
    assert world.alive[world.attempt("load")].kind == "publish"
    world.start("load")
    world.restart()
    world.lose("load", LostCause.OWNER)
    assert world.attempt("load").number == 4
    world.end("load", outcome=BROKEN)
    assert str(world.row("load").why) == "not published: no space; tried again in 5.0 s"
    world.wait(5)
    world.end("load", outcome=Value())
    assert world.states("load", "next") == ["success", "queued"]


def test_a_lost_publication_of_what_is_not_idempotent_is_published_again():
    world = World(dag(task("load", idempotent=False)))
    world.trigger()
    world.end("load", outcome=STAGED)
    world.release("load")
    for cause, seconds in ((LostCause.OWNER, 0), (LostCause.EXIT, 5)):
        world.start("load")
        world.lose("load", cause)
        world.wait(seconds)
        assert world.alive[world.attempt("load")].kind == "publish"


def test_what_cannot_be_published_is_held_again():
    world = held()
    world.release("load")
    for _ in range(10):
        world.end("load", outcome=BROKEN)
        world.wait(5)
    world.end("load", outcome=BROKEN)
    row = world.row("load")
    assert (row.state.value, str(row.why)) == ("held", "it could not be published: no space")
    assert (row.staged, row.inline, world.run_state()) == (b"files", b"nothing", "held")
    world.release("load")
    world.end("load", outcome=BROKEN)
    assert world.state("load") == "up_for_retry"
    world.wait(5)
    world.end("load", outcome=Failure("Gone", "swept", retryable=False))
    assert world.state("load") == "held"
    world.reject("load")
    assert world.run_state() == "failed"


def test_a_rejected_task_fails_with_reason_and_actor():
    world = held()
    assert world.reject("load").text == "load of d@day-1 is rejected"
    assert world.states("load", "next") == ["failed", "upstream_failed"]
    assert world.view().culprits == (("load", "ana rejected it: it is not"),)
    assert world.row("load").staged == b""
    assert [event.actor for event in world.store.events if event.new == "failed" and event.kind == "task"] == ["ana"]
    world.retry()
    assert world.alive[world.attempt("load")].kind == "user"


def test_only_the_item_of_a_mapped_task_is_held():
    world = World(dag(mapped("m", 3), task("z", "m")))
    world.trigger(day=1)
    world.end("m[0]", "m[2]", outcome=STAGED)
    world.end("m[1]")
    assert (world.states("m[0]", "m[1]", "m[2]"), world.run_state()) == (["held", "success", "held"], "held")
    assert world.release("m[1]").text == "m[1] is not held: it is success"
    world.release("m[0]")
    world.end("m[0]", outcome=Value())
    assert (world.run_state(), world.state("m[2]")) == ("held", "held")
    world.release("m")
    world.end("m[2]", outcome=Value())
    assert world.labels == ["z"]
    assert world.reject("m").text == "no item of m is held"


def test_a_released_empty_map_is_skipped():
    world = World(dag(mapped("m", 0), task("z", "m", trigger_rule="all_done")))
    world.trigger(day=1)
    world.restart()
    assert world.release("m").ok
    assert (world.states("m", "z"), str(world.row("m").why)) == (["skipped", "queued"], "ana released it: it is fine")


@pytest.mark.parametrize(
    ("empty", "guards", "state"),
    [("hold", "hold", "held"), ("warn", "hold", "skipped"), ("hold", "warn", "skipped"), ("hold", "off", "skipped"),
     ("ok", "hold", "skipped")],
)  # fmt: skip
def test_a_map_over_nothing_is_judged_by_the_task_and_the_environment(empty, guards, state):
    world = World(dag(mapped("m", 0, empty=empty)), limits=Limits(guards=guards))
    world.trigger()
    assert world.state("m") == state


@pytest.mark.parametrize(
    ("empty", "guards", "told"),
    [("hold", "hold", "hold"), ("warn", "hold", "warn"), ("ok", "hold", "ok"), ("hold", "warn", "warn"),
     ("ok", "warn", "ok"), ("hold", "off", "ok"), ("warn", "off", "ok")],
)  # fmt: skip
def test_a_launch_says_what_to_do_about_nothing(empty, guards, told):
    world = World(dag(task("a", empty=empty)), limits=Limits(guards=guards))
    world.trigger()
    assert world.of(Launch)[0].empty == told


def test_setup_and_teardown_are_not_guarded():
    world = World(dag(task("up", kind="setup"), task("down", "up", kind="teardown")))
    world.trigger()
    assert world.of(Launch)[0].empty == "ok"
    world.end("up")
    assert world.of(Launch)[0].empty == "ok"


def test_a_release_from_now_on_counts_in_comparable_slots():
    world = held(UNSTAGED, max_active_runs=9)
    world.release("load", from_now_on=True)
    assert world.of(GuardEased) == [GuardEased("d", "load", "empty", "fri", Instant(world.now), "ana")]
    for at in range(3):
        told = {}
        for day in (7, 8, 9):
            run = world.trigger(day=day)
            told[day] = world.alive[world.attempt("load", run)].empty
            world.cancel(run)
            world.end(*(key.task for key in world.alive if key.run == run), run=run, outcome=STOPPED)
        assert told == {7: "hold", 8: "ok", 9: "hold"}
        world.define(dag(task("load"), task("other"), max_active_runs=9), digest="new")
        if at:
            world.restart()


def test_a_map_that_may_be_empty_from_now_on_is_skipped():
    world = World(dag(mapped("m", 0)))
    first = world.trigger()
    world.release("m", from_now_on=True)
    assert world.run_state(first) == "success"
    assert world.state("m", world.trigger()) == "skipped"


def test_comparable_slots_start_on_the_same_day_and_hour_of_the_zone():
    assert like_of(None, "UTC") == ""
    assert like_of(slot_of(0), "UTC") == "thu"
    assert like_of((Instant(DAY), Instant(DAY + 23 * HOUR)), "UTC") == "fri"
    assert like_of((Instant(5 * HOUR), Instant(6 * HOUR)), "UTC") == "thu 05"
    assert like_of((Instant(5 * HOUR), Instant(6 * HOUR)), "America/Los_Angeles") == "wed 21"


def test_what_is_not_there_or_not_held_is_not_released():
    world = held()
    assert world.release("load", NOBODY).text == "there is no run none@none"
    assert world.release("nix").text == "d@day-1 has no task nix"
    assert world.reject("next").text == "next is not held: it is pending"
    assert world.retry("load").text == "load is held: release or reject it first"
    world.reject("load")
    assert world.release("load").text == "d@day-1 has ended: failed"


def test_a_run_that_is_being_stopped_releases_nothing():
    world = held(STAGED, task("long"))
    world.cancel()
    assert world.state("load") == "cancelled"
    assert world.release("load").text == "d@day-1 is being stopped"


def test_what_is_held_while_its_run_is_stopped_is_cancelled():
    world = World(dag(task("load"), task("more")))
    world.trigger()
    world.end("more", outcome=STAGED)
    world.cancel()
    world.end("load", outcome=STAGED)
    assert (world.states("load", "more"), world.run_state()) == (["cancelled", "cancelled"], "cancelled")


@pytest.mark.parametrize("outcome", [BROKEN, STOPPED, Value()])
def test_a_publication_under_cancel_is_cancelled_or_done(outcome):
    world = held()
    world.release("load")
    world.cancel()
    world.end("load", outcome=outcome)
    assert world.state("load") == ("success" if outcome == Value() else "cancelled")
    assert world.run_state() == "cancelled"


def test_a_task_is_marked_while_it_is_published():
    world = held()
    world.release("load")
    world.mark("load", "success")
    world.end("load", outcome=STOPPED)
    assert (world.state("load"), world.row("load").staged, world.row("load").inline) == ("success", b"", None)
    assert world.labels == ["next"]


def test_a_held_task_can_be_marked():
    world = held()
    world.mark("load", "skipped")
    assert (world.states("load", "next"), world.run_state()) == (["skipped", "skipped"], "success")


def test_a_release_lifts_a_scheduled_run_to_what_is_asked_for_by_name():
    world = held(UNSTAGED)
    world.make_scheduled(world.last_run)
    world.release("load")
    assert [change.klass for change in world.of(RunMoved)][0] == 0
    world.restart()
    assert world.view().row.klass == 0


def test_an_interrupted_held_run_is_taken_up_by_its_release():
    world = held(UNSTAGED)
    world.restart(NOBODY)
    assert world.release("load").ok
    world.end("next")
    assert world.run_state() == "success"


def test_a_release_in_a_quarantined_dag_is_refused():
    world = held()
    world.engine._board.dags["d"].quarantined = "broken"
    assert world.ask(ReleaseTask(world.last_run, "load", "r")).text == "DAG d is quarantined: broken"


def test_a_run_with_something_under_way_is_not_parked_by_what_is_held():
    world = held(STAGED, task("long"))
    assert world.run_state() == "running"
    world.release("load")
    world.end("load", outcome=BOOM)
    world.wait(5)
    world.end("load", "long", outcome=Value())
    assert world.run_state() == "success"
