from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.value import encode
from segue.model.views import HeldView, RunDetail, RunView, TaskView
from segue.show.views.holding import held_tasks

NOTHING, ROWS = encode([]), encode([{"sku": n, "stock": n * 3} for n in range(30)])


def run_of(key, state, value, held=()):
    task = TaskView("load", None, TaskState.HELD if held else TaskState.SUCCESS, inline=value, length=length(value))
    view = RunView(1, RunRow(RunKey("d", key, 1), key, 1), state)
    return RunDetail(view, DagSpec("d", (TaskSpec("load"),)), (task,), held=held)


def length(value):
    return {NOTHING: 0, ROWS: 30}.get(value)


HELD = (HeldView("load", None, "it returned 0 rows", Instant(5), staged=True),)


def test_what_is_held_stands_beside_what_was_good_with_rows_first_lines_and_what_differs():
    (one,) = held_tasks(run_of("2", RunState.HELD, NOTHING, HELD), run_of("1", RunState.SUCCESS, ROWS))
    assert (one.task_id, one.why, one.staged, one.good_run_id) == ("load", "it returned 0 rows", True, "d@1")
    assert (one.now.items, one.good.items) == (0, 30)
    assert one.good.columns == (("sku", "int"), ("stock", "int"))
    assert one.good.head[1] == ("1", "3")
    assert one.differs == ("0 rows, 30 rows before (-100 %)",)


def test_columns_that_come_go_or_change_their_type_are_named():
    now = encode([{"sku": "a", "price": 1}] * 3)
    (one,) = held_tasks(run_of("2", RunState.HELD, now, HELD), run_of("1", RunState.SUCCESS, ROWS))
    assert {"new: column price", "gone: column stock", "column sku is str, it was int"} <= set(one.differs)


def test_a_partition_that_is_the_same_as_before_is_called_so():
    (one,) = held_tasks(run_of("2", RunState.HELD, ROWS, HELD), run_of("1", RunState.SUCCESS, ROWS))
    assert one.differs == ()  # neither has a digest: whether they are the same is not known
    held, good = run_of("2", RunState.HELD, ROWS, HELD), run_of("1", RunState.SUCCESS, ROWS)
    alike = [RunDetail(run.run, run.spec, (TaskView("load", None, TaskState.HELD, inline=ROWS, digest=b"x" * 16),),
                       held=run.held) for run in (held, good)]  # fmt: skip
    (one,) = held_tasks(*alike)
    assert one.differs == ("it is exactly the same as before",)


def test_where_nothing_was_good_before_only_what_is_held_is_told():
    (one,) = held_tasks(run_of("2", RunState.HELD, NOTHING, HELD), None)
    assert (one.good, one.good_run_id, one.differs) == (None, None, ())
    assert one.now.items == 0
