"""The ledger beside the time table: what is there, what is missing, what is retired."""

import msgspec
import pytest

from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.moment import DAY, HOUR, parse_moment
from segue.model.spec import DagSpec
from segue.model.state import SlotState
from segue.model.timing import Foretold, Timing
from segue.model.views import SlotView
from segue.schedule.declare import daily, every, hourly, weekly
from segue.show.slots import ledger_of
from segue.show.views.ahead import ledger_page

ZONE = "America/Los_Angeles"
S = SlotState
NOBODY = Timing(), Foretold()


def at(text, zone=ZONE):
    return parse_moment(text, zone)


def dag(schedule=None, start="2026-04-01", zone=ZONE):
    data = (daily(at="02:00") if schedule is None else schedule).to_data()
    return DagSpec("orders", schedule=data, start=start and at(start, zone), timezone=zone)


def row(day, state=S.FRESH, until=None):
    start = at(day)
    run = f"orders@{day}"
    return SlotView("orders", (start, until or Instant(start + DAY)), state, run, run, 3)


def states(ledger):
    return {cell.key: cell.state for cell in ledger.cells}


NOW = at("2026-04-05T02:00")


def test_s55_every_due_interval_shows_what_the_ledger_says_or_is_missing():
    rows = [row("2026-04-01"), row("2026-04-02", S.FAILED), row("2026-04-04", S.STALE)]
    ledger = ledger_of(dag(), NOBODY, rows, NOW)
    assert states(ledger) == {
        "2026-04-01": "fresh", "2026-04-02": "failed", "2026-04-03": "missing", "2026-04-04": "stale",
    }  # fmt: skip
    assert ledger.counts == {"fresh": 1, "failed": 1, "missing": 1, "stale": 1}
    assert (ledger.cells[0].run, ledger.cells[0].version, ledger.cells[2].run) == ("orders@2026-04-01", 3, None)


def test_an_interval_that_is_not_due_yet_is_not_shown():
    assert "2026-04-04" not in states(ledger_of(dag(), NOBODY, [], Instant(NOW - 1)))


def test_a_row_that_shows_missing_is_missing_like_one_that_is_not_there():
    queued = SlotView("orders", row("2026-04-02").slot, S.MISSING, "", None, 1)
    ledger = ledger_of(dag(), NOBODY, [queued], NOW)
    assert set(states(ledger).values()) == {"missing"}
    assert ledger.cells[1].run is None


def test_slots_of_a_schedule_that_is_gone_are_retired_and_not_missing():
    weeks = weekly()
    rows = [row("2026-04-01"), row("2026-04-06")]
    ledger = ledger_of(dag(weeks, start="2026-03-23"), NOBODY, rows, at("2026-04-06"))
    assert states(ledger) == {
        "2026-03-23": "missing", "2026-03-30": "missing", "2026-04-01": "retired", "2026-04-06": "retired",
    }  # fmt: skip
    gone = SlotView("orders", row("2026-04-01").slot, S.MISSING, "", None, 1)
    assert "retired" not in states(ledger_of(dag(weeks, start="2026-03-23"), NOBODY, [gone], NOW)).values()


def test_a_slot_before_a_start_that_was_moved_is_still_what_it_was():
    ledger = ledger_of(dag(start="2026-04-03"), NOBODY, [row("2026-04-01")], NOW)
    assert states(ledger) == {"2026-04-01": "fresh", "2026-04-03": "missing", "2026-04-04": "missing"}


def test_without_a_start_intervals_are_missed_from_the_first_run_or_the_clocks_beginning():
    free = dag(start=None)
    assert states(ledger_of(free, NOBODY, [], NOW)) == {}
    assert list(states(ledger_of(free, NOBODY, [row("2026-04-02")], NOW))) == ["2026-04-02", "2026-04-03", "2026-04-04"]
    enabled = Timing(enabled=at("2026-04-03T09:00")), Foretold()
    assert list(states(ledger_of(free, enabled, [], NOW))) == ["2026-04-03", "2026-04-04"]
    assert list(states(ledger_of(free, enabled, [row("2026-04-04")], NOW))) == ["2026-04-03", "2026-04-04"]


def test_a_dag_without_a_timetable_has_only_what_its_ledger_keeps():
    by_hand = DagSpec("orders", timezone=ZONE)
    assert states(ledger_of(by_hand, NOBODY, [], NOW)) == {}
    assert states(ledger_of(by_hand, NOBODY, [row("2026-04-02")], NOW)) == {"2026-04-02": "retired"}


def test_slots_of_a_timetable_of_the_users_own_are_those_foretold():
    slots = tuple((at(f"2026-04-0{n}"), at(f"2026-04-0{n}T12:00"), at(f"2026-04-0{n}T13:00")) for n in (3, 4, 5))
    own = DagSpec("orders", schedule=("custom", "shop:Market", "Market()"), timezone=ZONE)
    enabled = Timing(enabled=at("2026-04-03")), Foretold(slots)
    ledger = ledger_of(own, enabled, [], NOW)
    assert [cell.slot for cell in ledger.cells] == [slot[:2] for slot in slots[:2]]
    assert "Market()" in ledger.words


