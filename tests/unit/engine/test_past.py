from segue.model.acts import MarkTask, RetryRun, StartBackfill
from segue.model.backfills import pack_slots
from segue.model.changes import SlotMoved
from segue.model.events import Capacity, Request, Skipped, Value
from segue.schedule.declare import daily
from tests.unit.engine.driver import BOOM, DAY, GOOD, World, dag, mapped, slot_of, task, wanted

DAILY = daily().to_data()


def chained(*tasks, **options):
    """A daily DAG whose task `b` depends on the past."""
    return dag(*(tasks or (task("a"), task("b", "a", depends_on_past=True))), schedule=DAILY, **options)


def known(day):
    """A world in which the slot of this day has been run and was good."""
    world = World(chained())
    world.trigger(day=day)
    world.play()
    return world


def test_a_task_starts_when_it_is_good_in_the_slot_before():
    world = World(chained(max_active_runs=2))
    one, two = world.trigger(day=1), world.trigger(day=2)
    world.end("a", run=one)
    world.end("a", run=two)
    assert (world.labels, world.run_state(two)) == (["b"], "held")
    assert world.why("b", run=two) == "waits for b of d@1970-01-02, which has not ended: this goes on when it has"
    world.end("b", run=one)
    assert [key.run for key in world.alive] == [two]
    world.play()
    assert world.run_state(two) == "success"


def test_a_run_that_the_past_has_freed_says_what_it_waits_for_until_it_begins():
    world = World(chained(max_active_runs=2))
    one, two = world.trigger(day=1), world.trigger(day=2)
    world.end("a", run=one)
    world.end("a", run=two)
    world.send(Capacity(0))
    world.end("b", run=one)
    assert world.run_state(two) == "held"
    assert world.why(run=two) == world.why("b", run=two) == "waits for a free worker (0 of 0 busy)"


def test_skipped_is_good():
    world = World(chained(max_active_runs=2))
    one, two = world.trigger(day=1), world.trigger(day=2)
    world.end("a", run=one, outcome=Skipped("nothing new"))
    world.end("a", run=two)
    assert world.state("b", one) == "skipped"
    assert [key.of.label for key in world.alive] == ["b"]


def test_a_run_that_only_waits_for_the_past_is_parked_and_goes_on_by_itself():
    world = World(chained(max_active_runs=1))
    one = world.trigger(day=1)
    world.play(lambda key: BOOM if key.task == "b" else GOOD)
    two = world.trigger(day=2)
    world.play()
    assert (world.run_state(two), world.view(two).placed, world.slot(2).state.value) == ("held", False, "held")
    assert str(world.view(two).why) == (f"waits for b of d@1970-01-02, which failed: `segue retry {one}`")
    other = world.trigger(day=8)  # its place is free
    world.end("a", run=other)
    world.ask(RetryRun(one))
    world.play()
    assert [world.run_state(run) for run in (one, two)] == ["success", "success"]


def test_a_run_of_which_nothing_has_begun_is_parked_without_a_word_to_its_slot():
    world = World(chained(task("b", depends_on_past=True)))
    world.trigger(day=1)
    world.play(lambda key: BOOM)
    two = world.trigger(day=2)
    assert (world.run_state(two), world.view(two).started) == ("held", None)
    assert ("d", *slot_of(2)) not in world.store.slots
    world.restart()
    assert world.run_state(two) == "held"
    assert world.why(run=two).startswith("waits for b of d@1970-01-02, which failed")
    assert world.why("b", run=two).startswith("waits for b of d@1970-01-02, which failed")
    world.ask(MarkTask(world.last_run._replace(key="day-1"), "b", "success", "by hand"))
    assert [key.run for key in world.alive] == [two]


def test_a_parked_run_goes_on_after_a_restart():
    world = World(chained(max_active_runs=2))
    one, two = world.trigger(day=1), world.trigger(day=2)
    world.end("a", run=one)
    world.end("a", run=two)
    world.restart()
    world.end("b", run=one)
    assert [key.run for key in world.alive] == [two]


