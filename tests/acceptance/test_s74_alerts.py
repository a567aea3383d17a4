"""S74: every alert names DAG, task, date, owner and log; how it travels is in tests/e2e/test_alerts.py."""

import pytest

from segue.model.events import Held, Value
from segue.model.views import AlertView
from segue.schedule.declare import daily
from segue.tell.letters import letter_of
from tests.unit.engine.driver import BOOM, DAY, World, dag, task

HELD = Held("empty", "no rows", Value(b"none"))
ORDERS = dag(task("load", deadline=1), id="orders", schedule=daily().to_data(), owner="dana")


def told(kind: str) -> AlertView:
    """The alert that a night of trouble ends with."""
    world = World(ORDERS, planning=True, now=20_000 * DAY + 1)
    world.wait(86_400)
    run = next(key.run for key in world.alive)
    if kind != "deadline":
        world.end("load", outcome=BOOM if kind == "failed" else HELD, run=run)
    return next(view for view in world.store.alerts.values() if view.alert.kind == kind)


@pytest.mark.parametrize("kind", ["failed", "held", "deadline"])
def test_s74_an_alert_names_all_that_one_must_know(kind):
    letter = letter_of(told(kind))
    for word in ("orders", "load", "2024-10-04", "dana", "segue logs orders@2024-10-04 load"):
        assert word in letter.text, word
    assert all(letter.fields[name] for name in ("dag_id", "task_id", "date", "owner", "log", "command", "run_id"))
    assert "orders@2024-10-04" in letter.subject
