import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.errors import DefinitionError
from segue.model.spec import DagSpec, MapSpec, Over, TaskSpec
from segue.resolve.graph import Graph, find_cycle, topological_order

DIAMOND = DagSpec(
    "d",
    (
        TaskSpec("end", data=("right",), after=("left",)),
        TaskSpec("left", after=("start",), kind="branch"),
        TaskSpec("right", data=("start",)),
        TaskSpec("start"),
        TaskSpec("many", data=("start",), mapped=MapSpec("product", (Over("x", "start"), Over("y", None, 3)))),
        TaskSpec("fixed", mapped=MapSpec("zip", (Over("x", None, 3),))),
    ),
)


def test_upstream_comes_first_and_ties_keep_the_order_of_declaration():
    assert topological_order(DIAMOND.tasks) == ["start", "left", "right", "end", "many", "fixed"]


def test_a_cycle_is_refused_and_its_path_is_named():
    tasks = [TaskSpec("in"), TaskSpec("a", after=("c", "in")), TaskSpec("b", after=("a",)), TaskSpec("c", after=("b",))]
    with pytest.raises(DefinitionError, match="^cycle: a → b → c → a$"):
        topological_order([*tasks, TaskSpec("out", after=("c",))])


def test_a_task_that_follows_itself_is_a_cycle():
    assert find_cycle([TaskSpec("a", after=("a",))]) == ["a", "a"]


def test_a_cycle_is_found_from_below_it():
    tasks = [TaskSpec("low", after=("b",)), TaskSpec("a", after=("b",)), TaskSpec("b", after=("a",))]
    assert find_cycle(tasks) == ["b", "a", "b"]


def test_what_has_no_cycle_has_an_empty_one():
    assert find_cycle(DIAMOND.tasks) == []


@given(st.lists(st.sets(st.integers(0, 7)), min_size=8, max_size=8))
def test_a_cycle_is_a_path_of_edges_and_is_found_exactly_where_there_is_no_order(edges):
    tasks = [TaskSpec(str(at), after=tuple(map(str, sorted(ups)))) for at, ups in enumerate(edges)]
    cycle = find_cycle(tasks)
    if not cycle:
        order = topological_order(tasks)
        assert all(order.index(up) < order.index(task.id) for task in tasks for up in task.after)
        return
    assert cycle[0] == cycle[-1]
    assert len(set(cycle)) == len(cycle) - 1
    assert all(int(up) in edges[int(below)] for up, below in zip(cycle, cycle[1:], strict=False))
    with pytest.raises(DefinitionError):
        topological_order(tasks)


def test_a_graph_knows_its_edges_by_number():
    graph = Graph(DIAMOND)
    assert len(graph) == 6
    assert graph.index == {"end": 0, "left": 1, "right": 2, "start": 3, "many": 4, "fixed": 5}
    assert list(graph.rank) == [3, 1, 2, 0, 4, 5]
    assert graph.up == ((2, 1), (3,), (3,), (), (3,), ())
    assert graph.down == ((), (0,), (0,), (1, 2, 4), (), ())
    assert graph.data == ((2,), (), (3,), (), (3,), ())
    assert [at for at, taken in enumerate(graph.feeds) if taken] == [2, 3]
    assert graph.gates == {0: (1,)}
    assert (graph.lists, graph.mapped_over) == ({4: (3,)}, {3})
    assert list(graph.leaves) == [0, 4, 5]


def test_descendants_are_all_that_lies_below():
    graph = Graph(DIAMOND)
    assert graph.descendants([3]) == {0, 1, 2, 4}
    assert graph.descendants([1, 2]) == {0}
    assert graph.descendants([3, 1]) == {0, 1, 2, 4}
    assert graph.descendants([]) == set()


def test_ancestors_are_all_that_lies_above():
    graph = Graph(DIAMOND)
    assert graph.ancestors([0]) == {1, 2, 3}
    assert graph.ancestors([3]) == set()


NESTED = DagSpec(
    "d",
    (
        TaskSpec("up", kind="setup"),
        TaskSpec("in_up", kind="setup", after=("up",)),
        TaskSpec("work", after=("in_up",)),
        TaskSpec("in_down", kind="teardown", after=("in_up", "work")),
        TaskSpec("down", kind="teardown", after=("up", "in_down")),
        TaskSpec("beside", after=("up",)),
    ),
)


def test_a_graph_knows_its_environments_from_both_sides():
    graph = Graph(NESTED)
    assert graph.setups == {3: (1,), 4: (0,)}
    assert [(setup, teardown, sorted(between)) for setup, teardown, between in graph.environments] == [
        (1, 3, [2]),
        (0, 4, [1, 2, 3]),
    ]
    assert graph.scopes == {1: (0,), 2: (0, 1), 3: (0,)}
    assert graph.users == {0: (1, 2, 3), 1: (2,)}
    assert (graph.needs, graph.ends) == ({3: (2,), 4: (1, 2, 3)}, {1: (4,), 2: (3, 4), 3: (4,)})


def test_setups_are_no_gates_and_teardowns_no_leaves():
    graph = Graph(NESTED)
    assert graph.gates == {}
    assert [graph.tasks[at].id for at in graph.leaves] == ["work", "beside"]
