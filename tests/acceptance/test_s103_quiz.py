"""S103: the facts of the quiz of "Beyond Cron", each shown by a test named after its question.

Two of the ten come with assets: what a zombie pipeline is, and why the raw layer is immutable.
"""

from datetime import date
from pathlib import Path

import pytest

from segue import DefinitionError, Interval, dag, daily, injected, task
from segue.define.compile import compile_dag
from segue.define.loading import load_file
from segue.engine.forecast import estimate, outlook
from segue.model.moment import DAY, HOUR, parse_moment
from segue.model.state import TaskState
from segue.testing import run
from tests.acceptance.stage import play
from tests.e2e.commands import Project
from tests.unit.engine import driver
from tests.unit.engine.driver import BOOM, World


@task
def ingest(rows: int = 7) -> int:
    return rows


@task
def report(rows: int) -> int:
    return rows


@dag(schedule=daily(at="01:00"), start="2026-04-01")
def sales() -> None:
    report(ingest())


def test_s103_what_is_the_fundamental_flaw_of_cron_time_is_no_proxy_for_state():
    """At three, when cron would have begun the report, ingest has run for two hours and has not ended."""
    sales.trace()
    world = World(compile_dag(sales), planning=True, now=parse_moment("2026-04-01T12:00", "UTC"))
    world.wait(15 * 3_600)
    assert world.labels == ["ingest"]
    (world.last_run,) = world.store.runs
    world.wait(1_800)
    world.end("ingest", began=9_000)
    assert world.labels == ["report"]


def test_s103_what_does_an_edge_represent_one_must_finish_before_the_next_begins():
    spec = driver.dag(driver.task("tail"), driver.task("head", "tail"))  # nothing is handed on
    played = play(spec, {}, seconds={"tail": 600, "head": 60})
    assert played.began("head") >= played.ended("tail")
    failed = play(spec, {"tail": [BOOM]})
    assert (failed.states["head"], failed.attempts("head")) == (TaskState.UPSTREAM_FAILED, [])


def test_s103_why_is_acyclic_critical_no_task_triggers_its_own_upstream(tmp_path: Path):
    (tmp_path / "loop.py").write_text(
        "from segue import dag, task\n@task\ndef a(): ...\n@task\ndef b(): ...\n"
        "@dag\ndef loop():\n    one, two = a(), b()\n    one >> two >> one\n"
    )
    loaded = load_file(tmp_path / "loop.py", tmp_path)
    assert loaded.specs == []
    assert "cycle: a → b → a" in str(loaded.errors[0])
    with pytest.raises(DefinitionError, match="cycle"):

        @dag
        def again() -> None:
            rows = ingest()
            report(rows) >> rows

        again.topological_order()


def test_s103_what_replaces_current_date_the_logical_date_that_the_orchestrator_passes():
    @task
    def clean(interval: Interval = injected) -> date:
        return interval.date

    @dag(schedule=daily(), start="2021-01-01")
    def days() -> None:
        clean()

    assert run(days, date="2021-01-01").value("clean") == date(2021, 1, 1)
    assert run(days, date="2023-10-25").value("clean") == date(2023, 10, 25)


TAX = """
from pathlib import Path
from segue import Interval, daily, dag, injected, task

@task
def tax(interval: Interval = injected) -> int:
    rate = 5
    Path("out", interval.ds).write_text(str(rate))
    return rate

@dag(schedule=daily(), start="2021-01-01")
def taxes():
    tax()
"""


def test_s103_what_is_the_purpose_of_backfilling_new_logic_for_historical_data(tmp_path: Path):
    project = Project(tmp_path)
    (tmp_path / "out").mkdir()
    for rate in (5, 9):
        project.write("taxes.py", TAX.replace("rate = 5", f"rate = {rate}"))
        done = project.segue("backfill", "taxes.py", "2021-01-01..2021-01-03", "--only", "all")
        assert done.returncode == 0, done.stdout
        days = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
        assert days == dict.fromkeys(("2021-01-01", "2021-01-02", "2021-01-03"), str(rate))


@pytest.mark.parametrize(("hours", "never"), [(1, False), (23, True), (25, True)])
def test_s103_what_is_the_catch_up_problem_longer_to_process_a_day_than_a_day_takes(hours: int, never: bool):
    spec = driver.dag(driver.task("a"), schedule=daily().to_data())
    found = outlook(estimate(spec, {"a": [hours * HOUR]}), 365, 1, interval=DAY)
    assert found.never is never
    assert found.verdict.startswith("will never catch up" if never else "catches up 24 days per day")


def test_s103_what_shows_a_graph_during_a_failure_its_blast_radius():
    """Of seven tasks one fails: the alert says how far that reaches, and only what is below it does not run."""
    spec = driver.dag(
        driver.task("users"), driver.task("orders"), driver.task("clean_users", "users"),
        driver.task("clean_orders", "orders"), driver.task("join", "clean_users", "clean_orders"),
        driver.task("churn", "join"), driver.task("audit", "clean_users"),
    )  # fmt: skip
    world = World(spec, planning=True)
    world.trigger()
    world.end("users", "orders")
    world.end("clean_orders", outcome=BOOM)
    (alert,) = (view.alert for view in world.store.alerts.values())
    assert "clean_orders failed" in alert.text and "2 tasks below it" in alert.text
    world.play()
    assert world.states("join", "churn") == ["upstream_failed"] * 2
    assert world.states("clean_users", "audit") == ["success"] * 2


def test_s103_what_does_a_fan_out_imply_its_tasks_can_run_in_parallel():
    boards = ("marketing", "finance", "churn", "sales", "ops")
    spec = driver.dag(driver.task("ingest"), *(driver.task(one, "ingest") for one in boards))
    played = play(spec, {}, workers=8, seconds=dict.fromkeys(boards, 60))
    assert played.most_at_once() == 5
    assert max(map(played.began, boards)) < min(map(played.ended, boards))
