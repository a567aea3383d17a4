"""S94: structured logs filter by date, DAG and own fields such as symbol."""

from datetime import date, timedelta

import pytest

from segue.model.ids import AttemptKey
from tests.unit.engine.driver import DAY, dag, task
from tests.unit.show.api.office import NOW
from tests.unit.show.api.reading_room import SEVEN, Room

TODAY = date(1970, 1, 1) + timedelta(NOW // DAY)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    specs = [dag(task("price"), id=name) for name in ("crypto", "stocks")]
    room = Room(tmp_path_factory.mktemp("room"), *specs, sqlite=True)
    for _ in range(2):
        for name in ("crypto", "stocks"):
            run = room.world.trigger(name)
            key = AttemptKey(run, "price", None, 1)
            for symbol in ("BTC", "ETH"):
                room.log(key, ("INFO", f"priced {symbol}", {"symbol": symbol, "venue": name}))
            room.log(key, "a line without fields")
            room.world.end("price", outcome=SEVEN, run=run)
        room.world.now += DAY
    yield room.open()
    room.close()


def found(room, dag_id, day, filters):
    return [one["line"]["msg"] for one in room.json(f"/dags/{dag_id}/logs?date={day}&{filters}")["items"]]


def test_by_a_field_of_ones_own(room):
    assert found(room, "crypto", TODAY, "field.symbol=BTC") == ["priced BTC"]
    assert found(room, "crypto", TODAY, "field.symbol=BTC&field.venue=stocks") == []


def test_by_dag(room):
    lines = room.json(f"/dags/stocks/logs?date={TODAY}")["items"]
    assert {one["run_id"].partition("@")[0] for one in lines} == {"stocks"} and len(lines) == 3


def test_by_date(room):
    assert found(room, "crypto", TODAY + timedelta(1), "field.symbol=ETH") == ["priced ETH"]
    assert found(room, "crypto", TODAY + timedelta(2), "field.symbol=ETH") == []


def test_by_level_and_text(room):
    assert found(room, "crypto", TODAY, "text=priced&level=info") == ["priced BTC", "priced ETH"]
    assert found(room, "crypto", TODAY, "level=error") == []
