"""What an attempt calls, with the values of its upstream."""

from logging import Logger, getLogger
from typing import Annotated, Optional

import pytest

from segue import Context, Dag, Fail, Interval, Params, Retry, UsageError, current, dag, injected, task
from segue.define.binding import annotations_of, bind, branch_choice, may_retry, retry_policy
from segue.define.context import RunContext
from segue.define.running import entered
from segue.model.commands import Missing
from segue.model.state import TaskState

SKIPPED = Missing("a", TaskState.SKIPPED)


class Settings(Params):
    env: str = "prod"
    limit: int = 100


@task
def show(*args: object, **kwargs: object) -> object:
    return args, kwargs


@task
def a() -> dict[str, int]:
    return {}


@task
def b() -> None: ...


@task
def optional(x: object = "default") -> object:
    return x


@task
def needed(x: object) -> object:
    return x


def context(**given: object) -> RunContext:
    given = {"slot": Interval("2026-04-01"), "values": {"env": "dev", "limit": 7}, **given}
    return RunContext(dag_id="d", run_id="d@2026-04-01", task_id="t", **given)


def call(dag_: Dag, task_id: str = "t", inputs=None, picks=(), **given: object) -> object:
    bound = bind(dag_, task_id, inputs or {}, picks, context(**given))
    return bound.fn(*bound.args, **bound.kwargs)


def declared(make) -> Dag:
    return dag(params=Settings)(make)


def test_constants_come_from_the_call_and_values_from_the_inputs():
    @declared
    def d():
        show.with_options(id="t")(1, a(), k=[a.with_options(id="a2")(), {"x": (b(),)}])

    assert call(d, inputs={"a": 2, "a2": 3, "b": 4}) == ((1, 2), {"k": [3, {"x": (4,)}]})


def test_a_part_of_a_result_is_taken_by_its_consumer():
    @declared
    def d():
        show.with_options(id="t")(a()["rows"][0])

    assert call(d, inputs={"a": {"rows": [5, 6]}}) == ((5,), {})


def test_a_part_that_is_not_there_fails_without_retry():
    @declared
    def d():
        show.with_options(id="t")(a()["rows"])

    with pytest.raises(Fail, match="a has no part .*KeyError: 'rows'"):
        call(d, inputs={"a": {}})


def test_a_missing_upstream_gives_way_to_the_default():
    @declared
    def d():
        optional.with_options(id="t")(a())

    assert call(d, inputs={"a": SKIPPED}) == "default"


def test_a_missing_upstream_without_default_fails_and_is_named():
    @declared
    def d():
        needed.with_options(id="t")(a())

    with pytest.raises(Fail, match=r"argument 'x' of task t: upstream a gave no value \(skipped\)"):
        call(d, inputs={"a": SKIPPED})


def test_missing_upstreams_are_left_out_of_a_list_and_order_is_kept():
    @declared
    def d():
        needed.with_options(id="t")([b(), a(), a.with_options(id="a2")()["n"], 9])

    assert call(d, inputs={"b": 1, "a": SKIPPED, "a2": {"n": 3}}) == [1, 3, 9]
    assert call(d, inputs={"b": 1, "a": 2, "a2": SKIPPED}) == [1, 2, 9]


def test_params_are_filled_in_as_values_and_in_text():
    @declared
    def d(env, limit):
        show.with_options(id="t")(env, [limit], f"s3://{env}-data/{limit:>4}/{env!r}/", {"k": f"{limit}"})

    assert call(d) == (("dev", [7], "s3://dev-data/   7/'dev'/", {"k": "7"}), {})


def test_a_parameter_annotated_with_the_params_class_holds_references():
    @declared
    def d(settings: Settings):
        show.with_options(id="t")(settings.env)

    assert call(d) == (("dev",), {})


def test_what_an_attempt_does_to_its_arguments_is_not_seen_by_the_next():
    @task
    def spoil(rows: list[int]) -> list[int]:
        rows.append(1)
        return rows

    @declared
    def d():
        spoil.with_options(id="t")([0])

    assert call(d) == call(d) == [0, 1]


def test_mapped_arguments_are_picked():
    @declared
    def d():
        pair.with_options(id="t").map(a(), ["p", b()])
        pair.with_options(id="dict").map({"one": 1, "two": 2}, {30, 20})

    inputs = {"a": [10, 11], "b": "B"}
    assert call(d, inputs=inputs, picks=(0, 0)) == (10, "p")
    assert call(d, inputs=inputs, picks=(1, 1)) == (11, "B")
    assert call(d, inputs={"a": 12}, picks=(-1, 0)) == (12, "p")
    assert call(d, "dict", picks=(1, 0)) == (("two", 2), 20)


@task
def pair(x: object, y: object) -> object:
    return x, y


def test_an_item_can_be_read_alone():
    @declared
    def d():
        pair.with_options(id="t").map(a(), [1, 2, 3])

    bound = bind(d, "t", {}, (2, 2), context(), lambda task_id, k: f"{task_id}[{k}]")
    assert bound.fn(*bound.args, **bound.kwargs) == ("a[2]", 3)


