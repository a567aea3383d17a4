import pytest

from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.resolve.graph import Graph
from segue.resolve.selection import dag_fits, select_dags, select_tasks, selects_many

GRAPH = Graph(
    DagSpec(
        "d",
        (
            TaskSpec("load"),
            TaskSpec("g.load", Rules(tags=("slow", "src")), group="g"),
            TaskSpec("g.h.clean", group="g.h"),
            TaskSpec("gg.load", Rules(tags=("slow",)), group="gg"),
        ),
    )
)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("load", ["load"]),
        ("nix", []),
        ("group:g", ["g.load", "g.h.clean"]),
        ("group:g.h", ["g.h.clean"]),
        ("group:h", []),
        ("group:", []),
        ("tag:slow", ["g.load", "gg.load"]),
        ("tag:", []),
        ("*load", ["load", "g.load", "gg.load"]),
        ("g?.*", ["gg.load"]),
        ("[lg]*", []),
    ],
)
def test_a_word_names_tasks_in_order_of_declaration(word, names):
    assert [GRAPH.tasks[at].id for at in select_tasks(GRAPH, word)] == names


def test_an_item_is_one_task():
    assert not selects_many("load[3]")
    assert all(selects_many(word) for word in ("group:g", "tag:t", "l*", "lo?d"))


ORDERS = DagSpec("orders", (TaskSpec("load", Rules(connections=("shop", "lake"))),), tags=("retail",), owner="dana")
RETURNS = DagSpec("orders_back", tags=("retail", "night"), owner="eve")
STOCK = DagSpec("stock")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("orders", ["orders"]),
        ("orders*", ["orders", "orders_back"]),
        ("*", ["orders", "orders_back", "stock"]),
        ("tag:retail", ["orders", "orders_back"]),
        ("tag:ni*", ["orders_back"]),
        ("owner:dana", ["orders"]),
        ("owner:*", ["orders", "orders_back"]),
        ("connection:shop", ["orders"]),
        ("group:x", []),
        ("stock,owner:eve", ["orders_back", "stock"]),
        ("tag:retail & owner:eve", ["orders_back"]),
        ("tag:retail&owner:eve, stock", ["orders_back", "stock"]),
        ("", []),
    ],
)
def test_a_selection_names_dags(text, ids):
    specs = [ORDERS, RETURNS, STOCK]
    assert select_dags(specs, [text]) == ids
    assert [spec.id for spec in specs if dag_fits(spec, text)] == ids


def test_several_selections_name_what_any_of_them_names_in_order():
    assert select_dags([ORDERS, RETURNS, STOCK], ["stock", "owner:dana"]) == ["orders", "stock"]
