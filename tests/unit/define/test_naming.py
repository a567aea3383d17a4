"""Names of the items of a mapped task."""

from datetime import date

import pytest

from segue import Dag, task
from segue.define.binding import Bound, item_name

HEAD = "from segue import dag, task\n@task\ndef t(customer, day='x'): ...\n@dag\ndef d():\n"


def fault(load, call):
    (error,) = load(HEAD + f"    {call}\n").errors
    return error.message


def named(template, fn, *args):
    with Dag("d") as one:
        task(fn, id="t", item_name=template).map(*([one] for one in args))
    return item_name(one, "t", Bound(fn, args, {}))


def test_a_name_is_made_of_the_arguments_of_an_item():
    assert named("{customer}", lambda customer: 1, "acme") == "acme"
    assert named("{c[name]} {day:%d.%m.}", lambda c, day: 1, {"name": "acme"}, date(2026, 4, 1)) == "acme 01.04."


def test_a_name_is_one_line_of_at_most_200_characters():
    assert named("{c}", lambda c: 1, " a\n b ") == "a b"
    assert len(named("{c}", lambda c: 1, "x" * 500)) == 200


@pytest.mark.parametrize("value", [{}, None, 3])
def test_a_name_that_cannot_be_made_is_none(value):
    assert named("{c[name]}", lambda c: 1, value) is None


def test_a_name_of_nothing_is_none():
    assert named("{c}", lambda c: 1, " ") is None


def test_without_a_template_there_is_no_name():
    with Dag("d") as one:
        task(lambda c: 1, id="t").map([1])
    assert item_name(one, "t", Bound(print, ("a",), {})) is None


def test_defaults_of_a_dag_may_name_items_and_leave_single_tasks_alone(load):
    text = "from segue import Dag, task\nwith Dag('d', defaults={'item_name': '{c}'}) as d:\n"
    text += "    task(lambda c: 1, id='t').map([1])\n    task(lambda: 1, id='single')()\n"
    assert load(text).errors == []
    with Dag("d", defaults={"item_name": "{c}"}) as one:
        task(lambda c: 1, id="t").map([1])
    assert item_name(one, "t", Bound(lambda c: 1, ("a",), {})) == "a"


@pytest.mark.parametrize(
    ("template", "said"),
    [("{custmer}", "no argument 'custmer': it has customer, day"), ("{}", "no argument ''"), ("plain", "'{customer}'"),
     ("{customer", "expected '}'"), (3, "'{customer}'"), ("{day.x} {0}", "no argument '0'")],
)  # fmt: skip
def test_a_template_that_names_no_argument_is_an_error(load, template, said):
    assert said in fault(load, f"t.with_options(item_name={template!r}).map([1])")


def test_a_task_that_is_not_mapped_has_no_items_to_name(load):
    assert "t is not mapped" in fault(load, "t.with_options(item_name='{customer}')(1)")
