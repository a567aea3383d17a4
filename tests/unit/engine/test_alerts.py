from msgspec import structs

from segue.engine.alarm import Alarm
from segue.model.acts import MarkAlert, Silence
from segue.model.alerts import Alert
from segue.model.changes import AlertFolded, AlertRaised, Silenced
from segue.model.events import Cancelled, Deferred, Failure, Held, StartsRun, Value
from segue.model.ids import Instant
from segue.model.images import Step
from segue.model.limits import Limits
from tests.unit.engine.driver import BOOM, DAY, SECOND, World, dag, mapped, task

HELD = Held("empty", "no rows", Value(b"none"))
HOUR = 3_600


def planned(*specs, **more) -> World:
    return World(*specs, planning=True, **more)


def alerts(world: World) -> list[Alert]:
    """All alerts that were ever raised, each once."""
    return [view.alert for view in world.store.alerts.values()]


def raised(world: World) -> list[Alert]:
    """Those of the last call."""
    return [change.alert for change in world.of(AlertRaised)]


def folded(world: World) -> list[str]:
    return [change.text for change in world.of(AlertFolded)]


def failing(world: World, name: str = "d", day: int | None = None, label: str = "a") -> None:
    run = world.trigger(name, day)
    world.end(label, outcome=BOOM, run=run)


# ------------------------------------------------------------------------------------------------------------- failed
def test_a_task_that_failed_for_good_is_told_of_at_once_while_its_run_goes_on():
    world = planned(dag(task("a", owner="dana"), task("b"), task("c", "a"), owner="ops", alerts=("oncall",)))
    world.trigger(day=3)
    world.end("a", outcome=BOOM)
    assert world.run_state() == "running"
    (alert,) = raised(world)
    assert (alert.thing, alert.kind, alert.episode) == ("d@day-3", "failed", world.now)
    assert (alert.dag, alert.run, alert.task, alert.key) == ("d", world.last_run, "a", "day-3")
    assert (alert.owner, alert.channels, alert.command) == ("dana", ("oncall",), "segue retry d@day-3")
    assert alert.causes == (("a", "boom"),)
    assert alert.text == "a failed: boom; 1 task below it will not run as planned"
    world.end("b")
    assert world.run_state() == "failed"
    assert raised(world) == []
    assert folded(world) == []


def test_a_task_that_will_be_retried_is_no_news():
    world = planned(dag(task("a", retries=1), owner="ops"))
    world.trigger()
    world.end("a", outcome=BOOM)
    assert alerts(world) == []
    world.wait(60)
    world.end("a", outcome=BOOM)
    assert [alert.owner for alert in raised(world)] == ["ops"]


def test_what_is_never_retried_is_told_of_at_once():
    world = planned(dag(task("a", retries=3)))
    world.trigger()
    world.end("a", outcome=Failure("AuthenticationError", "password refused", retryable=False))
    (alert,) = raised(world)
    assert alert.text == "a failed: password refused; no retry: AuthenticationError is not retried"


def test_a_step_that_fails_is_the_flows_to_judge():
    world = planned(dag(task("body", kind="flow")))
    world.trigger()
    steps = (Step(task("s#1"), "m:s", b"", None, b""),)
    world.end("body", outcome=Deferred(steps, (1,)))
    world.end("s#1", outcome=BOOM)
    assert raised(world) == []
    world.end("body", outcome=Failure("StepFailed", "s#1 failed", retryable=False))
    (alert,) = raised(world)
    assert alert.text.startswith(f"{world.last_run} failed: ")


def test_who_plans_nothing_raises_nothing():
    world = World(dag(task("a")))
    failing(world)
    assert world.run_state() == "failed"
    assert alerts(world) == []


def test_more_failures_of_a_slot_fold_into_the_first():
    world = planned(dag(task("a"), task("b"), task("c", "a", "b")))
    run = world.trigger(day=1)
    world.end("a", outcome=BOOM)
    world.end("b", outcome=BOOM)
    assert folded(world) == ["d@day-1/b: boom"]
    assert world.retry().ok
    world.end("a", outcome=BOOM, run=run)
    assert len(alerts(world)) == 1


