from datetime import datetime
from pathlib import Path

import pytest

from segue import Interval, Params, Retry, RetryAfter, Skip, Timetable, current, dag, daily, injected, task
from segue.model.errors import DefinitionError, UsageError
from segue.model.state import RunState
from segue.testing import execute_dag, run

calls: list[str] = []


class Settings(Params):
    env: str = "dev"
    rows: int = 2


@task
def numbers(params: Settings = injected) -> list[int]:
    return list(range(params.rows))


@task
def double(n: int) -> int:
    return n * 2


@task
def total(parts: list[int]) -> int:
    return sum(parts)


@dag(params=Settings)
def doubling(rows: int, env: str) -> None:
    total(double.map(numbers()))


def test_a_run_gives_back_the_values_of_its_tasks() -> None:
    result = run(doubling, params={"rows": 4})
    assert result.state is RunState.SUCCESS
    assert result.value("total") == 12
    assert result.value("double") == [0, 2, 4, 6]
    assert result.value("double", 3) == 6
    assert result.tasks == {
        "numbers": "success", "total": "success", "double[0]": "success", "double[1]": "success",
        "double[2]": "success", "double[3]": "success",
    }  # fmt: skip


def test_an_unknown_param_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean rows"):
        run(doubling, params={"row": 4})


def test_a_param_of_the_wrong_type_is_refused_before_the_run() -> None:
    with pytest.raises(UsageError, match="params of DAG doubling"):
        run(doubling, params={"rows": "many"})


def test_retries_pass_at_once_and_errors_can_be_looked_at() -> None:
    tries: list[int] = []

    @task(retry=Retry(3, delay="1h"))
    def flaky() -> str:
        tries.append(current().attempt)
        if len(tries) < 3:
            raise RetryAfter(7200)
        return "there"

    @task
    def broken(text: str) -> None:
        raise LookupError(text)

    @dag
    def shaky() -> None:
        broken(flaky())

    result = run(shaky)
    assert tries == [1, 2, 3]
    assert result.state is RunState.FAILED
    assert str(result.raised["broken"]) == "there"
    with pytest.raises(UsageError, match="broken has no value: it is failed"):
        result.value("broken")


def test_branches_skips_and_async_tasks_do_what_they_do_elsewhere() -> None:
    @task.branch
    def which() -> str:
        return "left"

    @task
    async def left() -> str:
        return "went left"

    @task
    def right() -> str:
        return "went right"

    @task(trigger_rule="none_failed_min_one_success")
    def join(parts: list[str]) -> str:
        return " and ".join(parts)

    @task.short_circuit
    def enough() -> bool:
        return False

    @task
    def never() -> None:
        raise AssertionError

    @task
    def skips() -> None:
        raise Skip("nothing today")

    @dag
    def forked() -> None:
        chosen, sides = which(), [left(), right()]
        chosen >> sides
        join(sides)
        enough() >> never()
        skips()

    result = run(forked)
    assert result.value("join") == "went left"
    assert (result.tasks["right"], result.tasks["never"], result.tasks["skips"]) == ("skipped",) * 3


def test_a_date_is_the_slot_of_that_logical_date() -> None:
    @task
    def shown(interval: Interval = injected) -> str:
        return f"{interval.ds} until {interval.end:%H:%M}"

    @dag(schedule=daily(at="06:00"), timezone="Europe/Berlin", start="2026-01-01")
    def dated() -> None:
        shown()

    result = run(dated, date="2026-03-29")
    assert result.run_id == "dated@2026-03-29"
    assert result.value("shown") == "2026-03-29 until 00:00"
    assert run(dated).state is RunState.SUCCESS
    with pytest.raises(UsageError, match="2025"):
        run(dated, date="2025-03-29")


def test_an_empty_map_is_held() -> None:
    assert run(doubling, params={"rows": 0}).state is RunState.HELD


def test_what_is_too_large_goes_to_a_folder_that_goes_with_the_result(tmp_path: Path) -> None:
    @task
    def big() -> bytes:
        return bytes(200_000)

    @task
    def size(data: bytes) -> int:
        return len(data)

    @dag
    def heavy() -> None:
        size(big())

    result = run(heavy, folder=tmp_path / "kept")
    assert result.value("size") == 200_000
    assert any(path.stat().st_size > 100_000 for path in (tmp_path / "kept").rglob("*") if path.is_file())
    assert len(run(heavy).value("big")) == 200_000


def test_a_dag_that_cannot_be_is_refused() -> None:
    @dag
    def circle() -> None:
        first = double(1)
        second = double.with_options(id="again")(first)
        second >> first

    with pytest.raises(DefinitionError, match="cycle"):
        run(circle)


def test_an_argument_that_is_known_at_load_can_be_given() -> None:
    @task
    def where(bucket: str) -> str:
        return bucket

    @dag
    def placed(env: str = "dev") -> None:
        where(f"s3://{env}-data")

    assert run(placed).value("where") == "s3://dev-data"
    assert run(placed, params={"env": "test"}).value("where") == "s3://test-data"


def test_a_dag_is_found_by_its_id_in_imported_modules_and_in_files(tmp_path: Path) -> None:
    assert execute_dag("doubling", {"rows": 3}).value("total") == 6
    file = tmp_path / "pipelines" / "orders.py"
    file.parent.mkdir()
    file.write_text("from segue import dag, task\n@task\ndef one(): return 1\n@dag\ndef filed(): one()\n")
    assert execute_dag("filed", path=tmp_path).value("one") == 1
    with pytest.raises(UsageError, match="did you mean doubling"):
        execute_dag("doublin", path=tmp_path)


told: list[str] = []


def test_state_is_kept_across_attempts_and_hooks() -> None:
    @task(retry=Retry(times=1), on_success=lambda context: told.append(str(context.state.get("job"))))
    def submit() -> str:
        job = current().state.get("job")
        if job is None:
            current().state.set("job", "j-1")
            raise RetryAfter(0)
        return job

    @dag
    def remote() -> None:
        submit()

    told.clear()
    assert run(remote).value("submit") == "j-1"
    assert told == ["j-1"]


def test_a_source_without_rows_is_held() -> None:
    @task
    def source() -> list[int]:
        return []

    @dag
    def hollow() -> None:
        source()

    result = run(hollow)
    assert result.state is RunState.HELD and result.tasks == {"source": "held"}


def test_a_date_of_a_timetable_of_ones_own_is_taken_as_it_is_written():
    class Own(Timetable):
        def next_tick(self, moment: datetime) -> datetime | None:
            return moment

    @dag(schedule=Own())
    def owned() -> None:
        today()

    @task
    def today(interval: Interval = injected) -> str:
        return interval.ds

    assert run(owned, date="2026-04-01").value("today") == "2026-04-01"
