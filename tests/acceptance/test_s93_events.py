"""S93: every run and task attempt is a timestamped event with a state: queued, running, succeeded, failed, retrying."""

from datetime import datetime

import pytest

from tests.unit.engine.driver import BOOM, SECOND, dag, task
from tests.unit.show.api.reading_room import SEVEN, Room


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = Room(
        tmp_path_factory.mktemp("room"), dag(task("load", retries=1), task("send", "load"), id="d"), sqlite=True
    )
    world = room.world
    room.flaky = world.trigger("d")
    for outcome in (BOOM, SEVEN):
        world.start("load")
        world.now += SECOND
        world.end("load", outcome=outcome)
        world.wait(60)
    world.start("send")
    world.now += SECOND
    world.end("send", outcome=BOOM)
    yield room.open()
    room.close()


def events(room, **wanted):
    told = room.json(f"/runs/{room.flaky}/events?limit=200")["items"]
    return [one for one in told if all(one[name] == value for name, value in wanted.items())]


def test_a_run_goes_from_queued_over_running_to_its_end(room):
    assert [one["new"] for one in events(room, kind="run")] == ["queued", "running", "failed"]


def test_an_attempt_is_queued_runs_fails_waits_to_be_tried_again_and_succeeds(room):
    moves = events(room, kind="task", task="load")
    assert [(one["new"], one["attempt"]) for one in moves] == [
        ("queued", 1), ("running", 1), ("up_for_retry", 1), ("queued", 2), ("running", 2), ("success", 2),
    ]  # fmt: skip
    assert "attempt 2 of 2 starts in" in moves[2]["why"]
    states = [one["state"] for one in room.json(f"/runs/{room.flaky}/attempts?task=load")["items"]]
    assert states == ["failed", "success"]


def test_every_event_has_its_instant_and_its_place_in_the_order_of_commits(room):
    told = events(room)
    instants = [datetime.fromisoformat(one["at"]) for one in told]
    assert instants == sorted(instants) and all(at.utcoffset() is not None for at in instants)
    numbers = [one["seq"] for one in told]
    assert numbers == sorted(set(numbers))
    assert len(set(instants)) > 3


def test_every_move_of_a_task_says_why(room):
    assert all(one["why"] for one in events(room, kind="task"))
    assert [one["why"] for one in events(room, task="send")][-1].startswith("boom")


def test_the_events_of_a_dag_come_newest_first(room):
    numbers = [one["seq"] for one in room.json("/dags/d/events")["items"]]
    assert numbers == sorted(numbers, reverse=True)
    moves = room.json("/dags/d/events?kind=task")["items"]
    assert {one["kind"] for one in moves} == {"task"}