def test_each_day_is_an_episode_of_its_own():
    world = planned(dag(task("a")))
    failing(world, day=1)
    failing(world, day=2)
    assert [alert.thing for alert in alerts(world)] == ["d@day-1", "d@day-2"]


def test_a_good_run_ends_an_episode():
    world = planned(dag(task("a")))
    failing(world)
    begun = world.now
    world.trigger()
    world.end("a")
    (change,) = world.of(AlertFolded)
    assert (change.thing, change.episode, change.over) == ("d", begun, True)
    world.wait(10)
    failing(world)
    assert len(raised(world)) == 1


def test_a_good_run_of_what_never_failed_is_no_news():
    world = planned(dag(task("a")))
    world.trigger()
    world.end("a")
    assert world.of(AlertFolded) == []


def test_an_episode_ends_after_a_day_of_silence():
    world = planned(dag(task("a")))
    failing(world)
    world.now += DAY
    failing(world)
    assert raised(world) == []
    world.now += DAY + 1
    failing(world)
    assert len(raised(world)) == 1


def test_episodes_survive_a_restart():
    world = planned(dag(task("a")))
    failing(world)
    world.restart()
    failing(world)
    assert len(alerts(world)) == 1
    world.trigger()
    world.end("a")
    world.restart()
    world.wait(1)
    failing(world)
    assert len(alerts(world)) == 2


def test_a_backfill_that_fails_is_one_episode():
    world = planned(dag(task("a")))
    runs = [world.trigger(day=day) for day in (1, 2)]
    for run in runs:
        view = world.store.runs[run]
        world.store.runs[run] = structs.replace(view, row=structs.replace(view.row, backfill=7))
    world.restart()
    for run in runs:
        world.end("a", outcome=BOOM, run=run)
    assert [alert.thing for alert in alerts(world)] == ["d@backfill-7"]


def test_a_good_run_of_a_backfill_ends_the_episode_of_its_slot_and_not_the_backfills():
    world = planned(dag(task("a")))
    failing(world, day=1)
    first, second = world.trigger(day=1), world.trigger(day=2)
    for run in (first, second):
        view = world.store.runs[run]
        world.store.runs[run] = structs.replace(view, row=structs.replace(view.row, backfill=7))
    world.restart()
    world.end("a", outcome=BOOM, run=second)
    world.end("a", run=first)
    assert [(change.thing, change.over) for change in world.of(AlertFolded)] == [("d@day-1", True)]


def test_failures_on_one_connection_within_five_minutes_are_one_alert():
    specs = [dag(task("a", connections=(name,)), id=f"d{at}") for at, name in enumerate(["shop", "shop", "shop", "dw"])]
    world = planned(*specs)
    failing(world, "d0")
    world.now += 240 * SECOND
    failing(world, "d1")
    assert folded(world) == [f"{world.last_run}/a: boom"]
    failing(world, "d3")
    assert [alert.thing for alert in raised(world)] == ["d3"]
    world.now += 301 * SECOND
    failing(world, "d2")
    assert [alert.thing for alert in alerts(world)] == ["d0", "d3", "d2"]
    failing(world, "d1")
    assert folded(world) == [f"{world.last_run}/a: boom"]  # it goes on where it was folded


def test_a_task_that_waits_for_a_failed_run_folds_into_that_ones_alert():
    world = planned(dag(task("a"), id="child"), dag(task("p"), id="parent"))
    parent = world.trigger("parent")
    world.end("p", outcome=StartsRun("child", wait=True), run=parent)
    child = next(key.run for key in world.alive)
    world.end("a", outcome=BOOM, run=child)
    assert world.run_state(parent) == "failed"
    assert [alert.thing for alert in alerts(world)] == ["child"]
    assert folded(world) == [
        f"{parent}/p: run {child}, which it started, has ended as failed: `segue retry {child}` first"
    ]


def test_an_allowed_failure_is_no_news():
    world = planned(dag(task("a", allow_failure=True)))
    failing(world)
    assert world.run_state() == "success"
    assert alerts(world) == []


