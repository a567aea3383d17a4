"""What people can ask of every store."""

import pytest

from segue.model.changes import Expanded, SlotMoved
from segue.model.ids import Instant, RunKey
from segue.model.state import SlotState
from segue.model.views import RunQuery
from tests.contract.stores import (
    NOW,
    RUN,
    SPEC,
    A,
    R,
    T,
    attempt,
    begun_run,
    created,
    defined,
    moved,
    queued,
    stores,
    succeeded,
    task,
    write,
)

store = stores()
AGAIN = RunKey("daily", "2026-04-01", 2)
DOTTED = RunKey("daily", "v1.2", 1)
OTHER = RunKey("hourly", "2026-04-01T02:00-07:00", 1)


@pytest.fixture
def many(store):
    write(store, defined(), created(), created(AGAIN), created(DOTTED), created(OTHER, created=Instant(NOW + 9)))
    write(store, moved(AGAIN, R.QUEUED, R.RUNNING))
    return store.reader


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (RunQuery(), [OTHER, DOTTED, AGAIN, RUN]),
        (RunQuery(limit=2), [OTHER, DOTTED]),
        (RunQuery(dag="dai*"), [DOTTED, AGAIN, RUN]),
        (RunQuery(dag="hourly"), [OTHER]),
        (RunQuery(dag="hour"), []),
        (RunQuery(states=(R.RUNNING, R.HELD)), [AGAIN]),
        (RunQuery(since=Instant(NOW + 1)), [OTHER]),
    ],
)
def test_runs_are_found_by_what_they_are_newest_first(many, query, found):
    assert [view.run for view in many.runs(query)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("daily@2026-04-01", RUN),
        ("daily@2026-04-01.2", AGAIN),
        ("daily@v1.2", DOTTED),
        ("hourly@2026-04-01T02:00-07:00", OTHER),
        ("daily@latest", DOTTED),
        ("1", RUN),
        ("4", OTHER),
        ("5", None),
        ("daily@2026-04-01.3", None),
        ("nothing@latest", None),
        ("daily", None),
        ("9" * 25, None),
        ("9" * 5_000, None),
        ("١", None),
        ("daily@2026-04-01." + "9" * 25, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_run_is_found_by_every_name_people_give_it(many, text, found):
    view = many.find(text)
    assert (view and view.run) == found


def test_a_printed_id_finds_its_run(many):
    for view in many.runs():
        assert many.find(str(view.run)) == view
        assert many.find(str(view.number)) == view


def test_a_run_is_read_whole(store):
    begun_run(store, *queued(), Expanded(RUN, "load", 2, 1, NOW), *queued("load", 1))
    write(store, *succeeded())
    detail = store.reader.run(RUN)
    assert detail.spec == SPEC
    assert [(made.key.task, made.key.index, made.state) for made in detail.attempts] == [
        ("extract", None, A.SUCCESS),
        ("load", 1, A.QUEUED),
    ]
    assert detail.counts() == {T.SUCCESS: 1, T.PENDING: 2, T.QUEUED: 1}
    assert detail.begun() == {("extract", None): 1}


def test_a_map_over_nothing_is_one_entry(store):
    begun_run(store, Expanded(RUN, "load", 0, 1, NOW), task(T.PENDING, T.SKIPPED, "load"))
    assert [(entry.task, entry.state) for entry in store.reader.run(RUN).entries()] == [
        ("extract", T.PENDING),
        ("load", T.SKIPPED),
        ("report", T.PENDING),
    ]


def test_an_unknown_run_is_none(store):
    assert store.reader.run(RUN) is None
    assert store.reader.find("1") is None
    assert store.reader.attempts(RUN, "extract", None) == []
    assert store.reader.runs() == []
    assert store.reader.last_event() == 0


def test_attempts_of_a_task_come_in_order(store):
    begun_run(store, *queued())
    write(store, attempt(A.QUEUED, A.LOST, cause="signal", signal=9), task(T.QUEUED, T.UP_FOR_RETRY, losses=1))
    write(store, *queued(number=2, old=T.UP_FOR_RETRY))
    first, second = store.reader.attempts(RUN, "extract", None)
    assert (first.key.number, first.state, first.cause, first.signal, first.exit_code) == (1, A.LOST, "signal", 9, None)
    assert (second.key.number, second.state, second.began) == (2, A.QUEUED, None)


def test_events_are_read_by_cursor(store):
    begun_run(store, *queued())
    write(store, created(OTHER))
    numbers = [event.seq for event in store.reader.events()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert store.reader.last_event() == numbers[-1]
    assert [event.seq for event in store.reader.events(2)] == numbers[2:]
    assert [event.seq for event in store.reader.events(1, limit=1)] == [2]
    assert [event.kind for event in store.reader.events(0, run=OTHER)] == ["run"]
    assert {event.run for event in store.reader.events(0, run=RUN)} == {RUN}
    assert store.reader.events(numbers[-1]) == []


def test_an_event_says_what_moved_and_why(store):
    begun_run(store, *queued("load", 3))
    (event,) = store.reader.events(3)
    assert (event.kind, event.dag, event.run) == ("task", "daily", RUN)
    assert (event.task, event.index, event.attempt) == ("load", 3, 1)
    assert (event.old, event.new, str(event.why), event.at, event.epoch) == (
        T.PENDING, T.QUEUED, "its upstream is done", NOW, store.epoch,
    )  # fmt: skip
    first = store.reader.events()[0]
    assert (first.kind, first.dag, first.run, first.task, first.index) == ("version", "daily", None, None, None)


def test_slots_are_read_by_range(store):
    write(store, created())
    days = [(Instant(day * 10), Instant(day * 10 + 10)) for day in (3, 1, 2)]
    write(store, *(SlotMoved("daily", day, SlotState.FRESH, RUN, 1, NOW) for day in days))
    assert [view.slot for view in store.reader.slots("daily")] == sorted(days)
    assert [view.slot for view in store.reader.slots("daily", Instant(20), Instant(30))] == [days[2]]
    assert store.reader.slots("other") == []
