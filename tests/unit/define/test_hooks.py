"""`on_success=`, `on_failure=`, `on_cancel=`: declared, and found again where they are called."""

import asyncio
import inspect
from functools import partial
from pathlib import Path

import pytest

from segue import Context, Dag, Interval, dag, injected, task
from segue.define.code import CodeLoader
from segue.define.compile import compile_dag
from segue.define.context import RunContext
from segue.define.hooks import hook_of
from segue.model.errors import Fail
from segue.model.interval import Interval as Slot

FILE = """from segue import dag, task
told = []
def tell(context):
    told.append(context.task_id)
@task(on_failure=tell, on_cancel=lambda: told.append("cancelled"))
def load(): ...
@dag(on_success=lambda context: told.append(context.dag_id), defaults={"on_success": tell})
def d():
    load()
    load.with_options(id="other", on_failure=None)()
"""


def context(**more):
    return RunContext(dag_id="d", run_id="d@1", task_id="t", **more)


def test_a_spec_says_which_hooks_there_are(load):
    (spec,) = load(FILE).specs
    assert spec.hooks == ("success",)
    assert [task.rules.hooks for task in spec.tasks] == [("success", "failure", "cancel"), ("success", "cancel")]


def test_hooks_are_found_again_by_loading_the_file(tmp_path: Path):
    (tmp_path / "pipeline.py").write_text(FILE)
    found = CodeLoader(tmp_path).dag("pipeline.py", "d")
    hook_of(found, "load", "failure")(context())
    hook_of(found, "load", "cancel")(context())
    hook_of(found, "other", "success")(context())
    hook_of(found, "", "success")(context())
    told = hook_of(found, "load", "failure").__closure__[1].cell_contents.fn.__globals__["told"]
    assert told == ["t", "cancelled", "t", "d"]


@pytest.mark.parametrize(("name", "hook"), [("other", "failure"), ("gone", "success"), ("", "failure")])
def test_a_hook_that_is_gone_fails_its_attempt(tmp_path: Path, name: str, hook: str):
    (tmp_path / "pipeline.py").write_text(FILE)
    found = CodeLoader(tmp_path).dag("pipeline.py", "d")
    with pytest.raises(Fail, match="no longer there"):
        hook_of(found, name, hook)


def called(hook, **more):
    with Dag("d") as one:
        task(lambda: None, id="t", on_success=hook)()
    assert compile_dag(one).tasks[0].rules.hooks == ("success",)
    return hook_of(one, "t", "success")(context(**more))


def with_interval(interval: Interval = injected) -> str:
    return interval.ds


def with_both(context: Context, *, interval: Interval = injected) -> tuple[object, str]:
    return context, interval.ds


def test_a_hook_gets_the_context_where_it_asks_for_something():
    assert called(lambda context: context.task_id) == "t"
    assert called(lambda c, channel="ops": (c.task_id, channel)) == ("t", "ops")
    assert called(lambda *given: len(given)) == 1
    assert called(partial(lambda channel, context: (channel, context.task_id), "ops")) == ("ops", "t")


def test_a_hook_that_asks_for_nothing_gets_nothing():
    assert called(lambda: 3) == 3
    assert called(lambda channel="ops": channel) == "ops"


def test_a_hook_is_given_what_a_task_would_be():
    slot = Slot("2026-04-01")
    assert called(with_interval, slot=slot) == "2026-04-01"
    assert called(with_both, slot=slot)[1] == "2026-04-01"


def test_a_hook_may_be_a_coroutine_function():
    async def later(context: Context) -> str:
        return context.task_id

    made = called(later)
    assert inspect.iscoroutine(made)
    assert asyncio.run(made) == "t"


def test_a_task_may_be_a_hook_and_a_call_of_it_may_not(load):
    head = "from segue import dag, task\n@task\ndef tell(context): ...\n"
    assert load(head + "@dag(on_failure=tell)\ndef d():\n    tell(1)\n").errors == []
    text = head + "@dag\ndef d():\n    x = tell(1)\n    task(lambda: 1, id='t', on_failure=x)()\n"
    (error,) = load(text).errors
    assert (error.line, error.task) == (7, "t")
    assert "must be a function that takes the Context" in error.message


def test_what_a_hook_asks_for_too_much_is_named(load):
    text = (
        "from segue import dag, task\n@task(on_failure=lambda run, error: 1)\ndef t(): ...\n@dag\ndef d():\n    t()\n"
    )
    (error,) = load(text).errors
    assert "asks for run, error and gets the Context alone" in error.message


def test_a_dag_without_hooks_has_none():
    @dag
    def d() -> None:
        task(lambda: None, id="t")()

    d.trace()
    assert (compile_dag(d).hooks, compile_dag(d).tasks[0].rules.hooks) == ((), ())
