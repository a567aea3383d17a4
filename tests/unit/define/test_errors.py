"""Everything wrong with a file is reported together, with its line."""

import pytest

HEAD = """from segue import Dag, Interval, Params, Retry, chain, cross, dag, daily, hourly, injected, task
@task
def a(): ...
@task
def b(x=0): ...
@task
def c(x): ...
"""


def errors(loaded):
    return [(error.line, error.message) for error in loaded.errors]


def body(*lines: str, options: str = "") -> str:
    """A DAG with these lines; the first is line 10."""
    return HEAD + f"@dag({options})\ndef d():\n" + "".join(f"    {line}\n" for line in lines)


def test_a_cycle_is_printed_as_a_path_with_the_line_that_closes_it(load):
    text = body("x = a(); y = b(x); z = c(y)", "z >> x")
    assert errors(load(text)) == [(11, "cycle: a → b → c → a")]


def test_a_self_loop_is_a_cycle(load):
    assert errors(load(body("x = a()", "x >> x"))) == [(11, "cycle: a → a")]


def test_two_tasks_of_one_id(load):
    ((line, text),) = errors(load(body("a()", "b.with_options(id='a')()")))
    assert line == 11
    assert "two tasks have the id 'a'" in text
    assert "line 10" in text


def test_a_task_called_twice_shows_how_to_name_the_calls(load):
    ((line, text),) = errors(load(body("a()", "a()")))
    assert line == 11
    assert "a.with_options(id='…')" in text


def test_an_upstream_of_another_dag_is_unknown(load):
    text = HEAD + "with Dag('one'):\n    x = a()\nwith Dag('two'):\n    b(x)\n    x >> c(1)\n"
    found = errors(load(text))
    assert [line for line, _ in found] == [11, 12]
    assert all("unknown upstream" in text for _, text in found)


def test_something_that_is_no_task_cannot_be_put_in_order(load):
    ((line, text),) = errors(load(body("a() >> 'b'")))
    assert line == 10
    assert "'b'" in text


@pytest.mark.parametrize(
    ("call", "said"),
    [("Retry(1, dely='1s')", "did you mean delay?"), ("daily(hour='02:00')", "it takes at")],
)  # fmt: skip
def test_a_keyword_that_a_call_does_not_take_names_the_nearest_or_all(load, call, said):
    ((line, text),) = errors(load(HEAD + f"x = {call}\n"))
    assert line == 8
    assert text.endswith(said)


@pytest.mark.parametrize(
    "line", ["a >> b()", "a() >> b", "[a()] >> b", "b << a()", "chain(a, b())", "cross([a], [b()])"]
)
def test_a_task_that_is_not_called_is_explained(load, line):
    found = errors(load(body(line)))
    assert found
    assert all("is a task, not a call of it" in text for _, text in found)


def test_an_edge_between_tasks_that_were_not_called_is_explained_in_one_line_with_the_fix(load):
    text = HEAD + "a >> b\n"  # trap T7
    assert errors(load(text)) == [(8, "a is a task, not a call of it: write a() >> b()")]
    assert errors(load(body("[a(), b] << c")))[0][1].endswith("write [a(), b()] << c()")


@pytest.mark.parametrize("name", ["1a", "a b", "a/b", "", "ä", "x" * 201])
def test_a_bad_name_of_a_task(load, name):
    ((line, text),) = errors(load(body(f"a.with_options(id={name!r})()")))
    assert line == 10
    assert "cannot be the id of a task" in text


def test_an_id_of_200_characters_is_fine(load):
    assert load(body(f"a.with_options(id={'x' * 200!r})()")).errors == []


def test_a_lambda_needs_an_id(load):
    ((_, text),) = errors(load(body("task(lambda: 1)()")))
    assert "<lambda>" in text


def test_a_bad_name_of_a_dag(load):
    ((_, text),) = errors(load(HEAD + "with Dag('my dag'):\n    a()\n"))
    assert "'my dag' cannot be the id of a DAG" in text


def test_a_missing_argument(load):
    ((line, text),) = errors(load(body("c()")))
    assert line == 10
    assert "misses argument 'x'" in text


