from msgspec import structs

from segue.model.acts import PauseDags, TriggerRun
from segue.model.alerts import Alert
from segue.model.changes import AlertRaised
from segue.model.definition import Defined, Definition
from segue.model.events import Held, Value
from segue.model.ids import RunKey
from segue.model.spec import DagSpec
from segue.schedule.declare import daily, hourly
from tests.unit.engine.driver import BOOM, DAY, SECOND, World, dag, task

HOUR = 3_600
MIDNIGHT = 20_000 * DAY


def clocked(*tasks, every=None, **more) -> DagSpec:
    """A DAG that is due at two o'clock, unless another timetable is given."""
    return dag(*(tasks or (task("a"),)), schedule=(every or daily(at="02:00")).to_data(), **more)


def planned(*specs: DagSpec, **more) -> World:
    """A world at midnight; its first daily run is due in 26 hours."""
    return World(*specs, planning=True, now=MIDNIGHT, **more)


def until(world: World, day: int, hour: float) -> list[Alert]:
    """Let the time come; what is raised meanwhile."""
    world.wait((MIDNIGHT + day * DAY) / SECOND + hour * HOUR - world.now / SECOND)
    return [change.alert for change in world.of(AlertRaised)]


def raised(world: World) -> list[tuple[str, str]]:
    return [(view.alert.thing, view.alert.kind) for view in world.store.alerts.values()]


def run_of(world: World, label: str = "a") -> RunKey:
    return next(key.run for key in world.alive if key.of.label == label)


def test_a_run_that_is_not_done_by_its_deadline_is_told_of_once():
    world = planned(clocked(task("a"), deadline_at=8 * 60, owner="ops", alerts=("oncall",)))
    assert until(world, 1, 7.9) == []
    (alert,) = until(world, 1, 8)
    assert (alert.thing, alert.kind, alert.episode) == ("d@2024-10-04", "deadline", MIDNIGHT + DAY + 8 * HOUR * SECOND)
    assert (
        alert.text
        == "d@2024-10-04 was not done by 2024-10-05 08:00+00:00: d@2024-10-04 is running: 1 attempts are alive"
    )
    assert (alert.dag, alert.key, alert.run) == ("d", "2024-10-04", run_of(world))
    assert (alert.owner, alert.channels, alert.command) == ("ops", ("oncall",), "segue why d@2024-10-04")
    assert until(world, 2, 7) == []
    assert [alert.thing for alert in until(world, 2, 9)] == ["d@2024-10-05"]


def test_a_run_that_is_done_in_time_is_no_news():
    world = planned(clocked(deadline=6 * HOUR * SECOND))
    until(world, 1, 3)
    world.end("a", run=run_of(world))
    assert until(world, 1, 23) == []


def test_a_run_that_waits_in_line_is_late_too():
    world = planned(clocked(task("a"), every=hourly(), deadline=HOUR * SECOND))
    until(world, 0, 1)
    alerts = until(world, 0, 4)
    assert [alert.key for alert in alerts] == ["2024-10-04T00:00", "2024-10-04T01:00", "2024-10-04T02:00"]
    assert [alert.run for alert in alerts][2] is None
    assert alerts[2].text.endswith(": it has no run yet")
    assert alerts[2].command == "segue trigger d --date 2024-10-04T02:00"


def test_a_task_has_a_deadline_of_its_own_also_where_it_never_started():
    world = planned(clocked(task("a"), task("b", "a", deadline=2 * HOUR * SECOND, owner="dana")))
    (alert,) = until(world, 1, 5)
    assert (alert.thing, alert.task, alert.owner) == ("d@2024-10-04/b", "b", "dana")
    assert alert.text == "d@2024-10-04/b was not done by 2024-10-05 04:00+00:00: d@2024-10-04/b waits for a (queued)"


def test_a_task_that_is_good_keeps_its_deadline_while_its_run_goes_on():
    world = planned(clocked(task("a", deadline=2 * HOUR * SECOND), task("b", "a")))
    until(world, 1, 3)
    world.end("a", run=run_of(world))
    assert until(world, 1, 5) == []


def test_a_failed_run_is_late_and_says_how_to_go_on():
    world = planned(clocked(deadline=6 * HOUR * SECOND))
    until(world, 1, 3)
    world.end("a", outcome=BOOM, run=run_of(world))
    (alert,) = until(world, 1, 23)
    assert alert.text.endswith(": d@2024-10-04 is failed")
    assert alert.command == "segue retry d@2024-10-04"


