import json

from segue.cli.main import main

GIANT = """
from segue import dag, task

@task
def extract_clean_aggregate():
    ...

@dag
def sales():
    extract_clean_aggregate()
"""
PASSWORD = """
from segue import dag, task

DB_PASSWORD = "hunter2"
URL = "postgresql://etl:hunter2@warehouse/shop"

@task
def load(): ...

@dag
def sales():
    load()
"""


def problems(text: str, folder, capsys) -> list[dict]:
    (folder / "sales.py").write_text(text)
    assert main(["check", str(folder), "--json"]) == 0
    said = capsys.readouterr().out
    assert "hunter2" not in said
    (file,) = json.loads(said)["files"]
    return file["problems"]


def test_s29_one_giant_task_is_told_to_be_split(tmp_path, capsys):
    (problem,) = problems(GIANT, tmp_path, capsys)
    assert (problem["code"], problem["task"]) == ("giant", "extract_clean_aggregate")
    assert problem["hint"] == "split it, one task for each step: extract >> clean >> aggregate"


def test_s85_passwords_in_a_file_are_reported_and_not_repeated(tmp_path, capsys):
    found = problems(PASSWORD, tmp_path, capsys)
    assert [(one["code"], one["line"]) for one in found] == [("password", 4), ("password", 5)]
    assert "segue secret set" in found[0]["hint"]
