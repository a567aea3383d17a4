from segue.engine.agenda import Agenda
from segue.engine.backfills import propose
from segue.model.acts import CancelRun, Drain, MoveBackfill, PauseDags, RetryRun, StartBackfill
from segue.model.backfills import pack_slots
from segue.model.changes import BackfillMade, BackfillMoved, RunCreated
from segue.model.commands import Launch
from segue.model.definition import Defined
from segue.model.events import Value
from segue.model.ids import RunKey
from segue.model.state import RUN_FINAL
from segue.model.timing import SlotAsk, SlotFacts
from segue.model.why import Why
from segue.schedule.declare import daily
from tests.unit.engine.driver import BOOM, DAY, GOOD, World, dag, mapped, slot_of, task

DAILY = daily().to_data()


def days(*numbers):
    return pack_slots(map(slot_of, numbers))


def backfill(world, *numbers, name="d", **options):
    answer = world.ask(StartBackfill(name, days(*numbers), **options))
    assert answer.ok, answer.text
    return max(world.store.backfills)


def move(world, number, to, **options):
    return world.ask(MoveBackfill(number, to, **options))


def stand(world, number=1):
    view = world.store.backfills[number]
    return view.state, view.made


def made(world):
    """The days whose runs have been made, in order."""
    return [change.row.slot[0] // DAY for change in world.history if isinstance(change, RunCreated)]


def active(world, number=1):
    return [
        view.run for view in world.store.runs.values() if view.row.backfill == number and view.state not in RUN_FINAL
    ]


def plain(*tasks, **options):
    return dag(*(tasks or (task("a"),)), schedule=DAILY, **options)


def test_a_backfill_runs_its_slots_oldest_first_under_its_cap():
    world = World(plain())
    backfill(world, 1, 2, 3, 4, 5, cap=2, reason="a bug")
    assert made(world) == [1, 2]
    while world.alive:
        assert len(active(world)) <= 2
        world.end("a", run=next(iter(world.alive)).run)
    assert made(world) == [1, 2, 3, 4, 5]
    assert stand(world) == ("done", 5)
    assert all(world.slot(day).state.value == "fresh" for day in range(1, 6))


def test_the_newest_slots_come_first_where_that_is_asked_for_also_with_one_worker():
    world = World(plain(), workers=1)
    backfill(world, 1, 2, 3, 4, order="newest", cap=3)
    begun = []
    while world.alive:
        key = next(iter(world.alive))
        begun.append(key.run.key[-2:])
        world.end("a", run=key.run)
    assert begun == ["05", "04", "03", "02"]


def test_slots_in_any_order_are_taken_as_they_come():
    world = World(plain())
    backfill(world, 1, 2, 3, order="parallel", cap=3)
    assert made(world) == [1, 2, 3]


def test_a_backfill_is_done_when_all_its_runs_have_ended_however():
    world = World(plain())
    backfill(world, 1, 2, cap=2)
    world.play(lambda key: BOOM if "02" in key.run.key else GOOD)
    assert stand(world) == ("done", 2)
    assert str(world.history[-1].why) == "every slot has had its run"
    assert [world.slot(day).state.value for day in (1, 2)] == ["failed", "fresh"]


def test_a_backfill_keeps_the_code_that_it_was_created_with():
    world = World(plain())
    backfill(world, 1, 2, 3, cap=1)
    world.define(plain(task("a"), task("b")), digest="new")
    world.play()
    assert [view.row.version for view in world.store.runs.values()] == [1, 1, 1]


def test_the_slots_that_are_left_take_the_newest_code_where_that_is_asked_for():
    world = World(plain())
    number = backfill(world, 1, 2, 3, cap=1)
    world.define(plain(task("a"), task("b")), digest="new")
    assert move(world, number, "resume", newest=True).ok
    world.restart()
    assert move(world, number, "resume").ok  # this owner drives it from now on
    world.play()
    assert [(view.row.version, len(world.store.tasks[run])) for run, view in world.store.runs.items()] == [
        (1, 1), (2, 2), (2, 2),
    ]  # fmt: skip


def test_a_paused_backfill_makes_no_more_runs_and_those_it_has_come_to_their_end():
    world = World(plain())
    number = backfill(world, 1, 2, 3, 4, cap=2)
    assert move(world, number, "pause").text == "backfill 1 is paused: 2 intervals left; what runs comes to its end"
    world.play()
    assert (stand(world), made(world), active(world)) == (("paused", 2), [1, 2], [])
    assert move(world, number, "resume").ok
    world.play()
    assert (stand(world), made(world)) == (("done", 4), [1, 2, 3, 4])


def test_after_the_commit_of_its_cancel_nothing_of_a_backfill_starts():
    for ended in range(12):
        world = World(plain(task("a"), task("b", "a"), task("c", "b")), workers=3)
        number = backfill(world, *range(1, 9), cap=4)
        for _ in range(ended):
            key = next(iter(world.alive))
            world.end(key.of.label, run=key.run)
        assert move(world, number, "cancel").ok
        assert not world.of(Launch)
        assert not world.of(RunCreated)
        before = made(world)
        while world.alive:
            key = next(iter(world.alive))
            world.end(key.of.label, run=key.run)
            assert not world.of(Launch)
        assert (made(world), stand(world)[0], active(world)) == (before, "cancelled", [])


def test_a_backfill_goes_on_after_a_restart():
    world = World(plain(), planning=True, now=20 * DAY)
    world.ask(StartBackfill("d", days(*range(1, 9)), cap=3))
    while world.alive:
        world.restart()
        assert len(active(world)) <= 3
        world.end("a", run=next(iter(world.alive)).run)
    assert (stand(world), made(world)) == (("done", 8), list(range(1, 9)))


def test_a_foreground_owner_feeds_the_backfills_that_it_was_asked_for_and_no_others():
    world = World(plain())
    backfill(world, 1, 2, 3, cap=1)
    world.restart()
    world.play()
    assert (made(world), stand(world)) == ([1], ("running", 1))
    assert move(world, 1, "resume").text == "backfill 1 goes on: 2 intervals left, version 1, 1 at once"
    world.play()
    assert (made(world), stand(world)) == ([1, 2, 3], ("done", 3))


def test_what_cannot_be_backfilled_is_refused_with_the_reason():
    world = World(plain(start=3 * DAY), dag(task("a"), id="by_hand"))

    def said(name="d", slots=b"", **options):
        answer = world.ask(StartBackfill(name, slots or days(4), **options))
        assert not answer.ok
        return answer.text

    assert said("nobody") == "there is no DAG nobody"
    assert said("by_hand").startswith("DAG by_hand has no schedule, so no interval to backfill: `segue run by_hand`")
    assert said(slots=b"no").startswith("no packed slots")
    assert said(slots=pack_slots(())) == "a backfill of no interval of d has nothing to do"
    assert said(slots=days(2)) == "1970-01-03 lies before the start of d, 1970-01-04"
    half = pack_slots([(4 * DAY, 4 * DAY + DAY // 2)])
    assert said(slots=half) == "1970-01-05T00:00 is no interval of d: its schedule is another"
    assert said(slots=days(4, 1_000)) == "1972-09-27 of d has not ended yet"
    assert said(cap=0) == "a backfill at cap 0 would never run: the least is 1"
    assert said(cap=2**63) == "a backfill at cap 9223372036854775808: the most is 1000000"
    assert move(world, 7, "cancel").text == "there is no backfill 7: `segue backfills` lists them"
    assert not world.of(BackfillMade)


def test_what_depends_on_the_past_is_backfilled_one_after_the_other_oldest_first():
    world = World(plain(task("a"), task("b", "a", depends_on_past=True)))
    for order in ("newest", "parallel"):
        answer = world.ask(StartBackfill("d", days(1, 2), order=order))
        assert answer.text == f"b depends on the past: backfill it oldest first, not {order}"
    answer = world.ask(StartBackfill("d", days(1, 2, 3)))
    assert answer.text == "backfill 1: 3 intervals of d, the oldest first, 1 at once (b depends on the past)"
    world.play()
    assert [str(change.row.run) for change in world.history if isinstance(change, RunCreated)] == [
        "d@1970-01-02", "d@1970-01-03", "d@1970-01-04",
    ]  # fmt: skip
    assert world.ask(StartBackfill("d", days(1), cap=1, only=("all",))).text.endswith("oldest first, 1 at once")


def test_the_same_backfill_asked_for_twice_is_one():
    world = World(plain())
    number = backfill(world, 1, 2)
    assert world.ask(StartBackfill("d", days(1, 2))).text == f"backfill {number} does this already"
    assert backfill(world, 1, 2, 3) == number + 1


def test_a_slot_that_has_become_good_meanwhile_is_left_alone_unless_all_are_wanted():
    world = World(plain())
    for only, expected in ((("missing",), [1, 3]), (("all",), [1, 2, 3]), (("failed", "fresh"), [1, 2, 3])):
        world = World(plain())
        world.trigger(day=2)
        world.play()
        world.history.clear()
        if "failed" in only:
            expected = [2]
        backfill(world, 1, 2, 3, cap=1, only=only)
        world.play()
        assert (made(world), stand(world)) == (expected, ("done", 3))


def test_a_slot_that_an_interrupted_run_holds_is_left_to_that():
    world = World(plain())
    world.trigger(day=1)
    world.restart(RunKey("none", "none", 1))
    backfill(world, 1, 2, only=("all",))
    world.play()
    assert (made(world)[1:], stand(world)) == ([2], ("done", 2))


def test_runs_of_a_backfill_take_no_place_of_the_dag_and_a_slot_has_one_active_run():
    world = World(plain(max_active_runs=1))
    one = world.trigger(day=9)
    backfill(world, 1, 2, 9, cap=3, only=("all",))
    assert len(world.alive) == 3
    assert world.why(run=active(world)[-1]) == f"waits: {one} is running for the same interval"
    other = world.trigger(day=10)
    assert world.why(run=other) == f"waits: 1 of 1 runs of d are active (max_active_runs): {one}"
    world.play()
    assert stand(world) == ("done", 3)


def test_slots_of_a_backfill_are_run_again_with_the_newest_code_once_it_has_ended():
    world = World(plain())
    number = backfill(world, 1, 2, 3)
    assert move(world, number, "again", slots=days(1)).text.startswith("backfill 1 has not ended")
    world.play(lambda key: BOOM if key.run.key.endswith("03") else GOOD)
    world.define(plain(task("a"), task("b")), digest="new")
    assert move(world, number, "again", slots=days(2)).text == "backfill 1 runs 1 interval again, version 1"
    world.play()
    world.restart()
    answer = move(world, number, "again", slots=days(2), newest=True)
    assert answer.text == "backfill 1 runs 1 interval again, version 2"
    world.play()
    assert [view.row.version for view in world.store.runs.values()] == [1, 1, 1, 1, 2]
    assert stand(world) == ("done", 1)


def test_what_has_ended_is_neither_paused_nor_cancelled():
    world = World(plain())
    number = backfill(world, 1)
    world.play()
    for to in ("pause", "resume", "cancel"):
        assert move(world, number, to).text == "backfill 1 is done: nothing to do"


def test_failed_runs_of_a_backfill_are_retried_under_its_cap_also_after_it_has_ended():
    world = World(plain())
    backfill(world, 1, 2, 3, 4, cap=2)
    world.play(lambda key: BOOM)
    failed = [view.run for view in world.store.runs.values()]
    world.restart(RunKey("none", "none", 1))
    for run in failed:
        assert world.ask(RetryRun(run)).ok
    assert len(world.alive) == 2
    assert world.why(run=failed[3]) == "waits: 2 of 2 runs of backfill 1 are active (cap)"
    world.play()
    assert [world.run_state(run) for run in failed] == ["success"] * 4


def test_of_a_backfill_that_nobody_knows_any_more_one_run_is_active_at_once():
    world = World(plain())
    backfill(world, 1, 2, cap=2)
    world.play(lambda key: BOOM)
    for run in tuple(world.store.runs):
        world.ask(RetryRun(run))
    world.restart()
    assert len(world.alive) == 2  # both have their place already
    world.play(lambda key: BOOM)
    for run in tuple(world.store.runs):
        world.ask(RetryRun(run))
    assert stand(world) == ("done", 2)


def test_a_run_of_a_backfill_that_is_cancelled_makes_room_for_the_next():
    world = World(plain())
    backfill(world, 1, 2, 3, cap=1)
    world.ask(CancelRun(active(world)[0]))
    world.play()
    assert stand(world) == ("done", 3)
    assert world.slot(2).state.value == "fresh"


def test_a_run_that_waits_for_a_person_keeps_no_place_of_its_backfill():
    world = World(plain(task("a"), mapped("b", "a")))
    backfill(world, 1, 2, 3, cap=1)
    world.play(lambda key: Value(b"v", length=0))  # a map over nothing is held
    assert (made(world), stand(world)) == ([1, 2, 3], ("running", 3))
    world.restart()
    held = active(world)
    assert len(held) == 3
    for run in held:
        world.release("b", run)
    world.play()
    assert stand(world) == ("running", 3)  # this owner was not asked for it
    move(world, 1, "resume")
    assert stand(world) == ("done", 3)


def test_a_rerun_of_a_run_of_a_backfill_belongs_to_no_backfill():
    world = World(plain())
    backfill(world, 1)
    world.play()
    answer = world.rerun(next(iter(world.store.runs)))
    assert world.store.runs[answer.run].row.backfill is None


def test_the_moves_of_a_backfill_are_told_with_who_asked():
    world = World(plain())
    number = backfill(world, 1, 2)
    move(world, number, "pause")
    (moved,) = world.of(BackfillMoved)
    assert (moved.actor, str(moved.why), moved.row) == ("ana", "ana asked for it", None)


def test_runs_of_a_backfill_tell_the_same_pinned_facts():
    world = World(plain(delay=5))
    backfill(world, 1, params=b"x", reason="restatement")
    row = next(iter(world.store.runs.values())).row
    assert (row.kind, row.klass, row.backfill, row.params, row.reason) == ("backfill", 2, 1, b"x", "restatement")
    assert (row.due, row.actor) == (2 * DAY + 5, "ana")


def test_under_a_long_backfill_a_due_run_is_dispatched_in_the_turn_in_which_it_falls_due():
    world = World(plain(), plain(id="hourly"), workers=4, planning=True, now=2_000 * DAY + 1)
    world.ask(StartBackfill("d", days(*range(1, 1_001)), cap=10))
    for _ in range(20):
        world.end("a", run=next(iter(world.alive)).run)
    assert len(world.alive) == 3
    world.wait(DAY / 1_000_000)
    launched = [command.key.run for command in world.of(Launch)]
    assert [run for run in launched if run.dag == "hourly"] == [RunKey("hourly", "1975-06-24", 1)]


def test_a_backfill_of_a_dag_that_no_file_declares_any_more_stops_and_its_runs_end():
    world = World(plain(file="dags.py"), planning=True, now=20 * DAY)
    number = backfill(world, 1, 2, 3, cap=1)
    world.send(Defined("", "dags.py", gone=("d",)))
    assert stand(world) == ("stopped", 1)
    assert str(world.of(BackfillMoved)[0].why) == "its DAG is gone"
    world.play()
    assert [view.state.value for view in world.store.runs.values()] == ["success"]
    assert world.ask(StartBackfill("d", days(1))).text == "DAG d is retired: no file declares it any more"
    assert move(world, number, "resume").text == "backfill 1 is stopped: nothing to do"


def test_a_backfill_goes_with_its_dag_where_that_is_renamed():
    world = World(plain(file="d.py"))
    number = backfill(world, 1, 2, cap=1)
    move(world, number, "pause")
    world.play()
    world.define(plain(id="new", renamed_from="d", file="d.py"))
    move(world, number, "resume")
    world.play()
    assert [str(run) for run in world.store.runs] == ["new@1970-01-02", "new@1970-01-03"]
    assert stand(world) == ("done", 2)


def test_nothing_is_fed_while_the_owner_is_drained_or_the_dag_is_quarantined():
    world = World(plain())
    number = backfill(world, 1, 2, 3, cap=1)
    world.ask(Drain())
    world.play()
    assert stand(world, number) == ("running", 1)
    world.ask(Drain(on=False))
    assert len(world.alive) == 1
    world.engine._board.dags["d"].quarantined = Why("failed", ("a fault",))
    world.play()
    assert stand(world, number) == ("running", 2)


def test_a_proposed_backfill_waits_for_a_person():
    world = World(plain(), plain(task("a", depends_on_past=True), id="past"))
    board = world.engine._board
    assert (propose(board, "d", [slot_of(1), slot_of(2)], "the scheduler was down"), board.agenda.last_backfill) == (
        1,
        1,
    )
    propose(board, "past", [slot_of(1)], "")
    world.send()
    one, two = world.store.backfills.values()
    assert (one.state, one.row.total, one.row.cap, one.row.reason) == ("proposed", 2, 4, "the scheduler was down")
    assert (two.state, two.row.cap) == ("proposed", 1)
    world.play()
    assert made(world) == []
    assert move(world, 1, "resume").ok
    world.play()
    assert (made(world), stand(world)) == ([1, 2], ("done", 2))


def test_what_is_known_of_many_slots_is_forgotten_and_asked_for_anew():
    agenda = Agenda(planning=False, backfills=(), last_backfill=0)
    asks = [SlotAsk("d", str(day), slot_of(day)) for day in range(50_002)]
    for ask in asks:
        agenda.ask(ask)
    agenda.learn(map(SlotFacts, asks[:-1]))
    agenda.learn([SlotFacts(asks[-1])])
    assert (agenda.facts_of(asks[-1]), agenda.facts_of(asks[0])) == (SlotFacts(asks[-1]), None)


def test_a_backfill_of_a_paused_dag_runs_and_says_so():
    world = World(plain(), planning=True, now=20 * DAY)
    world.ask(PauseDags(("d",)))
    answer = world.ask(StartBackfill("d", days(1, 2)))
    assert answer.text.endswith("4 at once; the clock of d is paused, its backfill runs")
    world.play(days=0)
    assert made(world) == [1, 2]


def test_a_backfill_whose_code_is_the_newest_already_keeps_it():
    world = World(plain(), plain(id="other"))
    number = backfill(world, 1, 2, cap=1)
    assert move(world, number, "resume", newest=True).ok
    assert not world.of(BackfillMoved)


def test_a_backfill_that_rests_says_that_it_does_not_go_on():
    world = World(plain(task("a"), mapped("b", "a")))
    assert not world.engine.filling
    backfill(world, 1, 2, cap=1)
    assert not world.engine.filling  # its one run is active
    world.play(lambda key: Value(b"v", length=0))
    assert not world.engine.filling
    world.restart()
    assert not world.engine.filling
    move(world, 1, "pause")
    move(world, 1, "resume")
    assert not world.engine.filling
    world.ask(StartBackfill("d", days(5, 6), cap=1))
    world.engine._board.dags["d"].quarantined = Why("failed", ("a fault",))
    assert not world.engine.filling


def test_of_two_backfills_one_goes_with_the_dag_that_is_renamed():
    world = World(plain(file="d.py"), plain(id="other", file="other.py"))
    for name in ("d", "other"):
        move(world, backfill(world, 1, 2, cap=1, name=name), "pause")
    world.play()
    world.define(plain(id="new", renamed_from="d", file="d.py"))
    assert [filling.row.dag for filling in world.engine._board.agenda.backfills.values()] == ["new", "other"]