def test_a_teardown_that_fails_is_told_of():
    world = planned(dag(task("s", kind="setup"), task("t", "s", kind="teardown")))
    world.trigger()
    world.end("s")
    world.end("t", outcome=BOOM)
    assert world.run_state() == "success"
    assert [alert.task for alert in alerts(world)] == ["t"]


def test_a_cancelled_run_is_no_news():
    world = planned(dag(task("a")))
    world.trigger()
    key = world.word("a", BOOM)
    world.cancel()
    world.send(key)
    assert alerts(world) == []


def overdue(world: World) -> None:
    world.trigger()
    world.wait(100)
    world.end("a", outcome=Cancelled())


def test_a_run_that_reached_its_timeout_is_told_of():
    world = planned(dag(task("a"), timeout=100 * SECOND))
    overdue(world)
    (alert,) = alerts(world)
    assert (alert.text, alert.task) == (
        f"{world.last_run} failed: a: stopped by the timeout of its DAG, 1 min 40 s",
        "",
    )
    overdue(world)
    assert folded(world) == [f"{world.last_run} failed: a: stopped by the timeout of its DAG, 1 min 40 s"]


def test_a_failed_run_that_nobody_was_told_of_is_told_of_when_it_ends():
    world = World(dag(task("a"), task("b")))
    world.trigger()
    world.end("a", outcome=BOOM)
    world.planning = True
    world.restart()
    world.end("b")
    assert [(alert.text, alert.task) for alert in alerts(world)] == [(f"{world.last_run} failed: a: boom", "a")]


def test_a_storm_in_one_run_is_told_of_in_few_words():
    world = planned(dag(mapped("a", 40)))
    world.trigger()
    world.end(*(f"a[{at}]" for at in range(30)), outcome=BOOM)
    assert len(folded(world)) == 20
    world.now += 3_600 * SECOND
    world.end("a[30]", outcome=BOOM)
    assert folded(world) == [""]  # it goes on, no more


def test_episodes_go_on_under_the_new_id_of_a_dag():
    world = planned(dag(task("a", connections=("shop",))))
    failing(world, day=1)
    failing(world)  # on the same connection
    world.define(dag(task("a", connections=("shop",)), id="e", renamed_from="d"))
    world.now += 400 * SECOND
    failing(world, "e", day=1)
    assert len(folded(world)) == 1
    failing(world, "e")
    assert (len(folded(world)), [alert.thing for alert in alerts(world)]) == (1, ["e@day-1"])


def test_a_quarantined_dag_is_told_of():
    world = planned(dag(task("a"), mapped("n", "a"), owner="ops"))
    world.trigger()
    world.end("a", outcome=Value(b"v", length="long"))
    (alert,) = alerts(world)
    assert (alert.thing, alert.kind, alert.command) == ("d", "failed", "segue unpause d")
    assert alert.text.startswith("DAG d is quarantined: TypeError: ")


def test_a_dag_that_is_quarantined_while_its_failure_is_open_adds_to_it():
    world = planned(dag(task("a"), mapped("n", "a")))
    failing(world)
    world.trigger()
    world.end("a", outcome=Value(b"v", length="long"))
    assert [text[:19] for text in folded(world)] == ["DAG d is quarantine"]


def test_a_failure_of_what_is_quarantined_in_the_same_turn_is_told_of_once():
    world = planned(dag(task("a"), task("b"), mapped("n", "a")))
    world.trigger()
    world.send(world.word("b", BOOM), world.word("a", Value(b"v", length="long")))
    (alert,) = alerts(world)
    assert alert.text.startswith("DAG d is quarantined")
    assert folded(world) == []  # it is not what the store has


def test_episodes_of_long_ago_are_forgotten():
    alarm = Alarm()
    for at in range(150):
        alarm.open(Alert(f"d{at}", "failed", Instant(at), connections=("shop",)), Instant(at))
    later = Instant(DAY + 1_000)
    assert alarm.home_of("d3", (), Instant(1_000)) is not None
    for at in range(60):
        alarm.open(Alert(f"e{at}", "failed", later), later)
    assert alarm.close("d3") is None
    assert alarm.close("e3") is not None