def test_the_first_slot_after_start_looks_back_at_none():
    world = World(chained(start=5 * DAY))
    world.trigger(day=5)
    world.play()
    assert world.run_state() == "success"


def test_a_slot_before_which_nothing_was_ever_run_looks_back_at_none():
    world = World(chained())
    world.trigger(day=5)
    world.play()
    assert world.run_state() == "success"


def test_after_the_first_deploy_a_missing_slot_is_a_hole_and_the_command_that_fills_it_is_named():
    world = World(chained(), planning=True, now=10 * DAY + 1)
    world.wait(86_400)  # day 10 is the first
    world.play()
    assert world.slot(10).state.value == "fresh"
    run = world.trigger(day=8)
    world.play()
    assert world.run_state(run) == "success"  # before the first deploy nothing is a hole
    run = world.trigger(day=31)
    world.end("a", run=run)
    assert world.why("b", run=run) == "waits for b of d@1970-01-31, which is missing: `segue backfill d 1970-01-31`"


def test_the_first_slot_of_a_backfill_looks_back_at_none_and_the_others_do():
    world = World(chained(), planning=True, now=10 * DAY + 1)
    world.wait(86_400 * 3)
    world.play(lambda key: BOOM)
    answer = world.ask(StartBackfill("d", pack_slots(map(slot_of, (11, 12))), only=("all",)))
    assert answer.ok
    began = []
    while world.alive:
        key = next(iter(world.alive))
        began.append((key.run.key, key.task))
        world.end(key.of.label, run=key.run)
    assert began[:4] == [("1970-01-12", "a"), ("1970-01-12", "b"), ("1970-01-13", "a"), ("1970-01-13", "b")]


def test_a_backfill_stands_still_behind_a_slot_that_failed_and_goes_on_when_that_is_good():
    world = World(chained())
    world.ask(StartBackfill("d", pack_slots(map(slot_of, range(1, 6)))))
    world.play(lambda key: BOOM if key.run.key == "1970-01-03" and key.task == "b" else GOOD)
    runs = list(world.store.runs)
    assert [world.run_state(run) for run in runs] == ["success", "failed", "held"]
    world.ask(RetryRun(runs[1]))
    world.play()
    assert world.store.backfills[1].state == "done"


def test_a_backfill_counts_a_run_that_the_past_has_just_freed():
    world = World(chained(task("b", depends_on_past=True)))
    world.ask(StartBackfill("d", pack_slots(map(slot_of, range(1, 6)))))
    world.play(lambda key: BOOM if key.run.key == "1970-01-03" else GOOD)
    failed = list(world.store.runs)[1]
    world.ask(RetryRun(failed))
    world.end("b", run=failed)
    assert [run.key for run in world.store.runs] == ["1970-01-02", "1970-01-03", "1970-01-04"]


def test_a_mapped_task_waits_for_the_whole_task():
    spec = chained(task("a"), mapped("b", 2, after=("a",), depends_on_past=True), max_active_runs=2)
    world = World(spec)
    one, two = world.trigger(day=1), world.trigger(day=2)
    world.end("a", run=one)
    world.end("a", run=two)
    world.end("b[0]", run=one)
    assert [key.run for key in world.alive] == [one]
    world.end("b[1]", run=one)
    assert [key.run for key in world.alive] == [two, two]


def test_an_old_result_counts_until_it_is_replaced_then_the_next_slot_is_stale():
    world = known(1)
    world.trigger(day=2)
    world.play()
    again = world.rerun(next(iter(world.store.runs))).run
    world.trigger(day=3)
    world.end("a", run=again)
    assert [world.slot(day).state.value for day in (1, 2)] == ["running", "fresh"]
    world.play()
    assert [world.slot(day).state.value for day in (1, 2, 3)] == ["fresh", "stale", "fresh"]
    assert world.run_state(again) == "success"
    moved = next(change for change in world.history if isinstance(change, SlotMoved) and change.state == "stale")
    assert (moved.slot, moved.run) == (slot_of(2), None)


