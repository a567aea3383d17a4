from segue.model.commands import Adopt, Cancel, Given, Launch
from segue.model.events import Failure, Followed, LostCause, Skipped, Value
from tests.unit.engine.driver import BOOM, GOOD, World, dag, mapped, task

SPEC = dag(
    task("a"),
    mapped("m", "a", retries=2),
    task("flaky", retries=3),
    task("fork", "a", kind="branch"),
    task("left", "fork"),
    task("right", "fork"),
    task("join", "left", "right", data=("m",), trigger_rule="none_failed_min_one_success"),
    task("bad", "join"),
    task("late", "bad", trigger_rule="one_failed"),
    max_active_runs=2,
)


def scripted(key):
    """What each attempt says, from its key alone."""
    match key.task, key.index, key.number:
        case "a", _, _:
            return Value(b"list", length=3)
        case ("flaky", _, 1 | 2) | ("m", 1, 1):
            return BOOM
        case "fork", _, _:
            return Followed(("right",))
        case "m", 2, _:
            return Skipped()
        case "bad", _, _:
            return Failure("Fail", "bad day", retryable=False)
    return GOOD


def play(crash_at: int | None) -> tuple[dict, dict, int]:
    """The whole story, with a restart after so many words; final states and number of words."""
    world = World(SPEC, workers=2)
    runs = [world.trigger() for _ in range(3)]
    words = 0
    while world.alive or world.wake_at is not None:
        if words == crash_at:
            world.restart()
        words += 1
        if world.alive:
            key = min(world.alive)
            if isinstance(world.alive[key], Adopt):
                world.lose(key.of.label, LostCause.OWNER)
            else:
                world.end(key.of.label, outcome=scripted(key), run=key.run)
        else:
            world.wait((world.wake_at - world.now) / 1e6)
    states = {run: {where: row.state for where, row in world.store.tasks[run].items()} for run in runs}
    return states, {run: world.view(run).culprits for run in runs}, words


def test_a_restart_after_any_word_leads_to_the_same_end():
    states, culprits, words = play(None)
    assert {state.value for rows in states.values() for state in rows.values()} >= {"success", "failed", "skipped"}
    for at in range(words):
        again = play(at)
        assert again[0] == states, at
        assert again[1] == culprits


def test_what_was_queued_is_launched_again_and_what_ran_is_adopted():
    world = World(dag(task("a"), task("b")))
    world.trigger()
    world.start("b")
    world.restart()
    assert {type(one): one.key.task for one in world.outstanding} == {Launch: "a", Adopt: "b"}
    world.end("a", "b")
    assert world.run_state() == "success"


def test_a_launch_after_a_restart_is_the_launch_of_before():
    world = World(dag(task("a"), mapped("m", "a", 3, mode="product", retries=1)))
    world.trigger(params=b"p")
    world.end("a", outcome=Value(b"list", length=2))
    world.end("m[1]", outcome=BOOM)
    world.wait(30)
    before = dict(world.alive)
    world.restart()
    assert world.alive == before


def test_a_delay_is_kept_across_a_restart():
    world = World(dag(task("a", retries=1)))
    world.trigger()
    world.end("a", outcome=BOOM)
    world.wait(10)
    world.restart()
    world.wait(19.999)
    assert world.alive == {}
    world.wait(0.001)
    assert world.attempt("a").number == 2


def test_a_queued_attempt_whose_upstream_was_opened_again_waits_for_it():
    world = World(dag(task("a"), task("b", data=("a",))))
    world.trigger()
    world.end("a")
    world.retry("a", only=True)
    world.restart()
    assert {type(one): one.key.task for one in world.outstanding} == {Launch: "a", Cancel: "b"}
    world.wait(10)
    assert world.labels == ["a"]
    world.end("a")
    assert type(world.alive[world.attempt("b")].inputs[0]) is Given


def test_a_loss_right_after_a_restart_has_one_next_attempt():
    world = World(dag(task("a")))
    world.trigger()
    world.start("a")
    world.restart()
    world.lose("a", LostCause.SIGNAL)
    world.wait(60)
    assert world.attempt("a").number == 2


def test_counts_of_failures_and_losses_are_kept_across_a_restart():
    world = World(dag(task("a", retries=2)))
    world.trigger()
    for cause in (None, LostCause.SIGNAL, LostCause.WORKER):
        world.end("a", outcome=BOOM) if cause is None else world.lose("a", cause)
        world.restart()
        world.wait(30)
    row = world.row("a")
    assert (row.tries, row.losses, row.platform) == (1, 1, 1)
    world.end("a", outcome=BOOM)
    assert world.wake_at - world.now == 60_000_000


def test_a_run_in_line_stays_in_line():
    world = World(dag(task("a"), max_active_runs=1))
    first, second = world.trigger(day=1), world.trigger(day=2)
    world.restart()
    assert (world.run_state(second), list(world.alive)) == ("queued", [world.attempt("a", first)])
    world.end("a", run=first)
    assert world.run_state(second) == "running"


def test_a_run_keeps_its_version_across_a_restart():
    world = World(dag(task("a"), task("b", "a")))
    run = world.trigger()
    world.define(dag(task("z")))
    world.restart()
    world.end("a", run=run)
    assert world.labels == ["b"]


def test_a_marked_task_is_known_as_marked_after_a_restart():
    world = World(dag(task("a", retries=1), task("b", data=("a",))))
    world.trigger()
    world.end("a", outcome=BOOM)
    world.mark("a", "success")
    world.restart()
    assert world.alive[world.attempt("b")].inputs[0].state.value == "success"
    world.end("b")
    world.retry("a")
    assert world.attempt("a").number == 2


def test_a_culprit_keeps_its_reason_across_a_restart():
    world = World(dag(task("a"), task("b")))
    world.trigger()
    world.end("a", outcome=BOOM)
    world.restart()
    world.end("b")
    assert world.view().culprits == (("a", "boom"),)


def test_a_held_run_stays_parked():
    world = World(dag(mapped("a", 0)))
    world.trigger()
    world.restart()
    assert (world.changes, world.run_state()) == ([], "held")


def test_limits_count_what_is_alive_after_a_restart():
    world = World(dag(mapped("a", 9, max_active=3), max_active_tasks=4))
    first = world.trigger()
    world.trigger()
    world.restart()
    assert len(world.alive) == 3
    world.end("a[0]", run=first)
    assert len(world.alive) == 3


def test_an_accepted_result_reaches_its_consumer_across_a_restart():
    world = World(dag(task("a"), task("b"), task("c", data=("a", "b"))))
    world.trigger()
    world.end("a")
    world.restart()
    world.end("b", outcome=Value(None, b"ref"))
    assert [type(one).__name__ for one in world.alive[world.attempt("c")].inputs] == ["Given", "Stored"]
