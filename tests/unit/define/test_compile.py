"""What a file's DAGs look like as specs."""

import pytest

from segue.model.spec import MapSpec, Over
from segue.model.value import decode

HEAD = """from segue import Dag, Params, Retry, cron, dag, daily, task
from typing import Literal
@task
def a() -> list[int]:
    "Makes rows."
@task
def b(x, y=1, *rest, **more): ...
"""


def spec(load, text, **values):
    loaded = load(HEAD + text, **values)
    assert loaded.errors == []
    (one,) = loaded.specs
    return one


def test_options_of_a_dag(load):
    one = spec(load, """
@dag(schedule=daily(at="02:00"), timezone="America/Los_Angeles", start="2026-04-01", end="2026-04-30", catchup=True,
     missed="latest", max_active_runs=3, max_active_tasks=5, priority=-1, overlap="skip", delay="1h", owner="ann",
     tags=["x"], location="here", doc="  Words.\\n\\n    More.\\n")
def d():
    a()
""")  # fmt: skip
    assert one.schedule == ("calendar", "daily", 0, 120)
    assert one.end - one.start == 30 * 86_400_000_000
    assert (one.timezone, one.catchup, one.missed, one.overlap) == ("America/Los_Angeles", True, "latest", "skip")
    assert (one.max_active_runs, one.max_active_tasks, one.priority, one.delay) == (3, 5, -1, 3_600_000_000)
    assert (one.owner, one.tags, one.location, one.doc) == ("ann", ("x",), "here", "Words.\n\nMore.")
    assert (one.file, one.line) == ("pipeline.py", 9)


@pytest.mark.parametrize(
    ("written", "deadline", "at"),
    [("'08:30'", None, 510), ("'2h'", 7_200_000_000, None), ("timedelta(hours=1)", 3_600_000_000, None)],
)
def test_a_deadline_is_a_time_of_day_or_a_duration(load, written, deadline, at):
    one = spec(
        load, f"from datetime import timedelta\n@dag(schedule=daily(at='02:00'), deadline={written})\ndef d(): a()\n"
    )
    assert (one.deadline, one.deadline_at) == (deadline, at)


def test_lookback_and_channels_of_a_dag(load):
    options = "schedule='@hourly', lookback=2, alerts=['slack:#ops', 'ann', 'mailto:ann@example.com', 'ann']"
    one = spec(load, f"@dag({options})\ndef d(): a()\n")
    assert (one.lookback, one.alerts) == (2, ("slack:#ops", "ann", "mailto:ann@example.com"))


def test_what_compares_slots_may_stand_at_a_task_or_in_defaults(load):
    one = spec(load, """
@task(depends_on_past=False, deadline="30m")
def t() -> int: ...
@dag(defaults={"depends_on_past": True, "deadline": "1h"})
def d(): t(); a()
""")  # fmt: skip
    assert [(task.rules.depends_on_past, task.rules.deadline) for task in one.tasks] == [
        (False, 1_800_000_000), (True, 3_600_000_000),
    ]  # fmt: skip


def test_an_end_that_is_an_instant_is_the_first_not_included(load):
    day, instant = (
        spec(load, f"@dag(schedule='@daily', end={end!r})\ndef d(): a()\n").end
        for end in ("2026-04-30", "2026-05-01T00:00")
    )
    assert day == instant


def test_options_of_a_task(load):
    (task,) = spec(load, """
@task(timeout="1h", grace="5s", pool="w", slots=2, priority=3, max_active=4, trigger_rule="all_done", idempotent=False,
      allow_failure=True, isolation="fresh", empty="ok", owner="bob", role="source", tags=("t",), doc="D")
def t() -> int: ...
@dag
def d(): t()
""").tasks  # fmt: skip
    rules = task.rules
    assert (rules.timeout, rules.grace, rules.pool, rules.slots) == (3_600_000_000, 5_000_000, "w", 2)
    assert (rules.priority, rules.max_active, rules.trigger_rule) == (3, 4, "all_done")
    assert (rules.idempotent, rules.allow_failure, rules.isolation, rules.empty) == (False, True, "fresh", "ok")
    assert (rules.owner, rules.role, rules.tags) == ("bob", "source", ("t",))
    assert (task.doc, task.returns, task.line) == ("D", "int", 13)


def test_what_a_task_needs_and_touches_stands_in_its_spec(load):
    (task,) = spec(load, """
@task(resources={"memory": "2GB", "gpu": 1}, connections=["shop", "shop", "mail"], secrets=("key",),
      inlets=["raw", "s3://lake/raw"], outlets=["clean"])
def t() -> int: ...
@dag(timeout="90m")
def d(): t()
""").tasks  # fmt: skip
    assert task.rules.resources == (("gpu", 1), ("memory", 2_000_000_000))
    assert task.rules.memory == 2_000_000_000
    assert (task.rules.connections, task.rules.secrets) == (("shop", "mail"), ("key",))
    assert (task.inlets, task.outlets) == (("raw", "s3://lake/raw"), ("clean",))


def test_a_dag_may_have_a_timeout(load):
    assert spec(load, "@dag(timeout='90m')\ndef d(): a()\n").timeout == 5_400_000_000


def test_a_size_that_cannot_be_read_shows_sizes_that_can(load):
    text = "@task(resources={'memory': '2 cows'})\ndef t(): ...\n@dag\ndef d(): t()\n"
    (error,) = load(HEAD + text).errors
    assert "memory: '2 cows': a size above zero is wanted: '2GB', '512MiB'" in error.message


