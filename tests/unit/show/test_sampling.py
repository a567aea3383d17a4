from dataclasses import dataclass

from segue.model.ids import Instant
from segue.model.pages import PulseView
from segue.model.state import AttemptState
from segue.show.sampling import Sampling

SECOND = 1_000_000
NOW = Instant(10_000 * SECOND)


@dataclass
class Shelf:
    """A store whose newest attempt ended a second before it is read."""

    reads: int = 0

    def pulses(self, limit):
        self.reads += 1
        end = Instant(NOW - SECOND)
        return [PulseView(f"read {self.reads}", AttemptState.SUCCESS, "", "user", end, end, end, None, None, "w")]


def read(sampling, shelf, after, window=60 * SECOND):
    return [one.dag for one in sampling.sample(shelf, Instant(NOW + after), window).pulses]


def test_what_was_read_is_used_for_five_seconds_and_then_read_anew():
    sampling, shelf = Sampling(), Shelf()
    assert [read(sampling, shelf, after) for after in (0, 5 * SECOND - 1, 5 * SECOND)] == [
        ["read 1"], ["read 1"], ["read 2"],
    ]  # fmt: skip
    assert shelf.reads == 2


def test_a_clock_that_was_set_back_makes_it_read_anew():
    sampling, shelf = Sampling(), Shelf()
    assert [read(sampling, shelf, after) for after in (0, -SECOND // 2)] == [["read 1"], ["read 2"]]


def test_each_window_is_cut_from_what_was_read_once():
    sampling, shelf = Sampling(), Shelf()
    assert read(sampling, shelf, 0) == ["read 1"]
    assert read(sampling, shelf, 0, window=SECOND // 2) == []
    assert shelf.reads == 1
