"""What a question reads: an owner with a year of history behind it must start as fast as a fresh one."""

import pytest

from segue.model.changes import RunsForgotten
from segue.model.ids import Instant
from segue.model.pages import AlertQuery, AttemptQuery, AuditQuery, EventQuery, SlotQuery
from segue.model.state import SlotState
from segue.model.timing import SlotAsk
from segue.model.views import RunQuery
from tests.contract.stores import (
    NOW,
    RUN,
    SLOT,
    A,
    R,
    Sqlite,
    attempt,
    begun_run,
    created,
    defined,
    moved,
    queued,
    write,
)


def plans_of(sides, ask):
    """How SQLite answers every statement of `ask`."""
    drivers = [side._connection.connection.driver_connection for side in sides]
    asked = []
    for driver in drivers:
        driver.set_trace_callback(asked.append)
    ask()
    for driver in drivers:
        driver.set_trace_callback(None)
    found = [one for one in asked if one.startswith(("SELECT", "WITH", "UPDATE", "DELETE"))]
    return [step[-1] for one in found for step in drivers[-1].execute("EXPLAIN QUERY PLAN " + one)]


def test_a_snapshot_reads_no_run_or_attempt_that_has_ended(tmp_path):
    store = Sqlite(tmp_path)
    begun_run(store, *queued(), attempt(None, A.QUEUED, name="!failure", kind="hook"))
    plans = plans_of((store.writer,), lambda: store.writer.snapshot(None))
    read = {plan for plan in plans if "runs" in plan or "attempts" in plan or "tasks" in plan or "task_state" in plan}
    assert {plan for plan in read if plan.startswith("SCAN")} == {"SCAN attempts USING INDEX attempts_hooks"}
    assert any("runs_state (state=?)" in plan for plan in read)
    store.close()


ASKED = {
    "slots": lambda store: store.writer.look(
        [SlotAsk("daily", str(n), (Instant(n), Instant(n + 1))) for n in range(9)]
    ),
    "durations": lambda store: store.reader.durations("daily"),
    "expired runs": lambda store: store.reader.expired(NOW),
    "backfills": lambda store: (store.reader.backfills("daily"), store.reader.runs(RunQuery(backfill=1))),
    "alerts": lambda store: store.reader.alerts(Instant(NOW - 9)),
    "runs of one DAG": lambda store: store.reader.runs(RunQuery("daily", (R.FAILED,), NOW)),
    "runs of many DAGs": lambda store: store.reader.runs(RunQuery(dags=frozenset(map(str, range(9))))),
    "runs in some states": lambda store: store.reader.runs(RunQuery(states=(R.FAILED, R.HELD), error="x*")),
    "the longest runs": lambda store: store.reader.runs(RunQuery(sort="longest", seen=(5, 5))),
    "marks": lambda store: store.reader.marks(count=3),
    "a grid": lambda store: store.reader.grid("daily"),
    "attempts of a day": lambda store: store.reader.attempt_page(AttemptQuery("daily", NOW, NOW, before=5)),
    "events of a DAG": lambda store: store.reader.event_page(EventQuery(frozenset(("daily",)), ("run",))),
    "events of a run": lambda store: store.reader.event_page(EventQuery(run=RUN, after=1)),
    "slots of a DAG": lambda store: store.reader.slot_page(SlotQuery("daily", (SlotState.FAILED,), before=SLOT)),
    "alerts of some DAGs": lambda store: store.reader.alert_page(AlertQuery(frozenset(("daily",)), since=NOW)),
    "a request": lambda store: store.reader.request("x"),
    "versions": lambda store: store.reader.versions("daily", 5),
    "audit of a run": lambda store: store.reader.audit(AuditQuery(run="x", before=9)),
    "audit of a DAG": lambda store: store.reader.audit(AuditQuery(frozenset(("daily",)))),
    "load": lambda store: store.reader.load(NOW),
    "ends": lambda store: store.reader.ends(NOW),
    "forgetting": lambda store: write(store, RunsForgotten((RUN,), NOW)),
}
SMALL = {
    "SCAN asked", "SCAN backfills", "SCAN dags", "SCAN dags USING COVERING INDEX sqlite_autoindex_dags_1", "SCAN pools",
    "SCAN silences", "SCAN states VIRTUAL TABLE INDEX 1:", "SCAN names VIRTUAL TABLE INDEX 1:",
    "SCAN each_one VIRTUAL TABLE INDEX 1:", "SCAN anon_2",
}  # fmt: skip
"""Of these there are as many as people have made, or as were asked for."""


@pytest.mark.parametrize("name", ASKED)
def test_no_question_of_every_day_walks_through_history(tmp_path, name):
    store = Sqlite(tmp_path)
    write(store, defined(), created(slot=SLOT), *queued(), moved(RUN, R.QUEUED, R.SUCCESS, ended=Instant(NOW - 1)))
    plans = plans_of((store.reader, store.writer), lambda: ASKED[name](store))
    assert any("USING" in plan for plan in plans)
    walked = {plan for plan in plans if plan.startswith("SCAN") and "CONSTANT" not in plan} - SMALL
    # Of a bundle that nobody uses any more: once in its life.
    assert walked <= {"SCAN runs"} if name == "forgetting" else walked == set()
    store.close()
