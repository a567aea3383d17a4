"""Intervals as a calendar: months, hours or a list; every state has a mark of its own, with colours and without."""

import pytest
from rich.console import Console

from segue.cli.output import STYLES
from segue.cli.slots import calendar, legend
from segue.model.interval import slot_key
from segue.model.moment import parse_moment
from segue.model.spec import DagSpec
from segue.schedule.declare import cron, daily, hourly, weekly
from segue.schedule.slot import Bounds
from segue.schedule.slots import slots_between
from segue.show.slots import Ledger, SlotCell

ZONE = "America/Los_Angeles"
SHOWN = ("missing", "running", "fresh", "stale", "held", "failed", "skipped", "retired")


def lines_of(*renderables, width=100):
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        for one in renderables:
            console.print(one, soft_wrap=True)
    return [line.rstrip() for line in capture.get().splitlines()]


def ledger(schedule, first, last, states=(), cut=False):
    spec = DagSpec("orders", schedule=schedule.to_data(), timezone=ZONE)
    slots = slots_between(schedule, Bounds(zone=ZONE, start=parse_moment(first, ZONE)), first, last)
    named = dict(states)
    cells = []
    for slot in slots:
        key = slot_key(slot.start, slot.end, ZONE)
        state = next((named[part] for part in named if key.startswith(part)), "fresh")
        cells.append(
            SlotCell((slot.start, slot.end), ZONE, state, None if state == "missing" else f"orders@{key}", None, 3)
        )
    return Ledger(spec, tuple(cells), "", cut)


def test_a_daily_dag_is_shown_as_months():
    marks = {f"2026-04-{day:02}": state for day, state in enumerate(SHOWN, 1)}
    assert lines_of(calendar(ledger(daily(), "2026-04-01", "2026-04-30", marks.items()), 80)) == [
        "           April 2026",
        "   Mo  Tu  We  Th  Fr  Sa  Su",
        "            1○  2●  3✓  4~  5‖",
        "    6✗  7–  8▫  9✓ 10✓ 11✓ 12✓",
        "   13✓ 14✓ 15✓ 16✓ 17✓ 18✓ 19✓",
        "   20✓ 21✓ 22✓ 23✓ 24✓ 25✓ 26✓",
        "   27✓ 28✓ 29✓ 30✓",
    ]


def test_months_stand_side_by_side_as_far_as_there_is_room():
    quarter = ledger(daily(), "2026-04-01", "2026-06-30")
    assert len(lines_of(calendar(quarter, 100))) == 7
    assert len(lines_of(calendar(quarter, 70))) == 7 + 1 + 7
    assert len(lines_of(calendar(quarter, 40))) == 3 * 7 + 2
    assert max(map(len, lines_of(calendar(quarter, 70)))) <= 70


def test_a_day_without_an_interval_has_no_mark():
    lines = lines_of(calendar(ledger(cron("0 6 * * 1-5"), "2026-04-06", "2026-04-11"), 80))
    assert lines[3] == "    6✓  7✓  8✓  9✓ 10✓ 11  12"


def test_an_hourly_dag_is_shown_as_days_with_hours_and_an_autumn_night_has_two_in_one():
    night = ledger(hourly(), "2026-10-31", "2026-11-01", {"2026-11-01T01:00-08:00": "failed"}.items())
    assert lines_of(calendar(night, 80)) == [
        "              0     3     6     9     12    15    18    21",
        "  2026-10-31  " + "✓ " * 23 + "✓",
        "  2026-11-01  ✓ ✓✗" + "✓ " * 21 + "✓",
    ]


def test_a_spring_night_has_an_hour_without_an_interval():
    (_, line) = lines_of(calendar(ledger(hourly(), "2026-03-08", "2026-03-08"), 80))
    assert line == "  2026-03-08  ✓ ✓   ✓ " + "✓ " * 19 + "✓"


def test_of_many_intervals_in_an_hour_the_worst_is_shown_and_said_so():
    bad = {"2026-04-01T00:05": "running", "2026-04-01T00:10": "failed", "2026-04-01T02:55": "missing"}
    head, line, note = lines_of(calendar(ledger(cron("*/5 * * * *"), "2026-04-01", "2026-04-01", bad.items()), 80))
    assert line == "  2026-04-01  ✗ ✓ ○ " + "✓ " * 20 + "✓"
    assert note.strip() == "each mark is the worst of up to 12 intervals of that hour"