def test_held_time_counts():
    world = planned(clocked(deadline=6 * HOUR * SECOND))
    until(world, 1, 3)
    world.end("a", outcome=Held("empty", "no rows", Value(b"none")), run=run_of(world))
    assert [alert.kind for alert in until(world, 1, 23)] == ["held", "deadline"]
    assert raised(world)[-1] == ("d@2024-10-04", "deadline")


def test_a_slot_that_overlap_skipped_is_not_late():
    world = planned(clocked(every=hourly(), overlap="skip", deadline=HOUR * SECOND // 2))
    assert [alert.key for alert in until(world, 0, 4)] == ["2024-10-04T00:00"]


def test_what_was_left_out_is_not_late():
    world = planned(clocked(every=hourly(), missed="skip", deadline=HOUR * SECOND // 2))
    until(world, 0, 0.1)
    world.now = MIDNIGHT + 4 * HOUR * SECOND + HOUR * SECOND // 4
    world.restart()
    assert until(world, 0, 4.9) == []
    assert raised(world) == [("", "missed")]


def test_more_than_ten_that_were_missed_are_proposed_and_the_alert_says_how_to_run_them():
    world = planned(clocked(every=hourly()))
    until(world, 0, 0.1)
    world.now = MIDNIGHT + 20 * HOUR * SECOND
    world.restart()
    (view,) = world.store.alerts.values()
    assert (view.alert.dag, view.alert.command) == ("d", "segue backfills resume 1")


def test_a_deadline_of_a_dag_that_is_quarantined_or_gone_is_no_error():
    world = planned(clocked(deadline=HOUR * SECOND // 2, every=hourly()), clocked(id="e"))
    until(world, 0, 1.1)
    del world.engine._board.dags["d"]
    assert until(world, 0, 1.6) == []


def test_a_rerun_of_a_good_slot_is_not_late():
    world = planned(clocked(deadline=6 * HOUR * SECOND))
    until(world, 1, 3)
    run = run_of(world)
    world.end("a", run=run)
    assert world.rerun(run).ok
    assert until(world, 1, 23) == []


def test_a_manual_run_of_a_slot_that_the_schedule_passed_is_not_late():
    world = planned(clocked(deadline=6 * HOUR * SECOND))
    world.now = MIDNIGHT + DAY + HOUR * SECOND
    slot = (MIDNIGHT, MIDNIGHT + DAY)
    assert world.ask(TriggerRun("d", "2024-10-04", slot)).ok
    assert until(world, 1, 23) == []


def test_a_paused_dag_is_not_late():
    world = planned(clocked(deadline=6 * HOUR * SECOND))
    until(world, 1, 3)
    assert world.ask(PauseDags(("d",))).ok
    assert until(world, 3, 0) == []


def test_a_new_version_has_its_own_deadlines():
    world = planned(clocked(deadline=6 * HOUR * SECOND))
    until(world, 1, 3)
    world.define(clocked(deadline=7 * HOUR * SECOND))
    assert [alert.episode for alert in until(world, 1, 23)] == [MIDNIGHT + DAY + 9 * HOUR * SECOND]
    world.define(clocked())
    assert until(world, 2, 23) == []


def test_a_restart_storm_around_a_deadline_makes_one_row():
    world = planned(clocked(task("a"), deadline_at=8 * 60))
    until(world, 1, 7.99)
    for _ in range(10):
        world.restart()
        world.wait(10)
    world.wait(120)
    for _ in range(5):
        world.restart()
        world.wait(30)
    assert raised(world) == [("d@2024-10-04", "deadline")]


def test_one_deadline_that_passed_while_nobody_led_is_told_of_as_itself():
    world = planned(clocked(task("a"), deadline_at=8 * 60))
    until(world, 1, 7)
    world.now = MIDNIGHT + DAY + 10 * HOUR * SECOND
    world.restart()
    assert raised(world) == [("d@2024-10-04", "deadline")]


def test_deadlines_that_passed_while_nobody_led_are_one_alert():
    more = {"deadline": HOUR * SECOND // 2, "alerts": ("oncall",)}
    world = planned(clocked(every=hourly(), **more), clocked(id="e", every=hourly(), owner="eve", **more))
    until(world, 0, 1.1)
    world.now = MIDNIGHT + 4 * HOUR * SECOND
    for _ in range(5):
        world.restart()
        world.wait(10)
    assert raised(world) == [("", "deadline")]
    (view,) = world.store.alerts.values()
    assert view.alert.text == "6 slots of 2 DAGs missed their deadline while no scheduler was at work"
    assert (view.alert.owner, view.alert.channels, view.alert.dag) == ("eve", ("oncall",), "")
    assert until(world, 0, 4.6) != []


def test_what_was_told_of_before_an_outage_is_not_told_of_again_after_it():
    world = planned(clocked(deadline_at=8 * 60), clocked(id="e", deadline_at=9 * 60))
    until(world, 1, 8.1)
    world.now = MIDNIGHT + DAY + 10 * HOUR * SECOND
    world.restart()
    assert raised(world) == [("d@2024-10-04", "deadline"), ("e@2024-10-04", "deadline")]


def test_what_was_left_out_is_one_alert():
    world = planned(clocked(every=hourly(), missed="skip"), clocked(id="e", every=hourly(), missed="skip"))
    until(world, 0, 0.5)
    world.now = MIDNIGHT + 4 * HOUR * SECOND + HOUR * SECOND // 2
    world.restart()
    (view,) = world.store.alerts.values()
    assert (view.alert.thing, view.alert.kind) == ("", "missed")
    assert view.alert.text.startswith("8 intervals of 2 DAGs will not be run by themselves")
    assert view.alert.command == "segue backfill d 2024-10-04T00:00..2024-10-04T03:00"
    assert len(view.alert.causes) == 2


def test_who_waits_a_whole_interval_for_the_slot_before_is_told_of():
    world = planned(clocked(task("a", depends_on_past=True), every=hourly(), max_active_runs=4))
    until(world, 0, 1)
    world.end("a", outcome=BOOM, run=run_of(world))
    until(world, 0, 2.9)
    alerts = until(world, 0, 3)
    assert [(alert.thing, alert.kind, alert.task) for alert in alerts] == [("d@2024-10-04T01:00", "past", "a")]


def test_a_dag_that_is_renamed_takes_its_deadlines_along():
    world = planned(clocked(task("a"), deadline_at=8 * 60))
    until(world, 0, 12)
    world.define(structs.replace(clocked(task("a"), deadline_at=8 * 60), id="e", renamed_from="d"))
    assert [alert.dag for alert in until(world, 1, 9)] == ["e"]


def renamed(world: World) -> Defined:
    spec = structs.replace(clocked(task("b"), deadline_at=8 * 60), id="e", renamed_from="d")
    return Defined("", "dags.py", (Definition(spec, "other", "", "b"),))


def test_a_dag_that_is_edited_and_renamed_in_one_turn_keeps_one_deadline():
    world = planned(clocked(task("a"), deadline_at=8 * 60))
    until(world, 0, 12)
    edited = clocked(task("b"), deadline_at=8 * 60)
    world.send(Defined("", "dags.py", (Definition(edited, "new", "", "b"),)), renamed(world))
    assert [alert.dag for alert in until(world, 1, 9)] == ["e"]


def test_a_dag_that_is_renamed_while_the_store_is_asked_is_no_error():
    world = planned(clocked(task("a"), deadline_at=8 * 60))
    until(world, 1, 3)
    world.end("a", outcome=BOOM, run=run_of(world))
    world.now = MIDNIGHT + DAY + 8 * HOUR * SECOND
    world.step()
    assert world.asks
    world.send(renamed(world))
    assert "e" in world.engine._board.dags
    assert world.of(AlertRaised) == []


def test_the_last_slot_of_a_dag_has_a_deadline_too():
    world = planned(clocked(task("a"), deadline_at=8 * 60, end=MIDNIGHT + DAY))
    assert [alert.key for alert in until(world, 5, 0)] == ["2024-10-04"]
    world.define(clocked(task("b"), deadline_at=8 * 60, end=MIDNIGHT + DAY))
    assert until(world, 6, 0) == []


def test_two_tasks_with_one_deadline_are_two_alerts_and_one_question():
    more = {"deadline": 2 * HOUR * SECOND}
    world = planned(clocked(task("a", **more), task("b", **more)))
    until(world, 1, 3)
    world.now = MIDNIGHT + DAY + 4 * HOUR * SECOND
    world.step()
    assert [ask.key for ask in world.asks] == ["2024-10-04"]
    world.step()
    assert raised(world) == [("d@2024-10-04/a", "deadline"), ("d@2024-10-04/b", "deadline")]


def test_a_dag_whose_promises_cannot_be_kept_stops_no_other():
    broken = clocked(task("a"), id="broken", deadline_at=8 * 60, timezone="No/Where")
    world = planned(broken, clocked(task("a"), id="sound", deadline_at=8 * 60))
    alerts = until(world, 1, 9)
    assert [(alert.dag, alert.kind) for alert in alerts] == [("sound", "deadline")]
    assert {key.run.dag for key in world.alive} == {"sound"}
