from segue.model.ids import RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.views import RunDetail, RunView, TaskView
from segue.show.views.blast import Waiters, blast

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


# ----------------------------------------------------------------------------------------------------------- of a run
FLOW = DagSpec(
    "load",
    (TaskSpec("a"), TaskSpec("b", after=("a",), outlets=("x",)), TaskSpec("c", after=("b",)), TaskSpec("aside")),
)


def blast_of(**states):
    tasks = tuple(TaskView(task, None, state) for task, state in states.items())
    return blast(
        RunDetail(RunView(1, RunRow(RunKey("load", "k", 1), "r", 1), RunState.RUNNING), FLOW, tasks), EVERY, None
    )


def test_what_went_well_below_a_failure_is_not_affected():
    """A task that was marked, or whose rule takes a failure."""
    told = blast_of(a=TaskState.FAILED, b=TaskState.PENDING, c=TaskState.SUCCESS)
    assert (told.culprits, told.tasks, told.data, told.dags) == (("a",), ("b",), ("x",), ("clean", "report"))


def test_what_is_held_affects_what_waits_for_it():
    told = blast_of(a=TaskState.SUCCESS, b=TaskState.HELD, c=TaskState.PENDING)
    assert (told.culprits, told.tasks, told.data, told.dags) == (("b",), ("c",), ("x",), ("clean", "report"))


def test_where_nothing_is_bad_nothing_is_affected():
    told = blast_of(a=TaskState.SUCCESS, b=TaskState.RUNNING)
    assert (told.culprits, told.tasks, told.data, told.dags, told.hidden) == ((), (), (), (), 0)