def test_an_argument_that_does_not_exist_and_one_too_many(load):
    found = errors(load(body("b(1, 2)", "c(y=3)")))
    assert "too many positional arguments" in found[0][1]
    assert "unexpected keyword argument 'y'" in found[1][1]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("retries=3", "retry=…"), ("retry_delay=5", "retry=Retry(delay=…)"), ("execution_timeout=1", "timeout=…"),
        ("prioritty=3", "priority=…"), ("task_id='x'", "id=…"), ("max_retry_delay=1", "retry=Retry(max_delay=…)"),
    ],
)  # fmt: skip
def test_an_unknown_option_of_a_task_names_the_nearest(load, given, meant):
    ((line, text),) = errors(load(HEAD + f"@task({given})\ndef t(): ...\n"))
    assert line == 8
    assert text.endswith(f"write {meant}")


@pytest.mark.parametrize(
    ("given", "meant"),
    [("start_date='2026-04-01'", "start=…"), ("retries=3", "defaults={'retry': …}"),
     ("schedule_interval='@daily'", "schedule=…"),
     ("default_args={}", "defaults=…"), ("catchup_=True", "catchup=…"), ("concurrency=3", "max_active_tasks=…")],
)  # fmt: skip
def test_an_unknown_option_of_a_dag_names_the_nearest(load, given, meant):
    ((_, text),) = errors(load(body("a()", options=given)))
    assert text.endswith(f"write {meant}")


def test_an_unknown_option_of_with_options_and_of_defaults(load):
    text = body("a.with_options(retries=3)()", options="defaults={'retries': 2, 'id': 'x'}")
    assert [text for _, text in errors(load(text))] == [
        "defaults of DAG d has no option 'retries': write retry=…",
        "defaults of DAG d cannot hold id: it names one task",
        "task a has no option 'retries': write retry=…",
    ]


def test_a_scheduled_dag_has_a_default_for_each_param(load):
    text = HEAD + "class P(Params):\n    day: str\n    limit: int = 3\n"
    text += "@dag(params=P, schedule='@daily')\ndef d():\n    a()\n"
    ((_, message),) = errors(load(text))
    assert "without a default (day)" in message


def test_a_param_without_default_is_fine_where_there_is_no_schedule(load):
    text = HEAD + "class P(Params):\n    day: str\n@dag(params=P)\ndef d(day):\n    b(day)\n"
    assert load(text).errors == []


@pytest.mark.parametrize(
    "use",
    ["if {}: pass", "{} == 1", "{} < 1", "{}[0]", "list({})", "for _ in {}: pass", "{}.upper()", "'a' + {}", "len({})",
     "{} in [1]", "int({})"],
)  # fmt: skip
def test_a_param_cannot_be_looked_at_while_the_dag_is_declared(load, use):
    text = HEAD + f"class P(Params):\n    p: str = ''\n@dag(params=P)\ndef d(p):\n    a()\n    {use.format('p')}\n"
    ((line, message),) = errors(load(text))
    assert line == 13
    for way_out in ("environment", "branch", "flow"):
        assert way_out in message


@pytest.mark.parametrize(
    "use", ["if {}: pass", "{} == 1", "for _ in {}: pass", "{}.upper()", "f'{{{}}}'", "{} + 1", "len({})"]
)
def test_a_result_cannot_be_looked_at_while_the_dag_is_declared(load, use):
    ((line, message),) = errors(load(body("x = a()", use.format("x"))))
    assert line == 11
    assert ".map" in message
    assert "branch" in message


def test_an_argument_that_cannot_be_stored_names_task_and_argument(load):
    ((line, text),) = errors(load(body("c({'f': [lambda: 1]})")))
    assert line == 10
    assert "argument 'x' of task c" in text
    assert """x["f"][0] cannot be stored""" in text


@pytest.mark.parametrize(
    "option",
    ["checks=[print]", "unchanged='hold'", "volume='warn'"],
)
def test_what_comes_later_is_refused_and_not_ignored(load, option):
    ((_, text),) = errors(load(HEAD + f"@task({option})\ndef t(): ...\n@dag\ndef d():\n    t()\n"))
    assert f"{option.partition('=')[0]}= of task t is not available in this version" in text


