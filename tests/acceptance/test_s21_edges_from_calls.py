from segue import dag, task


@task
def extract() -> list[int]:
    return [1]


@task
def transform(rows: list[int]) -> list[int]:
    return rows


@task
def load(rows: list[int]) -> None: ...


@dag
def etl() -> None:
    load(transform(extract()))


def test_s21_nested_calls_give_the_edges():
    assert {one.task_id: one.upstream_task_ids for one in etl.tasks} == {
        "extract": set(),
        "transform": {"extract"},
        "load": {"transform"},
    }


def test_s21_a_task_inside_a_list_or_dict_is_upstream_too():
    @dag
    def nested() -> None:
        first, second = extract(), transform.with_options(id="second")([])
        load({"parts": [first, (second,)]})

    assert nested.get_task("load").upstream_task_ids == {"extract", "second"}
