"""S84 (stored, encrypted, masked): tasks get stored credentials by name; nothing that is kept or shown holds them."""

from pathlib import Path

from tests.e2e.commands import Project

PASSWORD = "tr0ub4dor&3"
ADDRESS = "postgresql://etl:tr0ub4dor%263@db.example:5432/sales"
FILE = """
from segue import Context, dag, injected, task

@task(connections=["postgres_prod"])
def read(context: Context = injected) -> str:
    there = context.connection("postgres_prod")
    print("as", there.user, "with", there.password, "on", there.uri)
    assert there.password == "tr0ub4dor&3"
    return f"{there.user}@{there.host}:{there.port}/{there.database}"

@task(connections=["postgres_prod"])
def leak(context: Context = injected) -> str:
    raise ValueError(f"login failed for {context.connection('postgres_prod').password}")

@task
def curious(context: Context = injected) -> str:
    return context.connection("postgres_prod").uri

@dag
def trades():
    read(), leak(), curious()
"""


def ready(folder: Path) -> Project:
    project = Project(folder)
    project.write("trades.py", FILE)
    done = project.segue("connection", "add", "postgres_prod", ADDRESS)
    assert done.returncode == 0, done.stdout
    return project


def test_s84_a_stored_connection_resolves_by_its_name_and_only_for_the_task_that_names_it(tmp_path: Path) -> None:
    project = ready(tmp_path)
    assert project.segue("run", "trades.py").returncode == 1
    entries = {entry.label: entry for entry in project.detail("trades@latest").entries()}
    assert {label: str(one.state) for label, one in entries.items()} == {
        "read": "success", "leak": "failed", "curious": "failed"
    }  # fmt: skip
    assert b"etl@db.example:5432/sales" in (entries["read"].inline or b"")
    assert "does not declare it" in str(entries["curious"].why)


def test_s84_it_is_masked_in_logs_errors_and_listings(tmp_path: Path) -> None:
    project = ready(tmp_path)
    said = project.segue("run", "trades.py").stdout
    said += (
        project.segue("logs", "trades@latest", "read").stdout + project.segue("logs", "trades@latest", "leak").stdout
    )
    said += project.segue("show", "trades@latest").stdout + project.segue("connection", "list").stdout
    assert "as etl with ***" in said and "login failed for ***" in said and "postgres_prod" in said
    assert PASSWORD not in said and "tr0ub4dor" not in said


def test_s84_nothing_that_is_kept_holds_it_in_clear(tmp_path: Path) -> None:
    project = ready(tmp_path)
    project.segue("run", "trades.py")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".py"]
    assert any(path.name == "segue.db" for path in files)
    assert [path for path in files if b"tr0ub4dor" in path.read_bytes() and "bundles" not in path.parts] == []
