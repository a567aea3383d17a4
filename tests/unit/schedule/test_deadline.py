"""The instant by which a run or task is to be done."""

from segue.model.duration import microseconds
from segue.model.moment import parse_moment
from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.schedule.deadline import deadline_of

ZONE = "America/Los_Angeles"


def at(text):
    return parse_moment(text, ZONE)


def test_a_duration_counts_from_the_instant_at_which_the_run_is_due():
    assert deadline_of(DagSpec("d", deadline=microseconds("2h")), at("2026-04-02T02:00")) == at("2026-04-02T04:00")


def test_a_time_of_day_is_the_first_such_one_at_or_after_that_instant():
    spec = DagSpec("d", timezone=ZONE, deadline_at=8 * 60)
    assert deadline_of(spec, at("2026-04-02T02:00")) == at("2026-04-02T08:00")
    assert deadline_of(spec, at("2026-04-02T08:00")) == at("2026-04-02T08:00")
    assert deadline_of(spec, at("2026-04-02T08:01")) == at("2026-04-03T08:00")


def test_a_time_of_day_that_a_change_of_clocks_leaves_out_is_the_first_instant_after_it():
    spec = DagSpec("d", timezone=ZONE, deadline_at=2 * 60 + 30)
    assert deadline_of(spec, at("2026-03-08T00:00")) == at("2026-03-08T03:00")


def test_a_task_has_only_the_deadline_of_its_own():
    spec = DagSpec("d", deadline=microseconds("2h"))
    assert deadline_of(spec, at("2026-04-02T02:00"), TaskSpec("t")) is None
    late = TaskSpec("t", Rules(deadline=microseconds("30m")))
    assert deadline_of(spec, at("2026-04-02T02:00"), late) == at("2026-04-02T02:30")


def test_without_a_deadline_there_is_none():
    assert deadline_of(DagSpec("d"), at("2026-04-02T02:00")) is None
