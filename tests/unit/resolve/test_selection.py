import pytest

from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.resolve.graph import Graph
from segue.resolve.selection import select_tasks, selects_many

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