def test_a_slot_that_is_stale_lets_later_slots_go_on():
    world = known(1)
    world.trigger(day=2)
    world.play()
    world.rerun(next(iter(world.store.runs)))
    world.play()
    assert world.slot(2).state.value == "stale"
    world.trigger(day=3)
    world.play()
    assert world.run_state() == "success"


def test_a_failed_rerun_makes_nothing_stale_and_blocks_nobody():
    world = known(1)
    world.trigger(day=2)
    world.play()
    world.rerun(next(iter(world.store.runs)))
    world.play(lambda key: BOOM)
    assert [world.slot(day).state.value for day in (1, 2)] == ["failed", "fresh"]
    again = world.rerun(world.last_run).run
    world.play()
    assert world.run_state(again) == "success"  # b of the first day is good in an older run


def test_what_is_opened_again_in_the_slot_before_is_waited_for():
    world = World(chained(max_active_runs=3))
    one = world.trigger(day=1)
    world.play()
    world.ask(RetryRun(one, ("b",)))
    two = world.trigger(day=2)
    world.end("a", run=two)
    assert [key.run for key in world.alive] == [one]
    world.end("b", run=one)
    assert [key.run for key in world.alive] == [two]


def test_a_map_that_is_opened_again_is_waited_for():
    world = World(chained(task("a"), mapped("b", "a", depends_on_past=True), max_active_runs=3))
    one = world.trigger(day=1)
    world.end("a", run=one, outcome=Value(b"v", length=1))
    world.play()
    two = world.trigger(day=2)
    world.ask(RetryRun(one, ("a",)))
    world.end("a", run=two, outcome=Value(b"v", length=1))
    assert [key.of.label for key in world.alive] == ["a"]
    world.end("a", run=one, outcome=Value(b"v", length=1))
    world.end("b[0]", run=one)
    assert [key.run for key in world.alive] == [two]


def test_a_task_that_did_not_end_well_although_its_slot_is_good_is_waited_for():
    world = World(chained(task("a"), task("b", "a", depends_on_past=True, allow_failure=True)))
    one = world.trigger(day=1)
    world.play(lambda key: BOOM if key.task == "b" else GOOD)
    assert world.slot(1).state.value == "fresh"
    two = world.trigger(day=2)
    world.end("a", run=two)
    assert world.why("b", run=two) == (
        f"waits for b of d@1970-01-02, which did not end well there: `segue retry {one} b`"
    )


def test_a_task_that_is_new_finds_a_good_slot_good():
    world = World(chained(task("a")))
    world.trigger(day=1)
    world.play()
    world.define(chained())
    world.trigger(day=2)
    world.play()
    assert world.run_state() == "success"


def test_what_waits_for_a_run_that_was_cancelled_or_is_held_says_so():
    world = World(chained(task("a"), mapped("b", "a", depends_on_past=True), max_active_runs=3))
    one = world.trigger(day=1)
    world.cancel(one)
    world.end("a", run=one)
    two = world.trigger(day=2)
    world.end("a", run=two, outcome=Value(b"v", length=1))
    assert world.why("b", run=two) == f"waits for b of d@1970-01-02, which was cancelled: `segue retry {one}`"
    three = world.trigger(day=3)
    world.end("a", run=three, outcome=Value(b"v", length=1))
    assert world.why("b", run=three) == (
        f"waits for b of d@1970-01-03, which stands still: `segue why {two}` says what helps"
    )


def test_a_run_that_waits_for_the_past_can_be_cancelled():
    world = World(chained(max_active_runs=2))
    world.trigger(day=1)
    two = world.trigger(day=2)
    world.end("a", run=two)
    world.cancel(two)
    assert world.run_state(two) == "cancelled"
    world.play()
    assert world.run_state(two) == "cancelled"


