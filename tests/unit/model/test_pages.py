from segue.model.alerts import Alert
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.pages import STATE_CODES, LoadView, place_of_alert, place_of_run
from segue.model.state import RunState, TaskState
from segue.model.views import AlertView, RunView


def test_every_state_has_a_letter_of_its_own():
    assert set(STATE_CODES) == set(TaskState)
    assert {len(code) for code in STATE_CODES.values()} == {1}
    assert len(set(STATE_CODES.values())) == len(STATE_CODES)


def test_a_run_has_a_place_in_every_order():
    row = RunRow(RunKey("d", "k", 1), "r", 1, "b")
    view = RunView(7, row, RunState.SUCCESS, started=Instant(10), ended=Instant(15))
    assert (place_of_run(view), place_of_run(view, "oldest"), place_of_run(view, "longest")) == ((0, 7), (0, 7), (5, 7))
    assert place_of_run(RunView(8, row, RunState.QUEUED), "longest") == (0, 8)


def test_an_alert_has_a_place():
    alert = Alert("d@k", "failed", Instant(3), "d")
    assert place_of_alert(AlertView(alert, Instant(9))) == (9, "d@k", "failed", 3)


def test_load_says_how_many_wait():
    assert LoadView(tasks=((TaskState.QUEUED, 3), (TaskState.RUNNING, 1))).queued == 3
    assert LoadView().queued == 0
