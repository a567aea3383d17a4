"""Traps T1, T4, T11 and T18 of the sources' own snippets: names that others have given up, and what they mean here."""

from datetime import datetime
from pathlib import Path

import pytest

from segue import Context, Retry, dag, daily, injected, task
from segue.define.compile import compile_dag
from segue.define.loading import load_file
from segue.model.moment import datetime_at, parse_moment
from segue.model.spec import DagSpec
from segue.testing import run
from tests.e2e.commands import Project
from tests.unit.engine.driver import BOOM, SECOND, World


# ------------------------------------------------------------------------------------------------------------------ T1
@task
def names(context: Context = injected) -> tuple[datetime, datetime]:
    return context.execution_date, context.logical_date


@dag(schedule=daily(), start="2026-01-01")
def dated() -> None:
    names()


def test_t01_the_execution_date_is_there_and_is_the_logical_date():
    execution_date, logical_date = run(dated, date="2026-04-01").value("names")
    assert execution_date == logical_date == datetime_at(parse_moment("2026-04-01", "UTC"), "UTC")


@pytest.mark.parametrize(
    ("old", "new"),
    [("sla", "deadline"), ("on_failure_callback", "on_failure"), ("on_success_callback", "on_success")],
)
@pytest.mark.parametrize("where", ["@task({})", "@dag({})"])
def test_t01_an_old_option_is_told_its_name_here(old: str, new: str, where: str, tmp_path: Path):
    decorators = {"@task({})": "@task", "@dag({})": "@dag"} | {where: where.format(f"{old}=None")}
    first, second = decorators["@task({})"], decorators["@dag({})"]
    text = f"from segue import dag, task\n{first}\ndef a(): ...\n{second}\ndef late():\n    a()\n"
    (tmp_path / "late.py").write_text(text)
    (error,) = load_file(tmp_path / "late.py", tmp_path).errors
    assert old in error.message and f"{new}" in error.message


# ------------------------------------------------------------------------------------------------------------------ T4
@task(retry=Retry(5))
def fetch() -> None: ...


@task(retry=Retry(5, jitter=1.0))
def shaken() -> None: ...


@dag
def fetching() -> None:
    fetch()
    shaken()


def delays(label: str, runs: int) -> list[list[float]]:
    """The seconds before each retry, in several runs of one DAG."""
    fetching.trace()
    world = World(compile_dag(fetching))
    found = []
    for _ in range(runs):
        world.trigger("fetching")
        world.end("shaken" if label == "fetch" else "fetch")
        waits = []
        for _ in range(5):
            world.end(label, outcome=BOOM)
            failed = world.now
            while not world.alive:
                world.wait((world.wake_at - world.now) / SECOND)
            waits.append((world.now - failed) / SECOND)
        world.end(label)
        found.append(waits)
    return found


def test_t04_delays_are_those_of_the_chapter_to_the_second_in_every_run():
    assert delays("fetch", 3) == [[30, 60, 120, 240, 480]] * 3


def test_t04_jitter_comes_where_it_is_asked_for():
    first, second = delays("shaken", 2)
    assert first != second
    for waits in (first, second):
        assert all(plain <= wait <= 2 * plain for wait, plain in zip(waits, (30, 60, 120, 240, 480), strict=True))


# ----------------------------------------------------------------------------------------------------------------- T11
DAYS = """
from segue import Interval, daily, dag, injected, task

@task
def load(interval: Interval = injected) -> str:
    return interval.ds

@dag(schedule=daily(), start="2024-01-01")
def daily_etl():
    load()
"""


def test_t11_the_old_spelling_of_a_backfill_is_translated_and_its_options_are_taken(tmp_path: Path):
    project = Project(tmp_path)
    project.write("daily_etl.py", DAYS)
    range_of = ("--start-date", "2024-01-01", "--end-date", "2024-01-31")
    printed = project.segue("dags", "backfill", *range_of, "daily_etl")
    assert printed.returncode == 2
    assert "`airflow dags backfill` is `segue backfill`" in printed.stdout
    plan = project.run_json("backfill", *range_of, "daily_etl.py", "--dry-run")["plan"]
    assert (plan["intervals"][0], plan["intervals"][-1], len(plan["intervals"])) == ("2024-01-01", "2024-01-31", 31)


# ----------------------------------------------------------------------------------------------------------------- T18
def etl(of_task: str | None, of_dag: str | None) -> DagSpec:
    """A day that is due at two; its load has a deadline, or the DAG has, or both."""

    @task
    def extract() -> int:
        return 1

    @task(deadline=of_task)
    def load(rows: int) -> int:
        return rows

    @dag(schedule=daily(at="02:00"), start="2026-04-01", deadline=of_dag)
    def etl() -> None:
        load(extract())

    etl.trace()
    return compile_dag(etl)


@pytest.mark.parametrize(
    ("of_task", "of_dag", "late"),
    [
        ("2h", None, [("etl@2026-04-01/load", "04:00")]),
        (None, "3h", [("etl@2026-04-01", "05:00")]),
        ("2h", "3h", [("etl@2026-04-01/load", "04:00"), ("etl@2026-04-01", "05:00")]),
        (None, None, []),
    ],
)
def test_t18_a_task_and_a_dag_have_deadlines_of_their_own(of_task, of_dag, late):
    world = World(etl(of_task, of_dag), planning=True, now=parse_moment("2026-04-01T12:00", "UTC"))
    world.wait(20 * 3_600)
    told = [view for view in world.store.alerts.values() if view.alert.kind == "deadline"]
    assert [(view.alert.thing, f"{datetime_at(view.at, 'UTC'):%H:%M}") for view in told] == late
