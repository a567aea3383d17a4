from segue import dag, task


@task
def step(*rows: object) -> None: ...


def test_s24_the_lessons_example_gives_extract_clean_aggregate():
    @dag
    def lesson() -> None:
        aggregate = step.with_options(id="aggregate")()
        clean = step.with_options(id="clean")()
        extract = step.with_options(id="extract")()
        extract >> clean >> aggregate

    assert lesson.topological_order() == ["extract", "clean", "aggregate"]


def test_s24_ties_are_broken_by_order_of_declaration():
    @dag
    def wide() -> None:
        last = step.with_options(id="last")(*(step.with_options(id=name)() for name in ("c", "a", "b")))
        step.with_options(id="after")(last)

    assert wide.topological_order() == ["c", "a", "b", "last", "after"]
