"""Figures drawn from the newest attempts and runs."""

import pytest

from segue.model.ids import Instant, RunKey
from segue.model.pages import PulseView, RunMark
from segue.model.state import AttemptState, RunState
from segue.show.views.statistics import failures, recoveries, sample_of, seconds_at, success_ratio, waits

SECOND = 1_000_000


def pulse(created, began=None, ended=None, state=AttemptState.SUCCESS, cause="", dag="d", kind="user"):
    times = [None if one is None else Instant(one * SECOND) for one in (created, began, ended)]
    return PulseView(dag, state, cause, kind, *times, None, None, "w")


def mark(number, state, ended, dag="d"):
    end = None if ended is None else Instant(ended * SECOND)
    return RunMark(number, RunKey(dag, f"k{number}", 1), state, "manual", None, Instant(0), Instant(0), end, 1)


# -------------------------------------------------------------------------------------------------------------- samples
def test_to_a_window_belongs_what_ended_in_it_or_goes_on():
    long, over, on = pulse(1, 2, 50), pulse(1, 2, 9), pulse(3, 4, None, AttemptState.RUNNING)
    edge = pulse(1, 2, 10)
    sample = sample_of([on, long, edge, over], Instant(10 * SECOND), 100)
    assert list(sample.pulses) == [on, long, edge]
    assert (sample.since, sample.complete) == (10 * SECOND, True)


def test_where_more_attempts_than_were_read_lie_in_a_window_it_begins_later():
    newest = [pulse(40, 41, 42), pulse(30, 31, 32), pulse(20, 21, 22)]
    sample = sample_of(newest, Instant(10 * SECOND), 3)
    assert (sample.since, sample.complete) == (20 * SECOND, False)
    assert sample_of(newest, Instant(10 * SECOND), 4).complete, "fewer than were asked for: there are no others"
    assert sample_of(newest, Instant(25 * SECOND), 3).complete, "the oldest that was read lies before it"


# --------------------------------------------------------------------------------------------------------------- waits
def test_only_code_of_tasks_that_has_begun_has_waited():
    assert waits([pulse(1, 3, 5), pulse(1), pulse(1, 2, 3, kind="hook")]) == [2 * SECOND]


@pytest.mark.parametrize(
    ("count", "percent", "found"),
    [
        (1, 50, 1),
        (2, 50, 1),
        (3, 50, 2),
        (4, 50, 2),
        (10, 90, 9),
        (10, 95, 10),
        (100, 95, 95),
        (100, 99, 99),
        (99, 99, 99),
    ],
)
def test_a_percentile_is_the_smallest_that_so_many_do_not_exceed(count, percent, found):
    assert seconds_at([n * SECOND for n in range(count, 0, -1)], percent) == found
    assert seconds_at([], percent) is None


# ------------------------------------------------------------------------------------------------------------ failures
def test_failures_are_counted_by_kind_and_all_but_the_most_frequent_together():
    bad = AttemptState.FAILED
    many = [pulse(1, 1, 1, bad, "ValueError")] * 3 + [pulse(1, 1, 1, bad, "KeyError", dag="e")] * 2
    rest = [pulse(1, 1, 1, AttemptState.LOST), pulse(1, 1, 1, bad, "OSError"), pulse(1, 1, 1, AttemptState.CANCELLED)]
    found = failures(many + rest, 2)
    assert found == {("d", "ValueError"): 3, ("e", "KeyError"): 2, ("d", "other"): 2}
    assert failures([pulse(1, 1, 1, AttemptState.LOST)], 2) == {("d", "lost"): 1}


# ---------------------------------------------------------------------------------------------------------------- runs
def test_what_somebody_cancelled_is_neither_good_nor_bad():
    states = (RunState.SUCCESS, RunState.SUCCESS, RunState.FAILED, RunState.CANCELLED, RunState.CANCELLED)
    assert success_ratio(mark(n, state, n) for n, state in enumerate(states, 1)) == pytest.approx(2 / 3)
    assert success_ratio([mark(1, RunState.CANCELLED, 1)]) is None


def test_to_recover_takes_from_the_first_failure_to_the_next_good_run():
    good, bad = RunState.SUCCESS, RunState.FAILED
    ends = [
        mark(9, good, 100), mark(8, bad, 60, "e"), mark(7, good, 50, "e"), mark(6, good, 40),
        mark(5, RunState.CANCELLED, 35), mark(4, bad, 30), mark(3, bad, 20), mark(2, good, 10), mark(1, bad, None),
    ]  # fmt: skip
    assert recoveries(ends) == {"d": [20 * SECOND]}, "e has not recovered, and went well before it failed"
