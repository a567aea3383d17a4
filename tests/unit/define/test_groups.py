"""Groups: names of tasks that belong together, and ends of edges."""

import pytest

from segue import DefinitionError, dag, group, task
from segue.define.binding import branch_choice
from segue.model.errors import Fail

HEAD = """from typing import Literal
from segue import Dag, chain, cross, dag, group, task
@task
def a(x=0): ...
@task
def b(x=0): ...
@task
def c(x=0): ...
@task.teardown
def t(): ...
@task.setup
def s(): ...
"""


def spec(load, *lines):
    """A DAG with these lines; the first is line 15."""
    loaded = load(HEAD + "@dag\ndef d():\n" + "".join(f"    {line}\n" for line in lines))
    assert [str(error) for error in loaded.errors] == []
    return loaded.specs[0]


def upstream(one):
    return {task.id: task.upstream for task in one.tasks}


def fault(load, *lines):
    loaded = load(HEAD + "@dag\ndef d():\n" + "".join(f"    {line}\n" for line in lines))
    ((line, message),) = [(error.line, error.message) for error in loaded.errors]
    return line, message


def test_a_task_in_a_group_bears_its_name(load):
    one = spec(load, "with group('g'):", "    a()", "    with group('h'):", "        b()", "    c()", "a()")
    assert [(task.id, task.group) for task in one.tasks] == [
        ("g.a", "g"), ("g.h.b", "g.h"), ("g.c", "g"), ("a", ""),
    ]  # fmt: skip


def test_an_option_puts_a_task_into_a_group_also_a_nested_one(load):
    one = spec(load, "a.with_options(group='g')()", "with group('o'):", "    b.with_options(group='i')()")
    assert [(task.id, task.group) for task in one.tasks] == [("g.a", "g"), ("o.i.b", "o.i")]


def test_defaults_of_a_dag_may_name_a_group(load):
    (one,) = load(HEAD + "with Dag('x', defaults={'group': 'g'}):\n    a()\n").specs
    assert one.tasks[0].id == "g.a"


def test_data_goes_into_and_out_of_a_group_as_ever(load):
    one = spec(load, "x = a()", "with group('g'):", "    y = b(x)", "c(y)")
    assert [(task.id, task.data) for task in one.tasks] == [("a", ()), ("g.b", ("a",)), ("c", ("g.b",))]


def test_an_edge_to_a_group_goes_to_its_roots_and_one_from_it_comes_from_its_leaves(load):
    one = spec(load, "with group('g') as g:", "    x = a()", "    b(x)", "    c() >> x", "d1 = a() >> g >> b()")
    assert upstream(one) == {"g.a": ("g.c",), "g.b": ("g.a",), "g.c": ("a",), "a": (), "b": ("g.b",)}


@pytest.mark.parametrize(
    "line", ["g >> [b(), c()]", "[b(), c()] << g", "chain(g, [b(), c()])", "cross([g], [b(), c()])"]
)
def test_a_group_stands_wherever_a_call_may(load, line):
    one = spec(load, "with group('g') as g:", "    a()", line)
    assert upstream(one) == {"g.a": (), "b": ("g.a",), "c": ("g.a",)}


@pytest.mark.parametrize("line", ["[b(), c()] >> g", "g << [b(), c()]"])
def test_lists_stand_before_a_group(load, line):
    one = spec(load, "with group('g') as g:", "    a()", line)
    assert upstream(one) == {"g.a": ("b", "c"), "b": (), "c": ()}


def test_groups_follow_groups_and_tasks_added_later_count(load):
    one = spec(load, "g = group('g')", "h = group('h')", "with h: c()", "with g: a()", "g >> h", "with g: b()")
    assert upstream(one) == {"h.c": ("g.a", "g.b"), "g.a": (), "g.b": ()}


def test_edges_inside_a_group_decide_what_its_roots_and_leaves_are_whatever_is_said_first(load):
    lines = ["with group('o') as o:", "    with group('i') as i: a()", "    with group('j') as j: b()"]
    early = spec(load, *lines, "x, y = c(), c.with_options(id='e')()", "x >> o >> y", "i >> j")
    assert upstream(early) == {"o.i.a": ("c",), "o.j.b": ("o.i.a",), "c": (), "e": ("o.j.b",)}


def test_teardowns_are_no_leaves_of_a_group(load):
    one = spec(
        load, "with group('g') as g:", "    x, y, z = s(), a(), t()", "    x >> y >> z", "    x >> z", "g >> b()"
    )
    assert upstream(one)["b"] == ("g.a",)


def test_an_edge_of_a_group_that_data_gives_too_is_one_edge(load):
    one = spec(load, "x = a()", "with group('g') as g: b(x)", "x >> g")
    assert (one.tasks[1].data, one.tasks[1].after) == (("a",), ())


def test_a_cycle_through_a_group_is_found_at_the_line_that_closes_it(load):
    line, message = fault(load, "with group('g') as g:", "    x = a()", "y = b(x)", "y >> g")
    assert (line, message) == (18, "cycle: g.a → b → g.a")


