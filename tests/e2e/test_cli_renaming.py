"""DAGs under new ids, and what a project asks for by name and does not have."""

import time
from pathlib import Path

import pytest

from tests.e2e.commands import PATIENCE, Project, check_home

ORDERS = """
from pathlib import Path
from segue import dag, every, task

@task
def load():
    with open("loads", "a") as log:
        log.write("x")
    return 3

@task
def publish(rows):
    if not Path("mended").exists():
        raise ValueError("not yet")
    return rows * 14

@dag({options})
def {name}():
    publish(load())
"""
DAILY = "schedule=every('1d')"


@pytest.fixture
def project(tmp_path: Path):
    found = Project(tmp_path / "project")
    yield found
    if found.home.exists():
        check_home(found.home)


def declare(project, name, options=DAILY, file="shop.py"):
    project.write(file, ORDERS.replace("{options}", options).replace("{name}", name))


def renamed(project, name, old, file="shop.py"):
    declare(project, name, f"{DAILY}, renamed_from='{old}'", file)


def failed_run(project):
    declare(project, "orders")
    assert project.segue("run", "shop.py", "--date", "2026-04-01").returncode == 1
    (project.folder / "mended").touch()


# --------------------------------------------------------------------------------------------------------- a new id
def test_a_renamed_dag_has_its_history_and_its_old_runs_can_be_mended(project):
    failed_run(project)
    renamed(project, "sales", "orders")
    done = project.segue("run", "shop.py", "--date", "2026-04-02")
    assert (done.returncode, "DAG orders is called sales from now on" in done.stdout) == (0, True)
    listed = project.segue("runs").stdout
    assert "sales@2026-04-01" in listed and "orders@" not in listed

    assert "not yet" in project.segue("logs", "sales@2026-04-01", "publish").stdout
    retried = project.run_json("retry", "orders@2026-04-01")  # the id that somebody has in a mail
    assert (retried["run_id"], retried["state"], retried["exit_code"]) == ("sales@2026-04-01", "success", 0)
    assert [task.round for task in project.detail("sales@2026-04-01").tasks if task.task == "publish"] == [2]
    assert (project.folder / "loads").read_text() == "xx"
    assert project.detail("sales@2026-04-02").run.row.version == 2
    with project.reader() as reader:
        (view,) = reader.dags()
        assert (view.dag, view.former) == ("sales", ("orders",))
        assert [slot.state for slot in reader.slots("sales")] == ["fresh", "fresh"]


def test_what_was_good_under_the_old_id_is_reused_under_the_new_one(project):
    failed_run(project)
    renamed(project, "sales", "orders")
    first = project.segue("rerun", "--failed", "orders@2026-04-01")
    assert first.returncode == 1
    assert "DAG orders is called sales now, and the run sales@2026-04-01" in " ".join(first.stdout.split())
    again = project.run_json("rerun", "--failed", "orders@2026-04-01")
    assert (again["run_id"], again["state"]) == ("sales@2026-04-01.2", "success")
    assert (project.folder / "loads").read_text() == "x"
    reused = {task.task: task.reused_from for task in project.detail("sales@2026-04-01.2").tasks}
    assert reused["load"] == "sales@2026-04-01"
    assert "same code" not in project.segue("diff", "sales@2026-04-01").stdout


def test_a_dag_that_was_renamed_twice_is_found_under_all_its_ids(project):
    failed_run(project)
    renamed(project, "sales", "orders")
    assert project.segue("run", "shop.py", "--date", "2026-04-02").returncode == 0
    renamed(project, "revenue", "sales")
    assert project.segue("run", "shop.py", "--date", "2026-04-03").returncode == 0
    for name in ("orders", "sales", "revenue"):
        assert project.run_json("show", f"{name}@2026-04-01")["run_id"] == "revenue@2026-04-01"
    assert project.detail("revenue@2026-04-03").run.row.version == 3
    lost = project.segue("run", "sales")
    assert lost.returncode == 2 and "did you mean revenue?" in lost.stdout


