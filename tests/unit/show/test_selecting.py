from datetime import UTC, datetime

import pytest

from segue.model.errors import UsageError
from segue.model.moment import instant_of
from segue.model.state import RunState
from segue.show.selecting import read_selection, read_since

NOW = instant_of(datetime(2026, 4, 10, 12, tzinfo=UTC))


def at(*words):
    return instant_of(datetime(*words, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("02:00", "UTC", at(2026, 4, 10, 2)),
        ("13:30", "UTC", at(2026, 4, 9, 13, 30)),
        ("02:00", "America/Los_Angeles", at(2026, 4, 10, 9)),
        ("2h", "UTC", at(2026, 4, 10, 10)),
        ("1d12h", "UTC", at(2026, 4, 9)),
        ("2026-04-01", "UTC", at(2026, 4, 1)),
        ("2026-04-01T05:30", "UTC", at(2026, 4, 1, 5, 30)),
    ],
)
def test_since_is_a_time_of_day_a_duration_or_a_moment(text, zone, instant):
    assert read_since(text, NOW, zone) == instant


@pytest.mark.parametrize("text", ["25:00", "soon", "2 hours", ""])
def test_since_that_is_none_of_them_shows_how_to_write_it(text):
    with pytest.raises(UsageError, match="write 02:00, 2h"):
        read_since(text, NOW, "UTC")


def test_states_may_be_joined_by_commas():
    assert read_selection({}, ["failed,held", "running"], NOW, "UTC").states == (
        RunState.FAILED, RunState.HELD, RunState.RUNNING,
    )  # fmt: skip


def test_an_unknown_state_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean failed?"):
        read_selection({}, ["fialed"], NOW, "UTC")


def test_a_selection_of_nothing_is_empty():
    assert read_selection({"dag": None}, None, NOW, "UTC").empty
    assert not read_selection({"dag": "a*"}, None, NOW, "UTC").empty
