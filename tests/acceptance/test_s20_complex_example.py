from segue import Dag, task


@task
def step() -> None: ...


def test_s20_the_complex_example_has_the_edges_that_its_chapter_draws():
    with Dag("complex") as dag:
        a, b, c, d, e = (step.with_options(id=name)() for name in "ABCDE")
        a >> c
        [a, b] >> d
        [c, d] >> e
    upstream = {one.task_id: one.upstream_task_ids for one in dag.tasks}
    assert upstream == {"A": set(), "B": set(), "C": {"A"}, "D": {"A", "B"}, "E": {"C", "D"}}
    assert dag.topological_order() == ["A", "B", "C", "D", "E"]
