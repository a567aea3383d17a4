"""`@flow`: what it declares, and what a body that is played again may do."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from segue import Context, DefinitionError, Fail, Future, Params, Skip, StepFailed, dag, flow, task
from segue.define import conductor
from segue.define.conductor import Keeper, Replay, find_task, raises_again
from segue.define.dag import registering
from segue.define.options import Retry
from segue.model.commands import Recorded
from segue.model.errors import UnstorableValue
from segue.model.events import Deferred, Value
from segue.model.images import Step
from segue.model.spec import RetrySpec, Rules, TaskSpec
from segue.model.state import TaskState
from segue.model.value import decode, encode
from segue.testing.given import spec_of as compiled

DONE, FAILED, SKIPPED, RUNNING = TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED, TaskState.RUNNING


@task
def add(a: int, b: int = 1) -> int:
    return a + b


@task
async def double(a: int) -> int:
    return 2 * a


@task(id="odd")
def strange(a: object = None) -> int:
    return 0


class Steps:
    pace = task(id="pace")(lambda: 1)


def record(*ends: tuple[str, TaskState, object], digest: bytes = b"") -> tuple[Recorded, ...]:
    return tuple(
        Recorded(name, digest, state, "boom" if state is FAILED else "", encode(value) if state is DONE else None)
        for name, state, value in ends
    )


KEEPER = Keeper(
    lambda name, arguments: Value(encode(arguments), digest=b"digest"),
    lambda arguments: b"digest",
    lambda one, annotation: decode(one.inline or b""),
)


def play(body, *ends: tuple[str, TaskState, object], local: bool = True, digest: bytes = b"digest") -> object:
    return Replay(record(*ends, digest=digest), KEEPER, {}, local=local).perform(body)


def calls(outcome: object) -> list[tuple[str, object]]:
    assert isinstance(outcome, Deferred)
    return [(step.task.id, decode(step.inline or b"")) for step in outcome.steps]


def test_a_step_compares_no_slots():
    @task(depends_on_past=True, deadline="1h")
    def late() -> None: ...

    said: list[str] = []
    rules = conductor.step_rules(late, {"depends_on_past": True, "retry": 2}, said.append)
    assert (rules.depends_on_past, rules.deadline, rules.retry.times) == (False, None, 2)
    assert [text.partition("=")[0] for text in said] == ["deadline", "depends_on_past"]
    assert "put it in defaults= of the flow" in said[0]


def test_a_flow_is_a_dag_of_one_task():
    @flow(schedule="@daily", defaults={"retry": 2})
    def walk(steps: int = 3) -> int:
        """Walk."""
        raise AssertionError("it does not run while it is declared")

    spec = compiled(walk)
    (body,) = spec.tasks
    assert (spec.id, body.id, body.kind, body.rules.retry.times) == ("walk", "walk", "flow", 2)
    assert spec.is_flow
    assert repr(walk) == "<flow walk>"
    walk.trace()


def test_what_is_injected_is_left_to_the_attempt():
    class P(Params):
        n: int = 1

    @flow(params=P)
    def asks(p: P, context: Context) -> int:
        return p.n

    assert compiled(asks).params[0].name == "n"
    assert asks(P(n=4), context=None) == 4
    with pytest.raises(Exception, match="is called outside a run"):
        asks(P(n=4))


def test_a_flow_called_directly_is_its_function():
    @flow
    def sums(n: int) -> int:
        futures = [double.submit(add(k)) for k in range(n)]
        return sum(future.result() for future in futures) + sum(add.map([1, 2]))

    @flow
    def outer() -> int:
        return sums(2) + add(1)

    assert sums(3) == 17
    assert outer() == sums(2) + 2


def test_a_failing_task_raises_its_own_error_in_a_direct_call():
    @task
    def bad() -> int:
        raise KeyError("k")

    @flow
    def tries() -> str:
        future = bad.submit()
        try:
            future.result()
        except KeyError:
            return "caught"
        return "not"

    assert tries() == "caught"


def test_a_future_outside_of_a_flow_has_ended():
    future: Future[int] = add.submit(2, b=2)
    assert future.result() == 4


def test_a_flow_is_async_in_its_tasks_alone():
    @flow
    async def wrong() -> None: ...

    with pytest.raises(DefinitionError, match="flow wrong is `async def`: write `def`"):
        compiled(wrong)


def test_a_flow_is_not_called_while_files_are_loaded_nor_in_a_dag():
    @flow
    def inner() -> None: ...

    with registering(), pytest.raises(DefinitionError, match="flow inner is called while its file is loaded"):
        inner()

    @dag
    def outer() -> None:
        inner()

    with pytest.raises(
        DefinitionError, match=r"flow inner is no task of DAG outer: start it with t.run_dag\('inner'\)"
    ):
        compiled(outer)


def test_submit_is_for_flows():
    @dag
    def outer() -> None:
        add.submit(1)

    with pytest.raises(DefinitionError, match=r"add.submit\(...\) is for flows: in a DAG write add\(...\)"):
        compiled(outer)


@contextmanager
def with_global(name: str, value: object) -> Iterator[None]:
    module = sys.modules[__name__]
    setattr(module, name, value)
    try:
        yield
    finally:
        delattr(module, name)


def test_two_tasks_of_one_id_in_the_module_of_a_flow_are_named():
    with with_global("twin", task(id="add")(lambda: 1)):

        @flow
        def any_() -> None: ...

        with pytest.raises(DefinitionError, match=r"two tasks that flow any_ may call have the id 'add', .*add and .*"):
            compiled(any_)


def test_options_of_the_tasks_of_its_module_are_read_with_a_flow():
    with with_global("broken", task(id="broken", pool="")(lambda: 1)):

        @flow
        def any_() -> None: ...

        with pytest.raises(DefinitionError, match="pool=''"):
            compiled(any_)


def test_the_first_result_that_is_not_there_ends_the_attempt():
    outcome = play(lambda: add(add(1)))
    assert calls(outcome) == [("add#1", {"a": 1})]
    assert outcome == play(lambda: add(add(1)))
    assert outcome.awaits == (1,)


def test_calls_on_record_give_what_was_recorded():
    outcome = play(lambda: add(add(1), b=5), ("add#1", DONE, 20))
    assert calls(outcome) == [("add#2", {"a": 20, "b": 5})]
    assert play(lambda: add(add(1)), ("add#1", DONE, 20), ("add#2", DONE, 30)) == 30


def test_calls_that_are_submitted_travel_together():
    def body() -> object:
        futures = [add.submit(k) for k in range(3)]
        return [future.result() for future in futures]

    outcome = play(body)
    assert [name for name, _ in calls(outcome)] == ["add#1", "add#2", "add#3"]
    assert outcome.awaits == (1,)
    assert play(body, *[(f"add#{k}", DONE, k) for k in (1, 2, 3)]) == [1, 2, 3]


def test_a_map_waits_for_all_its_steps():
    outcome = play(lambda: add.partial(b=3).map([1, 2]))
    assert calls(outcome) == [("add#1", {"a": 1, "b": 3}), ("add#2", {"a": 2, "b": 3})]
    assert outcome.awaits == (1, 2)


def test_futures_among_arguments_are_waited_for_first():
    def body() -> object:
        one = add.submit(1)
        return strange({"both": [one, add.submit(2)], "pair": (one, 1)})

    assert play(body).awaits == (1, 2)
    outcome = play(body, ("add#1", DONE, 2), ("add#2", DONE, 3))
    assert calls(outcome) == [("odd#3", {"a": {"both": [2, 3], "pair": (2, 1)}})]


def test_nothing_is_called_while_the_body_is_unwound():
    def body() -> None:
        try:
            add(1)
        except BaseException:  # noqa: BLE001 - a user may do this
            add(2)
        finally:
            add.submit(3)

    assert calls(play(body)) == [("add#1", {"a": 1})]


def test_a_body_that_swallows_its_wait_waits_all_the_same():
    def body() -> int:
        try:
            return add(1)
        except BaseException:  # noqa: BLE001 - a user may do this
            return 7

    assert play(body).awaits == (1,)


def test_a_failed_step_raises_and_can_be_dealt_with():
    with pytest.raises(StepFailed, match="add#1 failed: boom") as raised:
        play(lambda: add(1), ("add#1", FAILED, None))
    assert (raised.value.step, raised.value.reason) == ("add#1", "boom")

    def body() -> object:
        try:
            return add(1)
        except StepFailed:
            return add(2)

    outcome = play(body, ("add#1", FAILED, None))
    assert outcome.steps[0].handled == (1,)
    assert play(body, ("add#1", FAILED, None), ("add#2", DONE, 5)) == 5


def test_a_skipped_step_raises_skip_and_a_marked_one_gives_nothing():
    with pytest.raises(Skip, match="add#1 was skipped"):
        play(lambda: add(1), ("add#1", SKIPPED, None))
    marked = Recorded("add#1", b"digest", DONE, marked=True)
    assert Replay((marked,), KEEPER, {}).perform(lambda: [add(1)]) == [None]
    with pytest.raises(StepFailed, match="add#1 failed: it is cancelled"):
        play(lambda: add(1), ("add#1", TaskState.CANCELLED, None))


def test_a_body_that_ends_waits_for_its_steps_and_fails_with_what_nobody_asked_for():
    def body() -> int:
        add.submit(1)
        return 3

    assert play(body).awaits == (1,)
    assert play(body, ("add#1", RUNNING, None)) == Deferred((), (1,))
    assert play(body, ("add#1", DONE, 1)) == 3
    with pytest.raises(StepFailed, match="add#1"):
        play(body, ("add#1", FAILED, None))


def test_another_task_than_before_fails_and_names_both():
    with pytest.raises(Fail, match="call 1 of the flow was odd#1, now it is add#1: the calls of a flow may depend on"):
        play(lambda: add(1), ("odd#1", DONE, 1))
    with pytest.raises(Fail, match="call 2 of the flow was add#2, now there is none"):
        play(lambda: add(1), ("add#1", DONE, 1), ("add#2", DONE, 1))


def test_other_arguments_than_before_are_a_warning(caplog: pytest.LogCaptureFixture):
    assert play(lambda: add(1), ("add#1", DONE, 9), digest=b"other") == 9
    assert "add#1 is called with other arguments than before" in caplog.text


def test_what_cannot_be_a_step_is_refused():
    @task.branch
    def choose() -> str:
        return "a"

    @task
    def inner() -> int:
        return 1

    with pytest.raises(Fail, match="choose is a branch, in a flow write an if"):
        play(lambda: choose())
    with pytest.raises(Fail, match="task inner is defined inside test_what_cannot_be_a_step_is_refused"):
        play(lambda: inner(), local=False)
    with pytest.raises(Fail, match="task add misses argument 'a'"):
        play(lambda: add())
    with pytest.raises(DefinitionError, match="pool=''"):
        play(lambda: add.with_options(pool="")(1))
    with pytest.raises(DefinitionError, match="checks= of task add is not available"):
        play(lambda: add.with_options(checks=[])(1))


def test_an_argument_that_cannot_be_stored_is_no_step():
    with pytest.raises(UnstorableValue, match="cannot be stored"):
        play(lambda: strange(lambda: 1))


def test_many_calls_go_in_several_reports():
    body = lambda: [add.submit(k) for k in range(200)]  # noqa: E731
    first = play(body)
    assert first.awaits == ()
    assert 50 < len(first.steps) < 200
    known = [(step.task.id, RUNNING, None) for step in first.steps]
    assert play(body, *known).steps[0].task.id == f"add#{len(first.steps) + 1}"


def test_a_flow_makes_so_many_calls_and_no_more(monkeypatch: pytest.MonkeyPatch):
    ends: Sequence[tuple[str, TaskState, object]] = [
        (f"add#{k}", DONE, k) for k in range(1, conductor.MAX_STEPS + 1)
    ]  # fmt: skip
    with pytest.raises(Fail, match="a flow makes at most 10,000 calls"):
        play(lambda: [add(k) for k in range(conductor.MAX_STEPS + 1)], *ends)


def test_a_step_is_one_of_its_flow_alone():
    """It has no upstream, and the body judges its failure."""
    step = Replay((), KEEPER, {"retry": 4, "trigger_rule": "all_done"}).perform(lambda: add(1)).steps[0]
    assert (step.task.rules.trigger_rule, step.task.rules.allow_failure) == ("all_success", True)
    assert (step.task.rules.retry.times, step.where) == (4, f"{__name__}:add")


def step_of(where: str, name: str = "add#1", retry: RetrySpec = RetrySpec()) -> Step:  # noqa: B008
    return Step(TaskSpec(name, Rules(retry=retry)), where, b"", None, b"")


def test_the_task_of_a_step_is_found_where_its_function_stands():
    assert find_task(step_of(f"{__name__}:add")) is add
    assert find_task(step_of(f"{__name__}:strange", "odd#1")) is strange
    with pytest.raises(Fail, match="task add is not at the top level of .*test_flow when it is loaded again"):
        find_task(step_of(f"{__name__}:nobody"))


@pytest.mark.parametrize(
    ("retry", "error", "again"),
    [
        (Retry(), ValueError(), True),
        (Retry(), KeyboardInterrupt(), False),
        (Retry(on=(LookupError,)), KeyError(), True),
        (Retry(on=(LookupError,)), ValueError(), False),
        (Retry(not_on=(LookupError,)), KeyError(), False),
    ],
)
def test_a_step_is_tried_again_as_its_call_says(retry: Retry, error: BaseException, again: bool):
    call = add.with_options(retry=retry)
    (step,) = Replay((), KEEPER, {}).perform(lambda: call(1)).steps
    assert raises_again(step, error) is again