def test_a_sensor_comes_later_and_is_refused(load):
    ((_, text),) = errors(load(HEAD + "@task.sensor(timeout='1h')\ndef t(): ...\n@dag\ndef d():\n    t()\n"))
    assert "task.sensor is not available in this version" in text


@pytest.mark.parametrize(
    "option",
    ["retry=-1", "retry=True", "retry=Retry(delay='soon')", "retry=Retry(backoff=float('nan'))",
     "retry=Retry(jitter=2)", "retry=Retry(on=ValueError)",
     "timeout='0s'", "timeout=30", "slots=0", "priority='high'", "max_active=0",
     "trigger_rule='all_succes'", "isolation='vm'", "empty='maybe'", "tags='x'", "idempotent=1", "owner=''",
     "connections='shop'", "connections=['a b']", "secrets=[1]", "resources=['gpu']", "resources={'memory': '2 cows'}",
     "resources={'gpu': 0}", "resources={'gpu': '1'}", "resources={'a b': 1}", "on_failure='tell'",
     "on_success=lambda a, b: 1", "on_cancel=lambda *, job: 1", "inlets='x'", "outlets=['']", "outlets=['x' * 501]",
     "renamed_from='t'", "renamed_from='a b'", "group='a b'", "item_name='{x}'", "deadline='08:00'",
     "deadline='0s'", "depends_on_past=1"],
)  # fmt: skip
def test_a_value_that_is_no_option_is_an_error(load, option):
    ((line, text),) = errors(load(HEAD + f"@task({option})\ndef t(): ...\n@dag\ndef d():\n    t()\n"))
    assert line == 12
    assert option.partition("=")[0] in text


@pytest.mark.parametrize(
    "option",
    ["schedule='61 * * * *'", "schedule=3", "timezone='Mars'", "start='soon'", "missed='all'",
     "start='2026-04-02', end='2026-04-01'", "max_active_runs=0", "tags='x'", "timeout='0s'", "timeout=60",
     "on_failure=[print]", "on_success=lambda run, slot: 1", "renamed_from='d'", "params=3", "params=Retry",
     "deadline='soon'", "deadline='0s'", "deadline='24:00'", "schedule='0 * * * *', deadline='08:00'", "lookback=2",
     "schedule='@once', lookback=2", "schedule='@daily', lookback=-1", "alerts='ops'", "alerts=['telex:7']",
     "alerts=['slack:']", "alerts=['a b']"],
)  # fmt: skip
def test_a_value_that_is_no_option_of_a_dag_is_an_error(load, option):
    ((line, _),) = errors(load(body("a()", options=option)))
    assert line == 8


def test_a_time_of_day_is_no_deadline_where_there_are_several_slots_a_day(load):
    ((_, text),) = errors(load(body("a()", options="schedule=hourly(), deadline='08:00'")))
    assert "deadline='08:00': hourly(at=':00') has several slots a day" in text
    assert "'30m'" in text


def test_a_timetable_that_cannot_be_read_has_its_line(load):
    ((line, text),) = errors(load(HEAD + "x = daily(at='25:00')\n"))
    assert line == 8
    assert "25:00" in text


def test_a_branch_may_only_return_what_follows_it(load):
    text = HEAD + "from typing import Literal\n@task.branch\ndef pick() -> Literal['a', 'z'] | None: ...\n"
    text += "@dag\ndef d():\n    pick() >> a()\n"
    ((_, message),) = errors(load(text))
    assert "'z'" in message


def test_lists_of_different_length_cannot_be_paired(load):
    ((_, text),) = errors(load(body("task(lambda x, y: 1, id='t').map([1, 2], [3])")))
    assert "x: 2, y: 1" in text


def test_items_of_a_mapped_task_are_not_taken_one_by_one_and_all_together(load):
    text = HEAD + "@dag\ndef d():\n    x = c.map([1])\n    task(lambda one, all: 1, id='t').partial(all=[x]).map(x)\n"
    ((line, message),) = errors(load(text))
    assert line == 11
    assert "as 'all' too: let a task between them gather the items" in message
    assert "as 'all' too" in errors(load(text.replace("partial(all=[x]).map(x)", "map(x, [x])")))[0][1]