def test_a_group_and_a_task_in_it_cannot_be_put_in_order(load):
    line, message = fault(load, "with group('g') as g:", "    x = a()", "x >> g")
    assert line == 17
    assert "g.a → g → g.a: one lies in the other" in message


def test_a_group_cannot_follow_itself(load):
    assert "cycle: g → g" in fault(load, "with group('g') as g: a()", "g >> g")[1]


def test_an_edge_of_an_empty_group_is_an_error_because_it_orders_nothing(load):
    line, message = fault(load, "with group('g') as g: pass", "a() >> g")
    assert line == 16
    assert "group g has no tasks" in message


def test_an_edge_of_a_group_that_was_never_opened_is_an_error(load):
    line, message = fault(load, "g = group('g')", "a() >> g")
    assert line == 15
    assert "with group('g'):" in message


def test_a_group_of_another_dag_is_an_unknown_upstream(load):
    text = HEAD + "with Dag('one'):\n    with group('g') as g: a()\nwith Dag('two'):\n    g >> b()\n"
    (error,) = load(text).errors
    assert error.line == 16
    assert "g of DAG one cannot come before b of DAG two" in error.message


def test_a_group_opened_twice_names_the_first_line_and_the_way_to_go_on(load):
    line, message = fault(load, "with group('g'): a()", "with group('g'): b()")
    assert line == 16
    assert "first in line 15" in message
    assert "g = group('g')" in message


def test_a_group_may_be_opened_again_where_it_is_the_same(load):
    one = spec(load, "g = group('g')", "with g: a()", "with g: b()")
    assert [task.id for task in one.tasks] == ["g.a", "g.b"]


@pytest.mark.parametrize("name", ["", "a b", "1a", "a.b", "ä", "x" * 201])
def test_a_bad_name_of_a_group(load, name):
    line, message = fault(load, f"with group({name!r}): a()")
    assert line == 15
    assert "cannot be the name of a group" in message


def test_a_task_and_a_group_cannot_have_one_id(load):
    assert "task and a group have the id 'a'" in fault(load, "with group('a'): b()", "a()")[1]
    assert "task and a group have the id 'a'" in fault(load, "a()", "with group('a'): b()")[1]
    assert "task and a group have the id 'a'" in fault(load, "b.with_options(group='a.g')()", "a()")[1]


@pytest.mark.parametrize("fan", ["map", "product", "partial"])
def test_a_group_cannot_be_mapped(load, fan):
    line, message = fault(load, "with group('g') as g: a()", f"g.{fan}([1])")
    assert line == 16
    assert "group g cannot be mapped" in message


def test_a_group_is_no_value(load):
    assert "argument 'x' of task b" in fault(load, "with group('g') as g: a()", "b(g)")[1]


def test_a_group_outside_a_dag_is_an_error():
    with pytest.raises(DefinitionError, match="outside a DAG"), group("g"):
        pass


def test_two_tasks_of_one_id_in_a_group(load):
    assert "called a second time" in fault(load, "with group('g'):", "    a(); a()")[1]


def test_groups_are_shown_with_what_comes_before_and_after_them():
    @task
    def one(x: object = 0) -> int:
        return 1

    @dag
    def d() -> None:
        first = one()
        with group("g"):
            second = one(first)
            with group("h"):
                third = one(second)
        one.with_options(id="last")(third)

    outer, inner = d.groups
    assert (outer.group_id, outer.task_ids) == ("g", {"g.one", "g.h.one"})
    assert (outer.upstream_task_ids, outer.downstream_task_ids) == ({"one"}, {"last"})
    assert (inner.group_id, inner.upstream_task_ids, inner.downstream_task_ids) == ("g.h", {"g.one"}, {"last"})
    assert d.get_task("g.h.one").group_id == "g.h"
    assert d.topological_order() == ["one", "g.one", "g.h.one", "last"]


BRANCH = """@task.branch
def pick() -> Literal['g', 'b', 'h.c']: ...
"""


def test_a_branch_may_name_a_group_or_a_task_by_its_own_id(load):
    text = HEAD + BRANCH + "@dag\ndef d():\n    p = pick()\n    with group('g') as g: a()\n"
    text += "    with group('h') as h: b(); c()\n    p >> [g, h]\n"
    assert load(text).errors == []


def test_what_a_branch_chose_becomes_ids_of_tasks():
    @task.branch
    def pick() -> list[str]:
        return []

    @task
    def load() -> None: ...

    @dag
    def d() -> None:
        p = pick()
        with group("g") as g:
            load()
            load.with_options(id="more")()
        with group("h") as h:
            load()
        p >> [g, h]

    assert branch_choice(d, "pick", "g") == ("g.load", "g.more")
    assert branch_choice(d, "pick", ["more", "h"]) == ("g.more", "h.load")
    with pytest.raises(Fail, match="chose 'load'"):  # two of them
        branch_choice(d, "pick", load)