# -------------------------------------------------------------------------------------------------------------- ranges
def test_a_range_names_intervals_by_their_date_both_ends_included():
    rows = [row("2026-04-02"), row("2026-04-04")]
    ledger = ledger_of(dag(), NOBODY, rows, NOW, "2026-04-02..2026-04-03")
    assert list(states(ledger)) == ["2026-04-02", "2026-04-03"]
    assert len(ledger_of(dag(), NOBODY, [], at("2026-06-01"), "2026-04").cells) == 30
    assert states(ledger_of(dag(), NOBODY, rows, NOW, "2026-04-04...2026-04-09")) == {"2026-04-04": "fresh"}


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ("2026-04-03..2026-04-01", "runs backwards"),
        ("2026-04-03..", "is not a range"),
        ("soon", "is not a moment"),
        ("2026-03-01", "before the DAG's start"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(span, said):
    with pytest.raises(UsageError, match=said):
        ledger_of(dag(), NOBODY, [], NOW, span)


def test_more_intervals_than_can_be_shown_are_refused_or_left_out_of_the_past():
    seconds = dag(every("1m"), start="2026-01-01")
    with pytest.raises(UsageError, match="more than 20,000 intervals of orders: name a shorter range"):
        ledger_of(seconds, NOBODY, [], NOW, "2026-01..2026-04")
    ledger = ledger_of(seconds, NOBODY, [row("2026-01-02", until=at("2026-01-02T00:01"))], NOW)
    assert ledger.cut
    assert 20_000 <= len(ledger.cells) <= 20_002
    assert ledger.cells[-1].slot[1] == NOW
    assert not ledger_of(dag(), NOBODY, [], NOW).cut


# ------------------------------------------------------------------------------------------------------------ remedies
def test_one_command_fills_all_holes():
    rows = [row("2026-04-01"), row("2026-04-02", S.FAILED), row("2026-04-04", S.STALE)]
    assert ledger_of(dag(), NOBODY, rows[:1], NOW).remedy == "segue backfill orders 2026-04-02..2026-04-04"
    assert ledger_of(dag(), NOBODY, rows, NOW).remedy == (
        "segue backfill orders 2026-04-02..2026-04-04 --only missing,failed,stale"
    )
    assert ledger_of(dag(), NOBODY, [row("2026-04-01"), row("2026-04-03"), row("2026-04-04")], NOW).remedy == (
        "segue backfill orders 2026-04-02"
    )


def test_nothing_is_to_be_done_about_what_is_fresh_held_or_skipped_or_will_run_by_itself():
    rows = [row("2026-04-01"), row("2026-04-02", S.HELD), row("2026-04-03", S.SKIPPED)]
    clock = Timing("", at("2026-04-04"), at("2026-04-05"), at("2026-04-01")), Foretold()
    ledger = ledger_of(dag(), clock, rows, NOW)
    assert ledger.remedy == ""
    assert [cell.waits for cell in ledger.cells] == [False, False, False, True]
    clock = Timing("", at("2026-04-02"), at("2026-04-03"), at("2026-04-01")), Foretold()
    assert [cell.waits for cell in ledger_of(dag(), clock, rows[:1], NOW).cells] == [False, True, False, False]


def test_holes_of_a_dag_that_no_file_declares_any_more_cannot_be_filled():
    ledger = ledger_of(dag(), (Timing(retired=True), Foretold()), [], NOW)
    assert (len(ledger.cells), ledger.retired, ledger.remedy) == (4, True, "")


def test_holes_of_hours_are_filled_by_days():
    ledger = ledger_of(dag(hourly(), start="2026-04-01T22:00"), NOBODY, [], at("2026-04-02T01:00"))
    assert len(ledger.cells) == 3
    assert ledger.remedy == "segue backfill orders 2026-04-01..2026-04-02"


# ---------------------------------------------------------------------------------------------------------------- JSON
def test_as_json_every_interval_stands_with_its_instants_in_utc():
    found = msgspec.to_builtins(ledger_page(ledger_of(dag(), NOBODY, [row("2026-04-01")], at("2026-04-03T02:00"))))
    assert found["counts"] == {"fresh": 1, "missing": 1}
    assert found["command"] == "segue backfill orders 2026-04-02"
    assert found["slots"][0] == {
        "key": "2026-04-01", "start": "2026-04-01T07:00:00Z", "end": "2026-04-02T07:00:00Z", "state": "fresh",
        "run_id": "orders@2026-04-01", "last_good_run_id": "orders@2026-04-01", "version": 3, "waits": False,
    }  # fmt: skip


def test_the_two_hours_of_an_autumn_night_are_two_intervals():
    ledger = ledger_of(dag(hourly(), start="2026-11-01"), NOBODY, [], at("2026-11-01T04:00"))
    assert [cell.key[11:] for cell in ledger.cells] == [
        "00:00-07:00",
        "01:00-07:00",
        "01:00-08:00",
        "02:00-08:00",
        "03:00-08:00",
    ]
    assert ledger.cells[1].slot[1] - ledger.cells[1].slot[0] == HOUR
