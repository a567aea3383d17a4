from datetime import date
from decimal import Decimal

import msgspec

from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow
from segue.model.sealing import SEALED
from segue.model.spec import DagSpec, ParamSpec, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.value import encode
from segue.model.views import AttemptView, RunDetail, RunView, TaskView
from segue.show.views.facts import critical, param_values, plain_value, previews, timeline_of

SECOND = 1_000_000
RUN = RunKey("d", "k", 1)


def run_of(*tasks, specs=(), attempts=(), params=b"", declared=()):
    spec = DagSpec("d", specs or tuple(TaskSpec(one.task) for one in tasks), params=declared)
    view = RunView(1, RunRow(RUN, "r", 1, params=params), RunState.SUCCESS, started=Instant(0))
    return RunDetail(view, spec, tasks, attempts)


def done(task, started, ended, index=None, **facts):
    begun = None if started is None else Instant(started * SECOND)
    return TaskView(task, index, TaskState.SUCCESS, started=begun, ended=Instant(ended * SECOND), **facts)


def test_the_critical_path_goes_back_from_what_ended_last_and_tells_waiting_from_running():
    specs = (TaskSpec("a"), TaskSpec("b"), TaskSpec("c", data=("a", "b")), TaskSpec("aside", after=("a",)))
    path = critical(run_of(done("a", 1, 2), done("b", 1, 5), done("c", 7, 9), done("aside", 2, 8), specs=specs))
    assert [(step.task_id, step.waited_seconds, step.ran_seconds) for step in path.steps] == [
        ("b", 1.0, 4.0),
        ("c", 2.0, 2.0),
    ]
    assert path.seconds == 9.0


def test_a_run_in_which_nothing_has_ended_has_no_path():
    assert critical(run_of(TaskView("a", None, TaskState.RUNNING))).steps == ()


def test_what_ended_without_beginning_took_no_time():
    (step,) = critical(run_of(done("a", None, 3))).steps
    assert (step.waited_seconds, step.ran_seconds) == (3.0, 0.0)


def attempt(number, created, began, ended, index=None, state=AttemptState.SUCCESS):
    key = AttemptKey(RUN, "a", index, number)
    began, ended = (None if one is None else Instant(one * SECOND) for one in (began, ended))
    return AttemptView(key, state, 1, Instant(created * SECOND), began, ended, id=number)


def test_a_time_line_tells_waiting_from_running_attempt_by_attempt():
    attempts = (
        attempt(1, 0, 1, 3, state=AttemptState.FAILED), attempt(2, 5, 6, None, state=AttemptState.RUNNING),
        attempt(3, 7, None, 8, index=0, state=AttemptState.CANCELLED),
    )  # fmt: skip
    line = timeline_of(run_of(TaskView("a", None, TaskState.RUNNING), attempts=attempts), Instant(9 * SECOND), 1)
    (lane,) = line.lanes
    assert [(piece.what, piece.start[-3:], piece.end and piece.end[-3:]) for piece in lane.pieces] == [
        ("waiting", "00Z", "01Z"), ("running", "01Z", "03Z"), ("waiting", "05Z", "06Z"), ("running", "06Z", None),
    ]  # fmt: skip
    assert line.left_out == 1 and line.now.endswith("09Z")


def test_what_was_stopped_before_it_began_has_waited_until_then():
    stopped = attempt(1, 7, None, 8, state=AttemptState.CANCELLED)
    (lane,) = timeline_of(run_of(specs=(TaskSpec("a"),), attempts=(stopped,)), Instant(9 * SECOND)).lanes
    assert [(piece.what, piece.start[-3:], piece.end[-3:]) for piece in lane.pieces] == [("waiting", "07Z", "08Z")]


# --------------------------------------------------------------------------------------------------------------- values
def test_params_are_told_as_json_has_them():
    given = encode({"day": date(2026, 4, 1), "price": Decimal("1.50"), "many": (1, 2), "left": "x"})
    declared = (ParamSpec("left", "str", encode("x")),)
    told = {one.name: one for one in param_values(run_of(params=given, declared=declared))}
    assert msgspec.json.encode(told["day"].value) == b'"2026-04-01"'
    assert msgspec.json.encode(told["price"].value) == b'"1.50"'
    assert told["left"].default and not told["day"].default


def test_a_secret_is_known_by_its_seal_and_by_what_the_dag_declares_and_either_is_enough():
    given = encode({"sealed": SEALED + b"canary", "plain": "canary"})
    for declared in ((), (ParamSpec("sealed", "str"),)):
        sealed, plain = param_values(run_of(params=given, declared=declared))
        assert (sealed.value, sealed.secret) == (None, True), "it is not declared, or not as a secret any more"
        assert (plain.value, plain.secret) == ("canary", False)
    _, plain = param_values(run_of(params=given, declared=(ParamSpec("plain", "str", secret=True),)))
    assert (plain.value, plain.secret) == (None, True), "it was kept before it was called a secret"


def test_any_value_can_be_told():
    odd = {
        "set": {1},
        "bytes": b"\xff",
        "nan": float("nan"),
        "deep": [{(1, 2): object}],
        "big": 1 << 70,
        "half": "\ud800",
    }
    for value in odd.values():
        assert msgspec.json.encode(plain_value(value))


def test_a_preview_is_told_as_it_was_kept_and_a_small_value_as_it_is():
    table = msgspec.msgpack.encode({
        "kind": "parquet", "rows": 9, "columns": [("a", "int64")], "bytes": 77, "head": [["1"], ["2"]], "more": 3,
    })  # fmt: skip
    tasks = (
        done("table", 0, 1, ref=b"r", preview=table), done("small", 0, 1, inline=encode("x" * 2_000), digest=b"\x01"),
        done("bad", 0, 1, inline=b"\xff"), done("stored", 0, 1, ref=b"r", length=4), done("nothing", 0, 1),
    )  # fmt: skip
    shown = {one.task_id: one for one in previews(run_of(*tasks))}
    one = shown["table"]
    assert (one.kind, one.items, one.size, one.columns, one.head, one.columns_left_out) == (
        "parquet", 9, 77, (("a", "int64"),), (("1",), ("2",)), 3,
    )  # fmt: skip
    assert shown["small"].kind == "str" and len(shown["small"].text) == 900 and shown["small"].digest == "01"
    assert shown["bad"].kind == "unreadable" and shown["stored"].items == 4 and "nothing" not in shown
    assert [one.task_id for one in previews(run_of(*tasks), "bad")] == ["bad"]
    assert len(list(previews(run_of(*tasks), most=2))) == 2
