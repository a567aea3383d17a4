"""S86: overview: every DAG with recent status, failures needing attention, coming runs (the API's part)."""

import pytest

from tests.unit.engine.driver import BOOM, GOOD
from tests.unit.show.api.reading_room import Room, furnished


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = furnished(tmp_path_factory.mktemp("room"), sqlite=True)
    yield room
    room.close()


def test_every_dag_stands_there_with_its_recent_runs(room):
    told = {one["dag_id"]: one for one in room.json("/overview?runs=3")["dags"]}
    assert set(told) == {"orders", "quiet", "stocks"}
    assert [mark["state"] for mark in told["orders"]["marks"]] == ["running", "running", "held"]
    assert [mark["state"] for mark in told["quiet"]["marks"]] == ["success"]
    assert told["stocks"]["marks"] == [] and told["stocks"]["paused"]


def failed(room):
    return [one["run_id"] for one in room.json("/overview")["attention"] if one["sort"] == "failed"]


def test_failures_that_need_attention_come_first_with_what_helps(room):
    failed = [one for one in room.json("/overview")["attention"] if one["sort"] == "failed"]
    assert [one["run_id"] for one in failed] == [room.again, room.failed]
    assert all(one["text"] == "boom" and one["task"] == "a" and one["affected"] == 3 for one in failed)
    assert [one["command"] for one in failed] == [f"segue retry {one['run_id']}" for one in failed]


def test_what_is_held_waits_for_a_person_and_what_is_missing_names_its_command(room):
    sorts = {one["sort"]: one for one in room.json("/overview")["attention"]}
    assert sorts["held"]["run_id"] == room.held
    assert sorts["missing"]["command"].startswith("segue backfill orders ")


def test_coming_runs_stand_in_order_with_how_long_they_take(room):
    (coming,) = room.json("/overview?hours=72")["coming"]
    assert (coming["dag_id"], coming["count"]) == ("orders", 3)
    assert coming["due"] < coming["last"] and coming["expected_seconds"] is not None


def test_a_failure_that_was_mended_needs_nobody(tmp_path):
    room = Room(tmp_path)
    run = str(room.world.trigger("quiet"))
    room.world.end("only", outcome=BOOM)
    room.open()
    assert failed(room) == [run]
    room.world.retry()
    room.world.end("only", outcome=GOOD)
    assert failed(room) == []
    room.close()
