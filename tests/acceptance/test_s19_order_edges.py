import pytest

from segue import Dag, chain, cross, task


@task
def step() -> None: ...


def edges(dag: Dag) -> set[tuple[str, str]]:
    return {(up, one.task_id) for one in dag.tasks for up in one.upstream_task_ids}


@pytest.fixture
def nodes():
    with Dag("d") as dag:
        yield dag, *(step.with_options(id=name)() for name in "abcde")


def test_s19_a_chain_of_arrows(nodes):
    dag, a, b, c, *_ = nodes
    assert (a >> b >> c) is c
    assert edges(dag) == {("a", "b"), ("b", "c")}


def test_s19_one_to_many_and_many_to_one(nodes):
    dag, a, b, c, d, _ = nodes
    a >> [b, c] >> d
    assert edges(dag) == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}


def test_s19_arrows_to_the_left(nodes):
    dag, a, b, c, d, _ = nodes
    assert (d << [b, c]) == [b, c]
    [b, c] << a
    assert edges(dag) == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}


def test_s19_mixed_lists(nodes):
    dag, a, b, c, d, e = nodes
    [a, [b]] >> c >> [d, e]
    assert edges(dag) == {("a", "c"), ("b", "c"), ("c", "d"), ("c", "e")}


def test_s19_chain_takes_lists_and_pairs_two_in_a_row(nodes):
    dag, a, b, c, d, e = nodes
    chain(a, [b, c], [d, e])
    assert edges(dag) == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "e")}


def test_s19_cross_joins_each_with_each(nodes):
    dag, a, b, c, d, _ = nodes
    cross([a, b], [c, d])
    assert edges(dag) == {("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")}


def test_s19_a_repeated_edge_is_one_edge(nodes):
    dag, a, b, *_ = nodes
    a >> b
    a >> [b]
    assert edges(dag) == {("a", "b")}


def test_s19_a_chain_inside_a_list(nodes):
    dag, api, transform, database, combine, load = nodes
    [api >> transform, database] >> combine >> load
    assert edges(dag) == {("a", "b"), ("b", "d"), ("c", "d"), ("d", "e")}
