"""S87: DAG page: run history with duration trend, task states and times, errors, logs (the API's part)."""

import pytest

from segue.model.ids import AttemptKey
from tests.unit.engine.driver import BOOM, DAY, SECOND, dag, task
from tests.unit.show.api.reading_room import SEVEN, Room


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = Room(tmp_path_factory.mktemp("room"), dag(task("extract"), task("load", "extract"), id="sales"), sqlite=True)
    world = room.world
    for length in (10, 20, 30, 40, 100):
        run = world.trigger("sales", 900 + length)
        for name in ("extract", "load"):
            world.start(name)
            world.now += length * SECOND
            world.end(name, outcome=SEVEN, began=length)
    room.bad = world.trigger("sales", 899)
    world.start("extract")
    world.now += 5 * SECOND
    room.log(AttemptKey(room.bad, "extract", None, 1), "connecting", ("ERROR", "boom", {"host": "db"}))
    world.end("extract", outcome=BOOM, began=5)
    world.now += DAY
    room.last = run
    yield room.open()
    room.close()


def test_the_history_of_runs_has_states_and_times(room):
    runs = room.json("/runs?dag=sales")["items"]
    assert [one["state"] for one in runs] == ["failed", *["success"] * 5]
    assert [one["seconds"] for one in runs] == [5.0, 200.0, 80.0, 60.0, 40.0, 20.0]


def test_the_trend_of_durations_has_median_and_p90(room):
    trend = room.json("/dags/sales/trend")
    assert [point["seconds"] for point in trend["points"]] == [20.0, 40.0, 60.0, 80.0, 200.0, 5.0]
    assert (trend["median_seconds"], trend["p90_seconds"], trend["good"]) == (60.0, 200.0, 5)
    tasks = {one["task_id"]: (one["median_seconds"], one["p90_seconds"]) for one in trend["tasks"]}
    assert tasks == {"extract": (30.0, 100.0), "load": (30.0, 100.0)}


def test_tasks_of_a_run_have_states_and_times(room):
    tasks = room.json(f"/runs/{room.last}")["tasks"]
    assert [(one["task_id"], one["state"], one["seconds"]) for one in tasks] == [
        ("extract", "success", 100.0), ("load", "success", 100.0),
    ]  # fmt: skip
    assert all(one["started_at"] < one["ended_at"] for one in tasks)


def test_the_grid_shows_every_task_of_every_run(room):
    grid = room.json("/dags/sales/grid")
    assert [row["task_id"] for row in grid["rows"]] == ["extract", "load"]
    assert [[grid["letters"][code] for code in one["codes"]] for one in grid["columns"]] == [
        ["failed", "upstream_failed"], *[["success", "success"]] * 5,
    ]  # fmt: skip


def test_an_error_leads_to_its_log(room):
    run = room.json(f"/runs/{room.bad}")
    assert run["culprits"] == [{"task_id": "extract", "map_index": None, "reason": "boom"}]
    (attempt,) = run["attempt_list"]
    lines = room.json(f"/attempts/{attempt['attempt_id']}/log")["lines"]
    assert [(line["stream"], line["level"], line["msg"]) for line in lines] == [
        ("out", None, "connecting"), ("log", "ERROR", "boom"),
    ]  # fmt: skip
