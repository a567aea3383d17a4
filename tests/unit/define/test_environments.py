"""Arguments of a DAG function that are known when the file is loaded: `[tool.segue.env.NAME]` (T16, S83)."""

from pathlib import Path

from segue.define.code import CodeLoader
from segue.define.loading import load_file

TEXT = """from segue import Params, dag, task
config = {"dev": {"source": "s3://dev/", "parallelism": 4}, "prod": {"source": "s3://prod/", "parallelism": 100}}
class P(Params):
    day: str = "today"
@task
def load(path): ...
@task
def sample(path): ...
@dag(params=P)
def d(day, env="prod", fraction: float = 1.0):
    path = f"s3://{env}-data/date={day}/"
    cfg = config[env]
    load.with_options(max_active=cfg["parallelism"])(cfg["source"])
    if env == "dev":
        sample(path)
"""


def test_values_of_an_environment_decide_like_any_other_value(load):
    (prod,) = load(TEXT).specs
    (dev,) = load(TEXT, env="dev", fraction=1).specs
    assert [(task.id, task.rules.max_active, task.arguments) for task in prod.tasks] == [
        ("load", 100, "path='s3://prod/'")
    ]
    assert [(task.id, task.rules.max_active, task.arguments) for task in dev.tasks] == [
        ("load", 4, "path='s3://dev/'"), ("sample", None, "path=f's3://dev-data/date={day}/'"),
    ]  # fmt: skip


def test_the_definition_child_and_a_worker_see_the_same_environment(child, tmp_path: Path):
    file = tmp_path / "pipeline.py"
    file.write_text(TEXT)
    (definition,) = child.load(file, values={"env": "dev"}).definitions
    traced = CodeLoader(tmp_path, {"env": "dev"}).dag("pipeline.py", "d")
    assert [task.id for task in definition.spec.tasks] == list(traced.task_ids) == ["load", "sample"]


def test_a_key_that_nearly_is_an_argument_is_an_error_that_names_it(child, tmp_path: Path):
    file = tmp_path / "pipeline.py"
    file.write_text(TEXT)
    read = child.load(file, values={"env": "dev", "fracton": 0.5})
    ((line, message),) = [(error.line, error.message) for error in read.errors]
    assert line == 9
    assert "[tool.segue.env] has 'fracton'" in message
    assert "DAG d takes 'fraction'" in message
    assert read.definitions == ()


def test_a_key_for_another_file_is_left_alone(load):
    assert load(TEXT, env="dev", warehouse="x").errors == []


def test_a_key_beside_the_argument_it_resembles_is_left_alone(load):
    assert load(TEXT, env="dev", fraction=0.5, fractions=1).errors == []


def test_a_value_of_another_type_than_the_argument_says_is_an_error(load):
    (error,) = load(TEXT, fraction="half").errors
    assert "gives argument 'fraction' of DAG d the value 'half'" in error.message
    assert "float" in error.message


def test_an_argument_whose_annotation_says_nothing_takes_any_value(load):
    text = "from segue import dag\n@dag\ndef d(x: 'Unknown', y: print = 1, *rest, **more): ...\n"
    assert load(text, x=1, y=2).errors == []


def test_the_names_that_a_file_takes_are_told(tmp_path: Path):
    file = tmp_path / "pipeline.py"
    file.write_text(TEXT + "@dag\ndef other(p: P, *rest, region='eu', **more): ...\n")
    assert load_file(file, tmp_path).arguments == {"env", "fraction", "region"}