@task
def everything(
    interval: Interval,
    path: str,
    maybe: Interval | None = None,
    also: "Optional[Interval]" = None,  # noqa: UP045 - as people write it
    where: Annotated[Context, "note"] = injected,
    settings: Settings = injected,
    log: Logger = injected,
) -> object:
    return interval, path, maybe, also, where, settings, log


def test_what_is_injected():
    @declared
    def d():
        everything.with_options(id="t")(path="p")

    log = getLogger("test")
    interval, path, maybe, also, where, settings, given = call(d, log=log)
    assert interval == maybe == also == Interval("2026-04-01")
    assert (path, settings, given) == ("p", Settings(env="dev", limit=7), log)
    assert where.ds == "2026-04-01"


def test_annotations_written_as_text_that_no_longer_resolve_are_read_as_words():
    def fn(interval: "Interval", nothing: "Missing_", log: "logging.Logger", ctx: "Context | None" = injected): ...  # noqa: F821

    from segue.define.injection import Function

    function = Function(fn)
    assert {name: one.what for name, one in function.injections.items()} == {
        "interval": "interval", "log": "log", "ctx": "context",
    }  # fmt: skip


def test_a_run_without_interval_fails_where_one_is_asked_for_and_names_the_flag():
    @task
    def t(interval: Interval = injected): ...

    @task
    def optional_(interval: Interval | None = injected) -> object:
        return interval

    @declared
    def d():
        t()
        optional_()

    with pytest.raises(Fail, match="--date"):
        call(d, "t", slot=None)
    assert call(d, "optional_", slot=None) is None


def test_params_that_do_not_fit_fail_without_retry():
    @task
    def t(settings: Settings = injected): ...

    @declared
    def d():
        t()

    with pytest.raises(Fail, match="limit"):
        call(d, values={"limit": "many"})


def test_a_task_that_is_gone_fails_without_retry():
    @declared
    def d():
        a()

    with pytest.raises(Fail, match="no longer there"):
        call(d, "b")


def test_the_context_has_one_value_under_many_names():
    one = context(due=Interval("2026-04-02").start_instant)
    names = ("logical_date", "execution_date", "data_interval_start", "scheduled_start_time")
    assert {getattr(one, name) for name in names} == {one.interval.start}
    assert one.interval.end == one.data_interval_end == one.scheduled_at
    assert one.partition_key == one.ds == "2026-04-01"
    assert one.params["env"] == "dev"
    one.report(rows=3, source="x")
    assert one.reports == [(3, "x")]


@pytest.mark.parametrize("ask", [lambda c: c.connection("x"), lambda c: c.secret("x")])
def test_a_connection_or_secret_that_the_task_does_not_declare_is_refused(ask):
    with pytest.raises(Fail, match=r"does not declare it.*s=\['x'\]"):
        ask(context())


def test_current_is_the_context_of_the_attempt():
    one = context()
    with entered(one):
        assert current() is one
    with pytest.raises(UsageError, match="no task is running"):
        current()


def test_a_task_called_within_an_attempt_runs_with_its_context():
    @task
    def inner(interval: Interval = injected) -> str:
        return interval.ds

    with entered(context()):
        assert inner() == "2026-04-01"


def test_within_a_context_a_task_called_by_hand_gets_its_injected_arguments():
    @task
    def extract(interval: Interval = injected) -> str:
        return interval.ds

    with context():
        assert extract() == "2026-04-01"
    with pytest.raises(UsageError):
        extract()


def test_what_a_branch_returns():
    @task.branch
    def fork() -> str: ...

    @task
    def a() -> None: ...

    @task
    def b() -> None: ...

    @dag
    def forked() -> None:
        fork() >> [a(), b()]

    def chosen(value: object) -> tuple[str, ...]:
        return branch_choice(forked, "fork", value)

    assert chosen(None) == ()
    assert chosen("a") == chosen(a) == chosen(["a", a]) == ("a",)
    assert chosen([a, "b"]) == ("a", "b")
    with pytest.raises(Fail, match="int"):
        chosen(3)
    with pytest.raises(Fail, match="'c', which is not directly downstream of it: a, b is"):
        chosen("c")


def test_the_retry_policy_of_a_call_is_that_of_options_over_decorator_over_defaults():
    tried = task(retry=Retry(1, on=(KeyError,), not_on=(IndexError,)))(b.fn)

    @dag(defaults={"retry": 4})
    def d():
        a()
        tried()
        tried.with_options(id="b2", retry=2)()

    assert [retry_policy(d, name).times for name in ("a", "b", "b2")] == [4, 1, 2]
    policy = retry_policy(d, "b")
    assert [may_retry(policy, error) for error in (KeyError(), IndexError(), ValueError())] == [True, False, False]


def test_annotations_of_the_parameters_that_take_upstream_values():
    @task
    def t(one: dict[str, int], many: list[bytes], plain=None): ...

    @declared
    def d():
        t(a(), [b(), a.with_options(id="a2")()])

    assert annotations_of(d, "t") == {"a": dict[str, int], "b": bytes, "a2": bytes}