# --------------------------------------------------------------------------------------------------------------- held
def held(world: World, *labels: str, outcome: Held = HELD) -> None:
    world.end(*labels, outcome=outcome)


def test_a_held_task_is_told_of_at_once_and_once_more():
    world = planned(dag(task("a", owner="dana"), alerts=("oncall",)))
    world.trigger(day=1)
    held(world, "a")
    since = world.now
    (alert,) = raised(world)
    assert (alert.thing, alert.kind, alert.episode) == ("d@day-1/a", "held", since)
    assert (alert.text, alert.command) == ("a is held: no rows", "segue release d@day-1 a --reason …")
    assert (alert.owner, alert.channels, alert.key) == ("dana", ("oncall",), "day-1")
    world.wait(HOUR)
    (alert,) = raised(world)
    assert (alert.thing, alert.episode) == ("d@day-1/a", since + HOUR * SECOND)
    assert alert.text == "a has been held for 1 h 00 min: no rows"
    world.wait(10 * HOUR)
    assert raised(world) == []


def test_how_soon_it_is_told_of_again_is_a_setting():
    world = planned(dag(task("a")), limits=Limits(hold_reminder=60 * SECOND))
    world.trigger()
    held(world, "a")
    world.wait(60)
    assert len(alerts(world)) == 2


def test_who_was_released_is_not_told_of_again():
    world = planned(dag(task("a")))
    world.trigger()
    held(world, "a")
    world.release("a")
    world.wait(HOUR)
    assert len(alerts(world)) == 1


def test_what_is_held_anew_is_told_of_anew():
    world = planned(dag(task("a")))
    world.trigger()
    held(world, "a", outcome=Held("empty", "no rows", Value(b"none"), b"staged"))
    world.wait(60)
    world.release("a")
    world.end("a", outcome=Failure("OSError", "no disk", retryable=False))
    assert [alert.text for alert in raised(world)] == ["a is held: it could not be published: no disk"]
    world.wait(HOUR - 30)
    assert raised(world) == []  # the first reminder is void
    world.wait(30)
    assert len(raised(world)) == 1


def test_held_items_of_a_mapped_task_are_one_alert():
    world = planned(dag(mapped("a", 3)))
    world.trigger()
    held(world, "a[0]", "a[2]")
    assert [alert.task for alert in alerts(world)] == ["a[0]"]
    world.release("a[0]")
    world.wait(HOUR)
    assert [alert.task for alert in alerts(world)] == ["a[0]", "a[2]"]


def test_what_is_held_is_told_of_again_also_by_a_new_owner():
    world = planned(dag(task("a")))
    world.trigger()
    held(world, "a")
    world.wait(60)
    world.restart()
    assert raised(world) == []
    world.wait(HOUR)
    assert len(alerts(world)) == 2
    world.restart()
    world.wait(2 * HOUR)
    assert len(alerts(world)) == 2


def test_what_a_foreground_owner_left_held_is_told_of():
    world = World(dag(task("a")))
    world.trigger()
    held(world, "a")
    world.planning = True
    world.restart()
    assert [alert.text for alert in alerts(world)] == ["a is held: no rows"]


# --------------------------------------------------------------------------------------------------------------- acts
def test_what_has_become_of_an_alert_is_written_down():
    world = planned(dag(task("a")))
    failing(world)
    (alert,) = alerts(world)
    answer = world.ask(MarkAlert(alert.thing, alert.kind, alert.episode, "oncall", "sent"))
    assert (answer.ok, answer.text) == (True, "failed at oncall: sent")
    ((view,),) = [one.deliveries for one in world.store.alerts.values()]
    assert (view.target, view.state, view.tries) == ("oncall", "sent", 1)


def test_a_selection_can_be_silenced_and_lifted():
    world = planned(dag(task("a")))
    assert world.ask(Silence("tag:x", Instant(world.now + 60 * SECOND), "noise")).text == (
        "no alert about tag:x is sent for 1 min 00 s"
    )
    (change,) = world.of(Silenced)
    assert (change.selection, change.actor, change.reason) == ("tag:x", "ana", "noise")
    assert world.ask(Silence("tag:x", Instant(world.now))).text == "alerts about tag:x are sent again"