def test_tasks_that_agree_share_one_object_of_rules(load):
    one = spec(load, "@dag\ndef d():\n    a()\n    b.with_options(retry=0)(1)\n    a.with_options(id='c')()\n")
    assert one.tasks[0].rules is one.tasks[1].rules is one.tasks[2].rules


def test_kinds(load):
    text = "@task.branch\ndef p(): ...\n@task.short_circuit\ndef q(): ...\n@dag\ndef d():\n    p() >> q() >> a()\n"
    assert [task.kind for task in spec(load, text).tasks] == ["branch", "short_circuit", "task"]


def test_arguments_are_canonical_text(load):
    one = spec(
        load,
        """
class P(Params):
    env: str = ""
@dag(params=P)
def d(env, other="o"):
    r = a()
    b(r["n"][0], 2, [r, {"k": env}], (f"{env}/{other}",), long="x" * 100, f=0.5)
""",
    )
    texts = one.tasks[1].arguments
    assert texts.startswith("more=dict:")
    assert texts.endswith("rest=([@a, {'k': $env}], (f'{env}/o', ), ), x=@a['n'][0], y=2")


def test_mapped_tasks(load):
    product = "b.with_options(id='c').partial(y=3).product(x=range(4))"
    one = spec(load, f"@dag\ndef d():\n    b.map(a(), [1, 2])\n    {product}\n")
    assert one.tasks[1].mapped == MapSpec("zip", (Over("x", task="a"), Over("y", length=2)))
    assert one.tasks[1].data == ("a",)
    assert one.tasks[2].mapped == MapSpec("product", (Over("x", length=4),))
    assert one.tasks[2].arguments.startswith("x=*range:")
    assert one.tasks[2].arguments.endswith(", y=3")


def test_a_list_written_in_the_file_may_hold_results(load):
    one = spec(load, "@dag\ndef d():\n    b.map([a(), 1])\n")
    assert one.tasks[1].mapped == MapSpec("zip", (Over("x", length=2),))
    assert one.tasks[1].data == ("a",)


def test_params(load):
    one = spec(
        load,
        """
class P(Params):
    day: str
    env: Literal["dev", "prod"] = "prod"
    limits: list[int] = []
    ratio: float | None = None
@dag(params=P)
def d(): a()
""",
    )
    assert [(p.name, p.type, p.default and decode(p.default)) for p in one.params] == [
        ("day", "str", None), ("env", "Literal['dev', 'prod']", "prod"), ("limits", "list[int]", []),
        ("ratio", "float | None", None),
    ]  # fmt: skip
    assert one.params[3].default is not None
    assert [decode(choice) for choice in one.params[1].choices] == ["dev", "prod"]


def test_what_is_no_param_is_known_when_the_file_is_loaded(load):
    text = "@dag\ndef d(env='prod'):\n    if env == 'dev':\n        a()\n    else:\n        b(1)\n"
    assert [task.id for task in spec(load, text).tasks] == ["b"]
    assert [task.id for task in spec(load, text, env="dev").tasks] == ["a"]


def test_names_defined_further_down_exist_when_a_dag_is_traced(load):
    assert [task.id for task in spec(load, "@dag\ndef d():\n    later()\n@task\ndef later(): ...\n").tasks] == ["later"]


def test_generated_dags_and_those_of_a_factory_belong_to_the_file_that_makes_them(load, tmp_path):
    (tmp_path / "factory.py").write_text("from segue import Dag\ndef make(name):\n    return Dag(name)\n")
    (tmp_path / "other.py").write_text("from segue import Dag\nwith Dag('theirs'): ...\n")
    loaded = load("from factory import make\nimport other\nfor n in 'xy':\n    with make(n): ...\n")
    assert [one.id for one in loaded.specs] == ["x", "y"]


def test_a_dag_without_tasks_loads_with_a_warning(load):
    loaded = load("from segue import Dag\nwith Dag('nothing'): ...\n")
    assert [(one.severity, one.dag) for one in loaded.findings] == [("warning", "nothing")]


JOIN = (
    HEAD
    + """
@task.branch
def pick(): ...
@dag
def d():
    p, left, right = pick(), a.with_options(id="left")(), a.with_options(id="right")()
    p >> [left, right] >> b{options}(0)
"""
)


def test_a_join_after_a_branch_with_the_default_rule_is_found(load):
    (finding,) = load(JOIN.format(options="")).findings
    assert (finding.severity, finding.task, finding.line) == ("error", "b", 14)
    assert "none_failed_min_one_success" in finding.hint


def test_a_join_after_a_branch_with_another_rule_is_left_alone(load):
    assert load(JOIN.format(options=".with_options(trigger_rule='none_failed')")).findings == []


def test_one_arm_of_a_branch_is_no_join(load):
    text = HEAD + "@task.branch\ndef pick(): ...\n@dag\ndef d():\n    x = a()\n    pick() >> x >> b(x)\n"
    assert load(text).findings == []


def test_a_digest_does_not_see_lines_files_and_function_bodies_and_sees_arguments(load):
    from segue.model.spec import spec_digest

    text = "@task\ndef t():\n    return {}\n@dag\ndef d():\n    t()\n    b({})\n"
    one, moved, changed = (
        spec_digest(spec(load, t)) for t in (text.format(1, 1), "\n\n" + text.format(2, 1), text.format(1, 2))
    )
    assert one == moved != changed
