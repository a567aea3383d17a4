from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.pages import STATE_CODES, GridRun, RunMark
from segue.model.spec import DagSpec, MapSpec, Over, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.views import RunDetail, RunView, TaskView
from segue.model.why import Why
from segue.show.views.graphs import below, graph_page, main_state
from segue.show.views.grids import NO_TASK, grid_of

T = TaskState
RUN = RunKey("d", "2026-04-01", 1)
SPEC = DagSpec(
    "d",
    (
        TaskSpec("z", after=("a",), group="outer.inner"),
        TaskSpec("a"),
        TaskSpec("m", data=("a",), mapped=MapSpec("zip", (Over("x", "a"),)), group="outer"),
        TaskSpec("end", data=("m",), after=("z",)),
        TaskSpec("alone"),
    ),
)


def detail(*tasks):
    return RunDetail(RunView(1, RunRow(RUN, "r", 1), RunState.RUNNING), SPEC, tasks)


def test_what_lies_below_comes_upstream_first_and_each_once():
    assert below(SPEC, ["a"]) == ("z", "m", "end")
    assert below(SPEC, ["end", "alone"]) == ()
    assert below(SPEC, ["a", "none"]) == ("z", "m", "end")


def test_nodes_come_upstream_first_and_groups_lie_in_groups():
    page = graph_page(SPEC, 3)
    assert [node.id for node in page.nodes] == ["a", "z", "m", "end", "alone"]
    assert [(group.id, group.parent, group.tasks) for group in page.groups] == [
        ("outer", "", 2), ("outer.inner", "outer", 1),
    ]  # fmt: skip
    assert (page.run_id, page.version, page.nodes[0].state) == (None, 3, "")


def test_a_mapped_task_shows_what_matters_most_and_counts_its_items():
    rows = [TaskView("m", None, T.PENDING, expanded=3)]
    rows += [TaskView("m", at, state) for at, state in enumerate((T.SUCCESS, T.FAILED, T.RUNNING))]
    (node,) = [node for node in graph_page(SPEC, 1, detail(*rows)).nodes if node.id == "m"]
    assert (node.state, node.counts) == ("failed", {"success": 1, "failed": 1, "running": 1})


def test_a_mapped_task_takes_from_its_first_beginning_to_its_last_end():
    times = ((1, 3), (2, 9), (4, 5))
    rows = [TaskView("m", None, T.PENDING, expanded=3)]
    rows += [
        TaskView("m", at, T.SUCCESS, started=Instant(first * 1_000_000), ended=Instant(last * 1_000_000))
        for at, (first, last) in enumerate(times)
    ]
    (node,) = [one for one in graph_page(SPEC, 1, detail(*rows)).nodes if one.id == "m"]
    assert node.seconds == 8


def test_what_runs_says_since_when_and_what_has_ended_how_long():
    rows = (
        TaskView("a", None, T.SUCCESS, started=Instant(0), ended=Instant(2_000_000)),
        TaskView("z", None, T.RUNNING, started=Instant(3_000_000)),
    )
    nodes = {node.id: node for node in graph_page(SPEC, 1, detail(*rows)).nodes}
    assert (nodes["a"].seconds, nodes["a"].started_at) == (2, None)
    assert (nodes["z"].seconds, nodes["z"].started_at) == (None, "1970-01-01T00:00:03Z")


def test_what_is_done_already_is_not_hit_by_a_failure():
    rows = (TaskView("a", None, T.FAILED, why=Why("failed", ("boom",))), TaskView("z", None, T.SUCCESS))
    nodes = {node.id: node for node in graph_page(SPEC, 1, detail(*rows)).nodes}
    assert {name for name, node in nodes.items() if node.blast} == {"m", "end"}
    assert nodes["a"].why == "boom"


def test_what_is_held_hits_what_lies_below_it_as_a_failure_does():
    nodes = graph_page(SPEC, 1, detail(TaskView("z", None, T.HELD, why=Why("held", ("0 rows",))))).nodes
    assert {node.id for node in nodes if node.blast} == {"end"}


def test_of_a_mapped_task_the_reason_is_that_of_the_state_it_shows():
    states = ((T.SUCCESS, "marked by ana"), (T.FAILED, "boom"))
    rows = [TaskView("m", None, T.PENDING, expanded=2)]
    rows += [TaskView("m", at, state, why=Why("failed", (text,))) for at, (state, text) in enumerate(states)]
    (node,) = [one for one in graph_page(SPEC, 1, detail(*rows)).nodes if one.id == "m"]
    assert (node.state, node.why) == ("failed", "boom")


def test_the_digest_of_a_graph_tells_its_shape_and_nothing_of_a_run():
    plain, run = graph_page(SPEC, 1), graph_page(SPEC, 9, detail(TaskView("a", None, T.FAILED)))
    assert plain.digest == run.digest
    other = DagSpec("d", (*SPEC.tasks, TaskSpec("more")))
    assert graph_page(other, 1).digest != plain.digest


def test_nothing_of_nothing_has_no_state():
    assert main_state({}) is None
    assert main_state({T.SKIPPED: 3}) is T.SKIPPED


# ----------------------------------------------------------------------------------------------------------------- grid
def column(state, tasks, codes, items=()):
    mark = RunMark(7, RUN, state, "scheduled", None, Instant(0), Instant(0), Instant(2_000_000), 1)
    return GridRun(mark, tasks, codes, items)


def test_a_task_without_a_row_is_pending_while_a_run_goes_on_and_not_there_when_it_has_ended():
    codes = STATE_CODES[T.SUCCESS] + STATE_CODES[T.FAILED]
    runs = (column(RunState.RUNNING, ("a", "z"), codes), column(RunState.FAILED, ("a", "z"), codes))
    grid = grid_of(SPEC, runs, lambda mark: str(mark.state))
    assert [row.task_id for row in grid.rows] == ["z", "a", "m", "end", "alone"]
    assert [one.codes for one in grid.columns] == ["fsppp", f"fs{NO_TASK * 3}"]
    assert (grid.columns[0].seconds, grid.columns[0].key) == (2.0, "2026-04-01")


def test_tasks_that_only_older_runs_have_stand_below():
    runs = (column(RunState.RUNNING, ("a",), "s"), column(RunState.SUCCESS, ("a", "old"), "ss"))
    grid = grid_of(SPEC, runs, lambda mark: "", next="on")
    assert grid.rows[-1].task_id == "old" and grid.rows[-1].gone
    assert [one.codes[-1] for one in grid.columns] == [NO_TASK, "s"]
    assert grid.next == "on"


def test_items_are_counted_by_row():
    runs = (column(RunState.RUNNING, ("m",), "p", (("m", ((T.SUCCESS, 2), (T.FAILED, 1))),)),)
    assert grid_of(SPEC, runs, lambda mark: "").columns[0].items == ((2, {"success": 2, "failed": 1}),)


def test_every_letter_means_one_state():
    letters = grid_of(SPEC, (), lambda mark: "").letters
    assert {state for state in letters.values() if state} == set(map(str, TaskState))
