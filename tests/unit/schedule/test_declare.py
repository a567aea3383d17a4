import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from segue.model.errors import DefinitionError
from segue.schedule.cron import PRESETS
from segue.schedule.declare import cron, daily, every, hourly, listed, monthly, timetable_of, weekly
from segue.schedule.slot import Bounds
from segue.schedule.timetable import Calendar, Cron, Every, Listed, Once, timetable_from_data

DECLARED = [
    (cron("0 6 * * mon-fri"), ("cron", "0 6 * * MON-FRI"), "cron('0 6 * * MON-FRI')"),
    (cron("@daily"), ("cron", "0 0 * * *"), "cron('0 0 * * *')"),
    (cron(" @Once "), ("once",), "@once"),
    (every("90m"), ("every", 5_400_000_000, ""), "every(1 h 30 min)"),
    (every(timedelta(hours=1), anchor="2026-04-01T05"), ("every", 3_600_000_000, "2026-04-01T05"), "every(1 h 00 min)"),
    (every("1d", anchor=date(2026, 4, 1)), ("every", 86_400_000_000, "2026-04-01"), "every(1 d 00 h)"),
    (hourly(at=":10"), ("calendar", "hourly", 0, 10), "hourly(at=':10')"),
    (daily(at="02:00"), ("calendar", "daily", 0, 120), "daily(at='02:00')"),
    (weekly(), ("calendar", "weekly", 1, 0), "weekly('mon', at='00:00')"),
    (weekly("Sunday", at="23:59"), ("calendar", "weekly", 0, 1439), "weekly('sun', at='23:59')"),
    (monthly(28, at="06:00"), ("calendar", "monthly", 28, 360), "monthly(28, at='06:00')"),
    (
        listed([datetime(2026, 5, 1, tzinfo=UTC), "2026-04-01", "2026-04-01"]),
        ("listed", ("2026-04-01", "2026-05-01T00:00:00+00:00")),
        "listed(2026-04-01, 2026-05-01T00:00:00+00:00)",
    ),
    (
        cron("0 6 * * 1-5") | cron("0 12 * * 6") | every("1d") | cron("0 6 * * 1-5"),
        ("together", (("cron", "0 6 * * 1-5"), ("cron", "0 12 * * 6"), ("every", 86_400_000_000, ""))),
        "cron('0 6 * * 1-5') | cron('0 12 * * 6') | every(1 d 00 h)",
    ),
]


def lists(data):
    return [lists(part) for part in data] if isinstance(data, tuple) else data


@pytest.mark.parametrize(("timetable", "data", "text"), DECLARED)
def test_a_timetable_is_plain_data_and_comes_back_equal(timetable, data, text):
    assert timetable.to_data() == data
    assert timetable_from_data(data) == timetable == timetable_from_data(lists(data))
    assert hash(timetable_from_data(lists(data))) == hash(timetable)
    assert str(timetable) == text


def test_data_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'lunar'"):
        timetable_from_data(("lunar", 1))


def test_a_schedule_is_a_text_a_timetable_or_none():
    assert timetable_of("0 2 * * *") == Cron("0 2 * * *")
    assert timetable_of("@once") == Once()
    assert timetable_of(daily()) == daily()
    assert timetable_of(None) is None
    with pytest.raises(DefinitionError, match="schedule=5 is no timetable"):
        timetable_of(5)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_its_expression(preset):
    assert cron(preset) == cron(PRESETS[preset])


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("0 0 30 2 *", "never fires: .*the day field"),
        ("0 0 31 4,6,9,11 *", "never fires: .*the day field"),
        ("0 0 */31 * 1#2", "never fires"),  # the first of the month is never its second Monday
        ("0 0 * *", "4 fields"),
        ("0 0 0 * * *", "6 fields"),
        ("", "0 fields"),
        ("60 0 * * *", "the minute field"),
        ("0 24 * * *", "the hour field"),
        ("0 0 * 13 *", "the month field"),
        ("0 0 * * 8", "the weekday field"),
        ("0 0 * * FUN", "the weekday field"),
        ("*/0 * * * *", "the minute field"),
        ("5-1 * * * *", "the minute field"),
        ("@fortnightly", "@weekly"),
        (5, "1 fields"),
    ],
)
def test_an_expression_that_cannot_be_read_or_never_fires_is_refused(expression, reason):
    with pytest.raises(DefinitionError, match=reason) as caught:
        cron(expression)
    assert repr(expression) in str(caught.value)


