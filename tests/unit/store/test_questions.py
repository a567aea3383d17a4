"""What a question reads: an owner with a year of history behind it must start as fast as a fresh one."""

from sqlalchemy import event

from tests.contract.stores import A, Sqlite, attempt, begun_run, queued


def plans_of(connection, ask):
    """How SQLite answers every statement of `ask`."""
    asked = []

    def note(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    ask()
    event.remove(connection.engine, "before_cursor_execute", note)
    return [
        step[-1]
        for statement, parameters in asked
        if statement.startswith("SELECT")
        for step in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
    ]


def test_a_snapshot_reads_no_run_or_attempt_that_has_ended(tmp_path):
    store = Sqlite(tmp_path)
    begun_run(store, *queued(), attempt(None, A.QUEUED, name="!failure", kind="hook"))
    plans = plans_of(store.writer._connection, lambda: store.writer.snapshot(None))
    read = {plan for plan in plans if "runs" in plan or "attempts" in plan or "tasks" in plan or "task_state" in plan}
    assert {plan for plan in read if plan.startswith("SCAN")} == {"SCAN attempts USING INDEX attempts_hooks"}
    assert any("runs_open" in plan for plan in read)
    store.close()
