from segue.model.spec import DagSpec, TaskSpec
from segue.show.views.blast import Waiters

LOAD = DagSpec("load", (TaskSpec("a", outlets=("x",)), TaskSpec("b", outlets=("y",))))
CLEAN = DagSpec("clean", (TaskSpec("c", inlets=("x",), outlets=("z",)),))
REPORT = DagSpec("report", (TaskSpec("r", inlets=("z",), outlets=("x",)),))
STARTS = DagSpec("starts", (TaskSpec("s", starts=("report", "gone")),))
EVERY = Waiters.of([LOAD, CLEAN, REPORT, STARTS])


def test_dags_wait_for_data_at_any_distance():
    assert EVERY.behind(LOAD, ["a"]) == (("x",), {"clean", "report"})
    assert EVERY.behind(LOAD, ["b"]) == (("y",), frozenset())


def test_dags_wait_for_whoever_starts_them_also_for_those_that_are_gone():
    assert EVERY.behind(STARTS, ["s"]) == ((), {"report", "gone", "clean"})


def test_a_circle_of_dags_ends():
    assert EVERY.behind(CLEAN, ["c"])[1] == {"report"}