@pytest.mark.parametrize(
    ("declare", "reason"),
    [
        (lambda: every("soon"), "every: 'soon' is not a duration"),
        (lambda: every("0s"), "every: '0s' is too short"),
        (lambda: every("1h", anchor="noon"), "every: 'noon' is not a moment"),
        (lambda: hourly(at="10"), "write ':10'"),
        (lambda: hourly(at=":60"), "write ':10'"),
        (lambda: daily(at="24:00"), "write '02:00'"),
        (lambda: daily(at="2am"), "write '02:00'"),
        (lambda: weekly("monkey"), "weekly: 'monkey' is not a weekday"),
        (lambda: weekly(at="6"), "weekly: at='6'"),
        (lambda: monthly(29), "from 1 to 28, not 29"),
        (lambda: monthly("1"), "from 1 to 28, not '1'"),
        (lambda: monthly(at="6"), "monthly: at='6'"),
        (lambda: listed(["2026-04-01"]), "two moments or more"),
        (lambda: listed("2026-04-01"), "listed: '2' is not a moment"),
    ],
)
def test_an_argument_that_cannot_be_read_is_refused_with_the_right_spelling(declare, reason):
    with pytest.raises(DefinitionError) as caught:
        declare()
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "pair", [(daily(), cron("0 6 * * *")), (cron("0 6 * * *"), monthly()), (cron("@once"), every("1h"))]
)
def test_what_does_not_run_from_tick_to_tick_does_not_combine(pair):
    with pytest.raises(DefinitionError, match="slots tile time"):
        pair[0] | pair[1]


def test_a_timetable_combines_with_timetables_only():
    with pytest.raises(TypeError):
        daily() | "0 6 * * *"


def test_the_classes_are_what_the_functions_make():
    assert cron("0 2 * * *") == Cron("0 2 * * *")
    assert every("1s") == Every(1_000_000)
    assert weekly("sat") == Calendar("weekly", 6, 0)
    assert listed(["2026-05", "2026-04"]) == Listed(("2026-04", "2026-05"))


@pytest.mark.parametrize(
    "expression",
    ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 */31 * MON#5", "0 0 */29 2 5L", "0 0 LW * */6", "0 0 LW * */7",
     "0 0 */31 * MON#3"],
)  # fmt: skip
def test_what_never_fires_is_refused_in_at_most_a_thousand_steps(expression):
    steps = 0

    def count(frame: object, event: str, value: object) -> None:
        nonlocal steps
        steps += event == "call"

    sys.setprofile(count)
    try:
        with pytest.raises(DefinitionError, match="field"):
            cron(expression)
    finally:
        sys.setprofile(None)
    assert 0 < steps <= 1000


@pytest.mark.parametrize(
    "expression",
    ["0 0 29 2 *", "0 0 LW * *", "0 0 L 2 */3", "0 0 */31 1 MON#1", "0 0 */29 1 5L", "0 0 * 2 MON#5", "0 0 30 2 MON",
     "0 0 31 2-3 *", "0 0 29 2 */7"],
)  # fmt: skip
def test_what_fires_rarely_is_no_error(expression):
    assert cron(expression).tick(0, Bounds()) is not None


def test_a_text_without_end_is_no_expression():
    with pytest.raises(DefinitionError, match="at most 200 characters"):
        cron("1," * 10_000 + "2 * * * *")