def test_weeks_are_a_list():
    lines = lines_of(calendar(ledger(weekly(), "2026-04-06", "2026-04-13", {"2026-04-13": "missing"}.items()), 80))
    assert [line.split() for line in lines] == [
        ["interval", "until", "state", "run", "version"],
        ["2026-04-06", "2026-04-13", "00:00:00-07:00", "✓", "fresh", "orders@2026-04-06", "3"],
        ["2026-04-13", "2026-04-20", "00:00:00-07:00", "○", "missing", "3"],
    ]


def test_a_long_list_is_a_line_for_each_stretch():
    lines = lines_of(calendar(ledger(weekly(), "2024-01-01", "2026-04-13", {"2025-": "failed"}.items()), 80))
    assert [line.split() for line in lines[1:]] == [
        ["2024-01-01", "2024-12-30", "53", "✓", "fresh"],
        ["2025-01-06", "2025-12-29", "52", "✗", "failed"],
        ["2026-01-05", "2026-04-13", "15", "✓", "fresh"],
    ]


# ------------------------------------------------------------------------------------------------------- what is recent
def test_without_a_range_half_a_year_is_shown_and_what_came_before_is_summed_up():
    year = ledger(daily(), "2025-04-01", "2026-04-30", {"2025-05-01": "failed"}.items())
    first, _, head, *_ = lines_of(calendar(year, 100, whole=False))
    assert first == "  earlier: 213 fresh, 1 failed: segue slots orders 2025-04-01..2025-10-31"
    assert head.split() == ["November", "2025", "December", "2025", "January", "2026"]
    assert lines_of(calendar(year, 100))[0].split()[:2] == ["April", "2025"]


def test_without_a_range_a_month_of_hours_and_sixty_lines_of_a_list_are_shown():
    hours = lines_of(calendar(ledger(hourly(), "2026-04-01", "2026-05-10"), 80, whole=False))
    assert hours[0] == "  earlier: 216 fresh: segue slots orders 2026-04-01..2026-04-09"
    assert len(hours) == 2 + 1 + 31
    weeks = lines_of(calendar(ledger(weekly(), "2024-01-01", "2026-04-13"), 80, whole=False))
    assert weeks[0] == "  earlier: 60 fresh: segue slots orders 2024-01-01..2025-02-17"
    assert len(weeks) == 2 + 1 + 60


def test_a_past_that_is_too_long_to_be_read_says_how_to_see_it():
    lines = lines_of(calendar(ledger(daily(), "2026-04-01", "2026-04-30", cut=True), 80, whole=False))
    assert lines[0] == "  older intervals are too many to show: segue slots orders FROM..TO"


# -------------------------------------------------------------------------------------------------------------- legend
def test_the_legend_counts_the_states_and_names_the_command_that_fills_the_holes():
    marks = {f"2026-04-{day:02}": state for day, state in enumerate(SHOWN, 1)}
    assert lines_of(*legend(ledger(daily(), "2026-04-01", "2026-04-30", marks.items())), width=40) == [
        "  ✓ 23 fresh   ● 1 running   ~ 1 stale   ‖ 1 held   ✗ 1 failed   ○ 1 missing   – 1 skipped   ▫ 1 retired",
        "  to fill them: segue backfill orders 2026-04-01..2026-04-06 --only missing,failed,stale",
    ]


def test_what_will_run_by_itself_is_said_apart():
    cell = SlotCell((parse_moment("2026-04-01", ZONE), parse_moment("2026-04-02", ZONE)), ZONE, "missing", waits=True)
    spec = DagSpec("orders", schedule=daily().to_data(), timezone=ZONE)
    assert lines_of(*legend(Ledger(spec, (cell,), ""))) == [
        "  ○ 1 missing", "  1 of the missing will be run by itself, as soon as there is room",
    ]  # fmt: skip


@pytest.mark.parametrize("schedule", [daily(), hourly(), weekly()])
def test_every_state_can_be_told_without_colours(schedule):
    assert len({STYLES[state][0] for state in SHOWN}) == len(SHOWN)
    shown = {
        state: "\n".join(lines_of(calendar(ledger(schedule, "2026-04-06", "2026-04-06", {"2026": state}.items()), 80)))
        for state in SHOWN
    }
    assert len(set(shown.values())) == len(SHOWN)
