"""Alerts, resources, the audit and forecasts, as somebody sees them who may see some DAGs."""

from dataclasses import replace

import pytest

from segue.model.alerts import Alert
from segue.model.api.resources import Resources
from segue.model.changes import AlertMarked, AlertRaised
from segue.model.ids import Instant
from segue.model.moment import HOUR
from segue.show.doors import Health
from segue.show.vitals import Hand
from tests.unit.engine.driver import SECOND
from tests.unit.show.api.office import NOW, everything_of
from tests.unit.show.api.reading_room import SEVEN, Room


@pytest.fixture
def room(tmp_path):
    specs = (everything_of("mine", deadline=HOUR), everything_of("theirs", deadline=3 * HOUR), everything_of("third"))
    made = Room(tmp_path, *specs)
    made.principal("half", ("viewer", "mine"))
    yield made.open()
    made.close()


def change(room, one):
    with room.world.writer.transaction(room.world.epoch) as transaction:
        transaction.apply([one])


def lasted(room, name, span, day):
    """A good run each of whose tasks takes so long."""
    run = room.world.trigger(name, NOW // (24 * HOUR) - 40 + day)
    for task in ("a", "b"):
        room.world.start(task, run)
        room.world.now += span
        room.world.end(task, outcome=SEVEN, run=run, began=span // SECOND)


# -------------------------------------------------------------------------------------------------------------- alerts
def test_of_alerts_one_hears_what_is_about_ones_own_dags(room):
    for at, name in enumerate(("theirs", "mine", "third")):
        alert = Alert(f"{name}@k", "failed", Instant(NOW), name, text="bad")
        change(room, AlertRaised(alert, Instant(NOW + at)))
    assert [one["dag_id"] for one in room.json("/alerts")["items"]] == ["third", "mine", "theirs"]
    assert [one["dag_id"] for one in room.json("/alerts", "half")["items"]] == ["mine"]
    assert room.json("/alerts?dag=theirs", "half")["items"] == []
    change(room, AlertMarked("theirs@k", "failed", Instant(NOW), "oncall", "sent", "", Instant(NOW + 9)))
    first = room.json("/alerts?limit=1&unsettled=true")
    rest = room.json(f"/alerts?limit=5&unsettled=true&cursor={first['next']}")
    assert [one["dag_id"] for one in first["items"] + rest["items"]] == ["third", "mine"]


# ----------------------------------------------------------------------------------------------------------- resources
def test_of_resources_what_belongs_to_others_is_counted_and_not_named(room):
    class Desk(type(room.desk)):
        def health(self):
            return Health(True, workers=2, crew=(Hand(7, "", "theirs@k/a#1"), Hand(8, "", "mine@k/a#1")))

    room.doors = replace(room.doors, desk=Desk(room))
    for name in ("mine", "theirs"):
        lasted(room, name, 60 * SECOND, 0)
    whole, half = room.json("/resources"), room.json("/resources", "half")
    assert {one["dag_id"] for one in whole["costs"]} == {"mine", "theirs"}
    assert {one["dag_id"] for one in half["costs"]} == {"mine"}
    assert [one["run_id"] for one in whole["crew"]] == ["theirs@k", "mine@k"]
    assert [one["run_id"] for one in half["crew"]] == [None, "mine@k"]
    assert half["busy"] == whole["busy"] == 2
    assert set(half) == set(Resources.__dataclass_fields__)


# ----------------------------------------------------------------------------------------------------------- forecasts
def test_of_forecasts_those_at_risk_are_all_whose_deadline_may_pass(room):
    for day in range(4):
        lasted(room, "mine", 2 * HOUR, day)
        lasted(room, "theirs", (1 if day < 3 else 2) * HOUR, day)
    told = room.json("/forecasts?risk=true")["items"]
    assert [(one["dag_id"], one["deadlines"][0]["risk"]) for one in told] == [("mine", "late"), ("theirs", "at risk")]
    assert [one["dag_id"] for one in room.json("/forecasts")["items"]] == ["mine", "theirs", "third"]
    assert [one["dag_id"] for one in room.json("/forecasts?risk=true", "half")["items"]] == ["mine"]
    first = room.json("/forecasts?limit=1")
    second = room.json(f"/forecasts?limit=1&cursor={first['next']}")
    assert [one["dag_id"] for one in second["items"]] == ["theirs"]
