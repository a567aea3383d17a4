import pytest

from segue import Dag, UsageError, dag, task


@task
def extract() -> int:
    return 1


@dag
def etl() -> None:
    load(transform(extract()))  # both are defined further down


@task
def transform(n: int) -> int:
    return n


@task
def load(n: int) -> None: ...


def test_s96_tasks_of_a_dag_are_inspected_without_running_it():
    assert len(etl.tasks) == 3
    assert "extract" in etl.task_ids
    assert etl.get_task("transform").upstream_task_ids == {"extract"}
    assert etl.get_task("transform").downstream_task_ids == {"load"}


def test_s96_calling_a_dag_gives_the_dag():
    assert etl() is etl


def test_s96_a_generated_dag_is_inspected_too():
    with Dag("generated") as generated:
        for name in ("a", "b"):
            extract.with_options(id=f"extract_{name}")()
    assert generated.task_ids == ["extract_a", "extract_b"]


def test_s96_a_task_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="no task 'lode': it has extract, transform, load"):
        etl.get_task("lode")


def test_s96_a_dag_function_is_traced_once():
    seen = []

    @dag
    def counted() -> None:
        seen.append(extract())

    assert counted.task_ids == ["extract"]
    assert counted.task_ids == ["extract"]
    assert len(seen) == 1