def test_a_list_may_be_taken_item_by_item_and_whole(load):
    assert load(body("x = a()", "task(lambda one, all: 1, id='t').partial(all=x).map(x)")).errors == []


@pytest.mark.parametrize("fan", ["map(iter([1]))", "map(3)", "map()", "map([1], [2])", "map(y=[1])", "map(a()['n'])",
                                 "partial(x=1).map([2])", "partial(y=1)"])  # fmt: skip
def test_what_cannot_be_mapped_is_an_error(load, fan):
    assert errors(load(body(f"c.{fan}")))


def test_a_branch_cannot_be_mapped(load):
    text = HEAD + "@task.branch\ndef pick(x): ...\n@dag\ndef d():\n    pick.map([1])\n"
    ((_, message),) = errors(load(text))
    assert "cannot be mapped" in message


def test_a_dag_inside_a_dag_is_an_error(load):
    found = errors(load(HEAD + "with Dag('one'):\n    with Dag('two'):\n        a()\n"))
    assert "DAG two stands inside DAG one" in found[0][1]


def test_two_dags_of_one_id(load):
    ((line, text),) = errors(load(HEAD + "with Dag('one'):\n    a()\nwith Dag('one'):\n    a()\n"))
    assert line == 10
    assert "first in line 8" in text


def test_an_argument_of_the_dag_function_needs_a_value(load):
    text = HEAD + "@dag\ndef d(env):\n    b(env)\n"
    ((_, message),) = errors(load(text))
    assert "argument 'env' of DAG d has no value" in message
    assert load(text, env="dev").errors == []


def test_all_errors_of_a_file_come_together_and_sound_dags_are_kept(load):
    text = HEAD + "@dag\ndef good():\n    a()\n@dag\ndef bad():\n    c()\n    a() >> b >> a()\n"
    text += "@dag(schedule='x')\ndef worse():\n    raise KeyError('nothing')\n"
    loaded = load(text)
    assert [spec.id for spec in loaded.specs] == ["good"]
    assert [error.dag for error in loaded.errors] == [*["bad"] * 4, "worse"]
    assert loaded.errors[-1].message == "KeyError: 'nothing'"
    assert loaded.errors[-1].line == 17


def test_an_import_that_fails_names_the_innermost_line_of_the_project(load, tmp_path):
    (tmp_path / "lib.py").write_text("def f():\n    return 1 / 0\n")
    (error,) = load("import lib\nlib.f()\n").errors
    assert (error.file, error.line) == ("lib.py", 2)
    assert error.message == "ZeroDivisionError: division by zero"


def test_a_file_that_exits_is_an_error(load):
    ((_, text),) = errors(load("import sys\nsys.exit('bye')\n"))
    assert text == "SystemExit: bye"


def test_a_file_that_is_too_large_is_refused(load):
    assert load("#" * 4_999_999 + "\n").errors == []
    ((_, text),) = errors(load("#" * 5_000_000 + "\n"))
    assert "5,000,001 bytes" in text


def test_a_doc_that_is_too_long_is_refused(load):
    assert load(body("a()", options="doc='x' * 65536")).errors == []
    assert load(body("a()", options="doc='x' * 65537")).errors


def test_more_dags_in_a_file_than_the_limit_are_refused(load):
    text = HEAD + "for n in range({}):\n    Dag(f'd{{n}}')\n"
    assert load(text.format(10_000)).errors == []
    ((_, message),) = errors(load(text.format(10_001)))
    assert "declares 10,001 DAGs" in message


def test_more_tasks_in_a_dag_than_the_limit_are_refused(load):
    ((_, message),) = errors(load(body("for n in range(100_001): a.with_options(id=f'a{n}')()")))
    assert "has 100,001 tasks" in message


def test_more_items_written_in_the_file_than_the_limit_are_refused(load):
    assert errors(load(body("c.map(range(100_000))"))) == []
    ((_, message),) = errors(load(body("c.map(range(100_001))")))
    assert "100,001 items" in message
