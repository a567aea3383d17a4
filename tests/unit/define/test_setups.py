"""Setups and teardowns as they are declared; what a run makes of them is the engine's."""

import pytest

HEAD = """from segue import dag, task
@task.setup
def start(): ...
@task.teardown
def stop(): ...
@task
def work(x=0): ...
"""


def loaded(load, *lines):
    """A DAG with these lines; the first is line 10."""
    return load(HEAD + "@dag\ndef d():\n" + "".join(f"    {line}\n" for line in lines))


def messages(found):
    return [(one.severity, one.line, one.message) for one in found]


def test_setup_and_teardown_are_kinds_and_take_options(load):
    text = "@task.teardown(retry=2, timeout='5m', id='end')\ndef late(): ...\n"
    one = load(HEAD + text + "@dag\ndef d():\n    x = start()\n    x >> work() >> late() << x\n")
    assert (one.errors, one.findings) == ([], [])
    (spec,) = one.specs
    assert [(task.id, task.kind) for task in spec.tasks] == [("start", "setup"), ("work", "task"), ("end", "teardown")]
    assert spec.tasks[2].rules.retry.times == 2


def test_the_result_of_a_setup_may_be_an_argument(load):
    assert loaded(load, "x = start()", "work(x) >> stop() << x").errors == []


@pytest.mark.parametrize(
    ("lines", "hint"), [(["start() >> work() >> stop()"], "start >> stop"), (["work() >> stop()"], "@task.setup")]
)
def test_a_teardown_without_a_setup_directly_upstream_is_an_error_that_says_how(load, lines, hint):
    (error,) = loaded(load, *lines).errors
    assert (error.line, error.task) == (10, "stop")
    assert "no setup directly upstream" in error.message
    assert hint in error.message


@pytest.mark.parametrize("kind", ["setup", "teardown"])
def test_setups_and_teardowns_cannot_be_mapped(load, kind):
    one = load(HEAD + f"@task.{kind}\ndef many(x): ...\n@dag\ndef d():\n    start() >> many.map([1, 2])\n")
    assert [f"many is a {kind}: there is one of it in a run, so it cannot be mapped"] == [e.message for e in one.errors]


def test_a_teardown_beside_the_work_is_found(load):
    ((severity, line, message),) = messages(loaded(load, "x = start()", "x >> [work(), stop()]").findings)
    assert (severity, line) == ("warning", 11)
    assert "runs while what needs the setup runs" in message


def test_a_setup_that_only_a_teardown_follows_is_left_alone(load):
    assert loaded(load, "start() >> stop()").findings == []


@pytest.mark.parametrize("option", ["trigger_rule='one_failed'", "allow_failure=True"])
def test_options_of_a_teardown_that_decide_nothing_are_found(load, option):
    lines = ["x = start()", f"x >> work() >> stop.with_options({option})() << x"]
    ((_, line, message),) = messages(loaded(load, *lines).findings)
    assert line == 11
    assert "decides nothing" in message


@pytest.mark.parametrize("rule", ["all_success", "all_done"])
def test_the_rule_that_a_teardown_has_anyhow_may_be_written(load, rule):
    assert loaded(load, "x = start()", f"x >> work() >> stop.with_options(trigger_rule={rule!r})() << x").findings == []


def test_a_retry_that_never_happens_is_found(load):
    lines = ["work.with_options(retry=3, idempotent=False)()", "work.with_options(id='w', idempotent=False)()"]
    ((severity, line, message),) = messages(loaded(load, *lines).findings)
    assert (severity, line) == ("warning", 10)
    assert "retry=3 and idempotent=False" in message
