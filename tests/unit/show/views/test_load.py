from segue.model.ids import Instant
from segue.model.pages import PulseView
from segue.model.state import AttemptState
from segue.show.views.load import points_of

STEP = 60_000_000
ENDS = [Instant(STEP * n) for n in range(1, 5)]


def pulse(created, began, ended, cpu=None, rss=None, kind="user"):
    scale = [None if one is None else Instant(int(one * STEP)) for one in (created, began, ended)]
    state = AttemptState.SUCCESS if ended else AttemptState.RUNNING
    return PulseView("d", state, "", kind, *scale, cpu, rss, "w")


def test_an_attempt_waits_then_runs_then_is_gone():
    points = points_of([pulse(0.5, 1.5, 3.5, rss=100)], ENDS, STEP, ENDS[-1])
    assert [one.queued for one in points] == [0.5, 0.5, 0, 0]
    assert [one.busy for one in points] == [0, 0.5, 1, 0.5]
    assert [one.memory for one in points] == [0, 50, 100, 50]
    assert [one.wait_p50_seconds for one in points] == [None, 60.0, None, None]
    assert [one.at for one in points][:2] == ["1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z"]


def test_what_has_not_begun_or_ended_counts_until_now():
    points = points_of([pulse(2.5, None, None), pulse(0, 0.5, None)], ENDS, STEP, ENDS[-1])
    assert [one.queued for one in points] == [0.5, 0, 0.5, 1]
    assert [one.busy for one in points] == [0.5, 1, 1, 1]


def test_what_was_stopped_before_it_began_waited_until_then_and_used_nothing():
    points = points_of([pulse(0.5, None, 1.5)], ENDS, STEP, ENDS[-1])
    assert [one.queued for one in points] == [0.5, 0.5, 0, 0]
    assert [one.busy for one in points] == [0, 0, 0, 0]


def test_of_the_waits_of_a_step_half_were_shorter_and_one_in_twenty_longer():
    points = points_of([pulse(0.9 - 0.1 * n, 0.9, 1) for n in range(1, 9)], ENDS, STEP, ENDS[-1])
    assert [round(wait) for wait in (points[0].wait_p50_seconds, points[0].wait_p95_seconds)] == [24, 48]


def test_cpu_is_spread_over_the_time_of_the_attempt_and_none_is_lost():
    points = points_of([pulse(0, 0.5, 2.5, cpu=STEP), pulse(0, 3, 3, cpu=STEP // 2)], ENDS, STEP, ENDS[-1])
    assert [one.cpu for one in points] == [0.25, 0.5, 0.25, 0.5]


def test_waits_of_hooks_and_of_what_began_before_the_window_do_not_count():
    points = points_of([pulse(0, 0.5, 1, kind="hook"), pulse(-3, -1, 2)], ENDS, STEP, ENDS[-1])
    assert all(one.wait_p50_seconds is None for one in points)
