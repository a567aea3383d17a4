"""What stands beside a run: the good one before it, newer ones of its interval, DAGs that wait for it."""

import pytest
from msgspec import structs

from segue.model.definition import Defined
from segue.model.events import Failure, Held, Value
from segue.model.value import encode
from segue.show.api.routing import encoded
from tests.unit.engine.driver import BOOM, DAY, dag, task
from tests.unit.show.api.office import NOW, SPARE
from tests.unit.show.api.reading_room import SEVEN, Room, usual_specs

FEW, MANY = (Value(encode(list(range(count))), length=count, digest=bytes([count])) for count in (3, 30))


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path).open()
    yield made
    made.close()


def orders(room, day, *outcomes):
    run = room.world.trigger("orders", NOW // DAY - SPARE + day)
    for name, outcome in zip(("a", "b", "each[0]", "each[1]", "each[2]"), outcomes, strict=False):
        room.world.end(name, outcome=outcome, run=run)
    return str(run)


# ------------------------------------------------------------------------------------------------------- the good one
def test_what_is_held_stands_beside_the_good_run_before_it_and_not_beside_a_later_one(room):
    before = orders(room, 0, SEVEN, MANY, SEVEN, SEVEN, SEVEN)
    held = orders(room, 1, SEVEN, Held("empty", "3 rows", FEW))
    orders(room, 2, SEVEN, FEW, SEVEN, SEVEN, SEVEN)
    (one,) = room.json(f"/runs/{held}/held")
    assert one["good_run_id"] == before
    assert one["differs"] == ["3 rows, 30 rows before (-90 %)"]
    assert room.json(f"/runs/{held}/diff")["old"] == before


def test_without_a_good_run_before_there_is_nothing_to_compare_with(room):
    held = orders(room, 1, SEVEN, Held("empty", "3 rows", FEW))
    orders(room, 2, SEVEN, FEW, SEVEN, SEVEN, SEVEN)
    (one,) = room.json(f"/runs/{held}/held")
    assert (one["good_run_id"], one["differs"]) == (None, [])
    assert room.see(f"/runs/{held}/diff").status == 404


def test_the_runs_of_an_interval_come_newest_first(room):
    first, second = orders(room, 0, BOOM), orders(room, 0, SEVEN)
    told = room.json(f"/runs?dag=orders&slot={first.partition('@')[2]}")["items"]
    assert [one["run_id"] for one in told] == [second, first]


# --------------------------------------------------------------------------------------------------------- DAGs beside
def test_a_dag_that_no_file_declares_any_more_waits_for_nothing(room):
    failed = orders(room, 0, BOOM)
    assert room.json(f"/runs/{failed}/blast")["dags"] == ["stocks"]
    room.world.define(structs.replace(usual_specs()[1], file="dags.py"))
    room.world.send(Defined("", "dags.py", gone=("stocks",)))
    assert room.json(f"/runs/{failed}/blast")["dags"] == []


def test_lists_of_what_comes_are_narrowed_by_owner_and_tag(room):
    for path in ("/next", "/forecasts", "/dags"):
        assert [one["dag_id"] for one in room.json(f"{path}?owner=lee")["items"]] == ["stocks"], path
        assert [one["dag_id"] for one in room.json(f"{path}?tag=retail")["items"]] == ["orders"], path
    assert [one["dag_id"] for one in room.json("/missing?owner=dana")["items"]] == ["orders"]
    assert room.json("/missing?owner=lee")["items"] == []


def test_why_of_one_task_is_not_that_of_another_that_begins_alike(tmp_path):
    room = Room(tmp_path, dag(task("a"), task("ab"), id="d")).open()
    run = room.world.trigger("d")
    assert [one["task"] for one in room.json(f"/runs/{run}/why?task=a")["tasks"]] == ["a"]
    room.close()


# -------------------------------------------------------------------------------------------------------------- denied
def test_what_a_selection_means_and_may_not_be_acted_on_is_written_down(room):
    orders(room, 0, BOOM)
    room.world.trigger("quiet")
    room.world.end("only", outcome=BOOM)
    room.principal("olaf", ("operator", "quiet"), ("viewer", "*"))
    body = {"select": {"dag": "*", "states": ["failed"]}}
    answer = room("POST", "/api/v1/runs/retry", body, "olaf").json
    (refused,) = answer["refused"]
    assert refused["object"].startswith("orders@") and len(answer["done"]) == 1
    assert [(who, what) for who, what, _ in room.gate.denied] == [("olaf", refused["object"])]


# ---------------------------------------------------------------------------------------------------------------- tags
@pytest.mark.parametrize("place", [0, 500, 9_999])
def test_an_answer_that_differs_anywhere_has_another_tag(place):
    items = ["same"] * 10_000
    first = encoded(items).headers["etag"]
    assert encoded(items, first).status_code == 304
    items[place] = "other"
    again = encoded(items, first)
    assert (again.status_code, again.headers["etag"] != first) == (200, True)


# --------------------------------------------------------------------------------------------------------------- alike
def test_errors_that_differ_in_numbers_only_are_the_same_and_so_many_are_told_as_were_asked_for(room):
    for day, text in enumerate(("no disk", "row 7 at 0x7f1a is bad", "row 12 at 0xffee is bad", "row 9 at 0x1 is bad")):
        run = orders(room, day, Failure("ValueError", text))
    told = room.json(f"/runs/{run}/alike")
    assert [(one["reason"].partition(" ")[0], one["same"]) for one in told] == [
        ("row", True), ("row", True), ("no", False),
    ]  # fmt: skip
    assert [one["same"] for one in room.json(f"/runs/{run}/alike?limit=1")] == [True]