def test_two_histories_are_not_merged_and_both_ids_are_named(project):
    failed_run(project)
    declare(project, "sales", file="other.py")
    assert project.segue("run", "other.py", "--date", "2026-04-01").returncode == 0
    renamed(project, "sales", "orders", "other.py")
    refused = project.segue("run", "other.py", "--date", "2026-04-02")
    assert refused.returncode == 1
    assert "sales: it cannot be renamed from orders (shop.py)" in " ".join(refused.stdout.split())
    assert "2026-04-02" not in project.segue("runs").stdout


def test_who_still_declares_the_old_id_is_told_by_check_and_by_run(project):
    declare(project, "orders")
    renamed(project, "sales", "orders", "new.py")
    checked = project.segue("check")
    assert checked.returncode == 1
    assert "it is renamed from orders, which shop.py still declares" in " ".join(checked.stdout.split())
    (project.folder / "mended").touch()
    assert project.segue("run", "new.py", "--date", "2026-04-01").returncode == 0
    refused = project.segue("run", "shop.py", "--date", "2026-04-01")
    assert refused.returncode == 1
    assert "it was renamed to sales (new.py), which has its history" in " ".join(refused.stdout.split())


# ------------------------------------------------------------------------------------------------ what is asked for
POOLS = """
from segue import dag, task

@task(pool="warehouse", slots=3)
def load(): ...

@task(resources={"licence": 2})
def fit(): ...

@task(resources={"memory": "900TB"})
def giant(): ...

@dag
def shop():
    load(), fit(), giant()
"""


def test_a_pool_that_is_not_there_or_too_small_is_told_when_it_is_declared(project):
    project.write("shop.py", POOLS)
    said = " ".join(project.segue("check").stdout.split())
    assert "shop.py:15: warning: there is no pool 'warehouse': `segue pool set warehouse SLOTS`" in said
    assert "there is no resource 'licence': write how much of it there is into [tool.segue.resources]" in said
    assert "it asks for 900 TB of memory, all attempts together have" in said

    assert project.segue("pool", "set", "warehouse", "2").returncode == 0
    (project.folder / "segue.toml").write_text("memory = '1000TB'\n[resources]\nlicence = 1\n")
    said = " ".join(project.segue("check").stdout.split())
    assert "it asks for 3 slots of pool 'warehouse', which has 2: `segue pool set warehouse 3`" in said
    assert "it asks for 2 of resource 'licence', there are 1 in all" in said
    assert "memory" not in said

    assert project.segue("pool", "set", "warehouse", "3").returncode == 0
    (project.folder / "segue.toml").write_text("memory = '1000TB'\n[resources]\nlicence = 2\n")
    assert "warning" not in project.segue("check").stdout
    assert project.segue("run", "shop.py").returncode == 0


def test_run_warns_before_it_starts_and_the_task_says_why_it_waits(project):
    project.write("shop.py", POOLS.replace(", fit(), giant()", ""))
    with project.start("run", "shop.py") as process:
        try:
            assert "there is no pool 'warehouse'" in process.stdout.readline()
            deadline = time.monotonic() + PATIENCE
            while "never runs: there is no pool warehouse" not in project.segue("why", "shop@latest").stdout:
                assert time.monotonic() < deadline
            assert project.segue("pool", "set", "warehouse", "3").returncode == 0
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0


# ------------------------------------------------------------------------------------------------------ environments
VALUES = """
from segue import dag, task

@task
def load(batch): ...

@dag
def {name}({argument}=1):
    load({argument})
"""


def test_check_names_the_values_that_no_dag_takes(project):
    project.write("one.py", VALUES.replace("{name}", "one").replace("{argument}", "batch"))
    project.write("two.py", VALUES.replace("{name}", "two").replace("{argument}", "region"))
    envs = "[env.dev]\nbatch = 2\nregoin = 'eu'\n[env.prod]\nregion = 'us'\nold = 1\n"
    (project.folder / "segue.toml").write_text(envs)
    done = project.segue("check")
    said = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert "segue.toml: warning: [tool.segue.env.dev] regoin: no DAG function takes an argument of this name" in said
    assert "did you mean region?" in said
    assert "[tool.segue.env.prod] old: no DAG function" in said
    assert said.endswith("2 files, 2 DAGs good, 2 warnings")
    assert "regoin" not in project.segue("check", "one.py").stdout  # it may be for another file
