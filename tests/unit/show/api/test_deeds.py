"""What a body says reaches the act that the owner is asked for, word by word, the oldest run first."""

from segue.model.acts import CancelRun, MarkTask, RejectTask, ReleaseTask, RerunRun, RetryRun
from segue.model.events import Held
from tests.unit.engine.driver import BOOM, GOOD


def asked(office, path, runs, **body):
    """The acts that come of a body."""
    before = len(office.desk.asked)
    assert office("POST", f"/api/v1/runs/{path}", {"runs": runs, **body}).status in (200, 202, 409)
    return [request.act for request in office.desk.asked[before:]]


def test_a_retry_says_which_tasks_whether_only_these_and_whether_in_spite_of_what_may_not_run_twice(office):
    run = office.run("mine", 0, BOOM)
    (act,) = asked(office, "retry", [run], tasks=["a"], only=True, force=True)
    assert isinstance(act, RetryRun) and str(act.run) == run
    assert (act.tasks, act.only, act.force) == (("a",), True, True)
    (act,) = asked(office, "retry", [run])
    assert (act.tasks, act.only, act.force) == ((), False, False)


def test_a_rerun_says_from_where_whether_only_what_failed_and_whether_it_takes_the_place_of_what_runs(office):
    run = office.run("mine", 0, BOOM)
    (act,) = asked(office, "rerun", [run], tasks=["b"], replace=True)
    assert isinstance(act, RerunRun) and str(act.run) == run
    assert (act.cut, act.replace, act.failed) == (("b",), True, False)
    (act,) = asked(office, "rerun", [run], failed=True)
    assert (act.cut, act.replace, act.failed) == ((), False, True)


def test_a_cancel_says_whether_at_once(office):
    run = office.run("mine", 0)
    for now in (False, True):
        (act,) = asked(office, "cancel", [run], now=now)
        assert isinstance(act, CancelRun) and (str(act.run), act.now) == (run, now)


def test_a_mark_says_which_task_what_it_is_and_why(office):
    run = office.run("mine", 0)
    (act,) = asked(office, "mark", [run], task="a", state="skipped", reason="not today")
    assert isinstance(act, MarkTask) and str(act.run) == run
    assert (act.task, act.state, act.reason) == ("a", "skipped", "not today")


def test_a_release_says_why_and_whether_from_now_on_and_a_reject_why(office):
    runs = [office.run("mine", day, Held("empty", "0 rows", GOOD)) for day in range(3)]
    for run, from_now_on in zip(runs, (False, True), strict=False):
        (act,) = asked(office, "release", [run], reason="a bank holiday", from_now_on=from_now_on)
        assert isinstance(act, ReleaseTask)
        assert (str(act.run), act.task, act.reason) == (run, "a", "a bank holiday")
        assert act.from_now_on is from_now_on
    (act,) = asked(office, "reject", runs[2:], task="a", reason="half is missing")
    assert isinstance(act, RejectTask)
    assert (str(act.run), act.task, act.reason) == (runs[2], "a", "half is missing")


def test_of_several_runs_the_oldest_goes_first_whether_named_or_selected(office):
    runs = [office.run("mine", day, BOOM) for day in range(3)]
    office("POST", "/api/v1/runs/retry", {"select": {"dag": "mine", "states": ["failed"]}})
    assert [str(request.act.run) for request in office.desk.asked] == runs