def test_what_fails_upstream_does_not_wait_for_the_past():
    world = World(chained(max_active_runs=2))
    world.trigger(day=1)
    two = world.trigger(day=2)
    world.end("a", run=two, outcome=BOOM)
    assert (world.state("b", two), world.run_state(two)) == ("upstream_failed", "failed")


def test_a_retry_of_a_run_that_waits_for_the_past_says_what_it_waits_for():
    world = World(chained(max_active_runs=2))
    one, two = world.trigger(day=1), world.trigger(day=2)
    world.end("a", run=one)
    world.end("a", run=two)
    assert world.retry(run=two).text == (
        f"nothing to retry: {two} waits for b of d@1970-01-02, which has not ended: this goes on when it has"
    )


def test_before_the_store_has_answered_a_task_says_that_it_looks():
    world = World(chained(task("b", depends_on_past=True)))
    world.trigger(day=1)
    world.play()
    world.restart()
    world.step(Request("r", "ana", wanted("d", 2)))
    run = next(run for run in world.store.runs if run.key == "day-2")
    assert world.why(run=run) == "looks for the slot before"
    assert world.run_state(run) == "queued"
    world.send()
    assert [key.run for key in world.alive] == [run]


def test_a_map_of_which_an_item_failed_is_not_good():
    spec = chained(mapped("b", 2, depends_on_past=True), max_active_runs=2)
    world = World(spec)
    one, two = world.trigger(day=1), world.trigger(day=2)
    world.end("b[0]", run=one, outcome=BOOM)
    world.end("b[1]", run=one)
    assert world.run_state(two) == "held"
    world.ask(RetryRun(one, ("b[0]",)))
    world.end("b[0]", run=one)
    assert [key.run for key in world.alive] == [two, two]


def test_two_tasks_of_a_run_wait_for_the_past_each_by_itself():
    both = (task("a", depends_on_past=True), task("b", "a", depends_on_past=True))
    world = World(chained(*both, max_active_runs=3))
    one, two, three = (world.trigger(day=day) for day in (1, 2, 3))
    world.end("a", run=one)
    assert sorted((key.run.key, key.task) for key in world.alive) == [("day-1", "b"), ("day-2", "a")]
    world.end("a", run=two)
    assert sorted((key.run.key, key.task) for key in world.alive) == [("day-1", "b"), ("day-3", "a")]
    world.play()
    assert [world.run_state(run) for run in (one, two, three)] == ["success"] * 3


def test_two_runs_of_a_slot_wait_for_the_same_past():
    world = World(chained(max_active_runs=3))
    one = world.trigger(day=1)
    two = world.trigger(day=2)
    world.end("a", run=two)
    again = world.trigger(day=2, params=b"p")
    world.end("a", run=again)
    assert [world.run_state(run) for run in (two, again)] == ["held", "held"]
    world.cancel(again)
    world.play()
    assert [world.run_state(run) for run in (one, two, again)] == ["success", "success", "cancelled"]


def test_while_an_answer_about_the_slot_before_is_still_to_come_the_engine_is_not_at_rest():
    world = World(chained(task("b", depends_on_past=True)))
    world.trigger(day=1)
    world.play()
    assert not world.engine.filling
    world.step(Request("r", "ana", wanted("d", 2)))
    assert world.engine.filling
    world.send()
    assert not world.engine.filling


def test_a_task_that_is_new_waits_for_the_end_of_the_slot_before():
    world = World(chained(task("a"), max_active_runs=2))
    one = world.trigger(day=1)
    world.define(chained(max_active_runs=2))
    two = world.trigger(day=2)
    world.end("a", run=two)
    assert world.run_state(two) == "held"
    world.end("a", run=one)
    assert [key.run for key in world.alive] == [two]
