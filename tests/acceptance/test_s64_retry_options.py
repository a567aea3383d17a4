from pathlib import Path

from segue.define.loading import load_file
from segue.model.spec import RetrySpec

FILE = """
from datetime import timedelta
from segue import Retry, dag, task

@task
def plain(): ...

@task(retry=5)
def short(): ...

@task(retry=Retry(5, delay="30s", backoff=2, max_delay="8m", on=(ConnectionError,), not_on=(ConnectionResetError,)))
def spelled(): ...

@dag(defaults={"retry": Retry(2, delay=timedelta(minutes=1), backoff=1)})
def retried():
    plain()
    short()
    spelled()
    spelled.with_options(id="off", retry=0)()
"""


def test_s64_retries_delay_backoff_and_cap_per_task_and_through_defaults(tmp_path: Path):
    (tmp_path / "retried.py").write_text(FILE)
    (spec,) = load_file(tmp_path / "retried.py", tmp_path).specs
    assert {task.id: task.rules.retry for task in spec.tasks} == {
        "plain": RetrySpec(times=2, delay=60_000_000, backoff=1.0, max_delay=600_000_000),
        "short": RetrySpec(times=5, delay=30_000_000, backoff=2.0, max_delay=600_000_000),
        "spelled": RetrySpec(
            times=5, delay=30_000_000, backoff=2.0, max_delay=480_000_000,
            on=("ConnectionError",), not_on=("ConnectionResetError",),
        ),
        "off": RetrySpec(times=0),
    }  # fmt: skip


def test_s64_without_retry_a_task_is_not_tried_again(tmp_path: Path):
    (tmp_path / "plain.py").write_text("from segue import dag, task\n@task\ndef t(): ...\n@dag\ndef d():\n    t()\n")
    (spec,) = load_file(tmp_path / "plain.py", tmp_path).specs
    assert spec.tasks[0].rules.retry.times == 0
