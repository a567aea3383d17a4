"""Acts on a real server: the same request many times, words that nobody obeys, code that comes from afar."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from segue.app.uploads import pack
from tests.e2e.commands import Project
from tests.e2e.served import Server, served
from tests.e2e.standing import eventually
from tests.unit.show.api.test_corpora import LARGE, WORDS

DAGS = """
import json
from pathlib import Path
from segue import Param, dag, task

@task
def writes(words: list, first: str) -> int:
    Path("words.json").write_text(json.dumps([words, first]))
    return len(words)

@dag(params={"words": Param([], type="array"), "first": Param("")})
def echoes(words, first):
    writes(words, first)

@task
def waits() -> int:
    import time
    while not Path("go").exists():
        time.sleep(0.01)
    return 1

@dag
def slow():
    waits()
"""

AFAR = """
from segue import dag, task
from lib.numbers import answer

@task
def asks() -> int:
    return answer()

@dag
def afar():
    asks()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "server", workers=2)
    project.write("dags.py", DAGS)
    return project


def _act(server: Server, path: str, body: object, **headers: str) -> dict:
    answer = server.post(f"/api/v1{path}", body, **headers)
    assert answer.status == 200, answer
    return answer.json()


def _patient(server: Server, path: str, body: object) -> bytes:
    """The answer, also where the machine is so busy that it does not come at once."""
    while (answer := server.post(f"/api/v1{path}", body, idempotency_key="once")).status == 202:
        pass
    assert answer.status == 200, answer
    return answer.body


def _state(server: Server, run: str) -> str:
    return str(server.get(f"/api/v1/runs/{quote(run)}").json()["state"])


def test_a_key_makes_one_run_words_are_data_and_two_people_have_one_outcome(project: Project) -> None:
    """Catalogue 57 and 58, RELIABILITY D11, over real sockets."""
    with served(project) as (_, server):
        with ThreadPoolExecutor(20) as many:
            body = {"dags": ["slow"]}
            posts = [many.submit(_patient, server, "/dags/trigger", body) for _ in range(100)]
            answers = {post.result() for post in posts}
        assert len(answers) == 1
        [made] = json.loads(answers.pop())["done"]
        assert [one["run_id"] for one in server.get("/api/v1/runs").json()["items"]] == [made["run_id"]]

        eventually(lambda: _state(server, made["run_id"]) == "running")
        other = server.as_role("operator", "slow")
        with ThreadPoolExecutor(2) as two:
            cancelling = two.submit(server.post, "/api/v1/runs/cancel", {"runs": [made["run_id"]], "now": True})
            marking = two.submit(
                other.post, "/api/v1/runs/mark",
                {"runs": [made["run_id"]], "task": "waits", "state": "failed", "reason": "enough"},
            )  # fmt: skip
            statuses = {cancelling.result().status, marking.result().status}
        assert statuses <= {200, 202, 409} and statuses != {409}
        eventually(lambda: _state(server, made["run_id"]) in ("cancelled", "failed"))

        words = [*WORDS, *LARGE]
        [echo] = _act(server, "/dags/trigger", {"dags": ["echoes"], "params": {"words": words, "first": WORDS[0]}})[
            "done"
        ]
        eventually(lambda: _state(server, echo["run_id"]) == "success")
        assert json.loads((project.folder / "words.json").read_text()) == [words, WORDS[0]]
        assert not [path for path in project.folder.rglob("*") if "pwned" in path.name]


def test_a_bundle_from_afar_runs_and_is_there_after_a_restart(project: Project, tmp_path: Path) -> None:
    away = tmp_path / "away"
    for name, text in {
        "pyproject.toml": "", "dags/afar.py": AFAR, "lib/__init__.py": "", "lib/numbers.py": "def answer(): return 42",
    }.items():  # fmt: skip
        (away / name).parent.mkdir(parents=True, exist_ok=True)
        (away / name).write_text(text)
    packed = io.BytesIO()
    place = f"/api/v1/deploy?path={pack(away / 'dags', packed)}&label=v1"
    with served(project, role="author") as (_, server):
        plan = server.post(f"{place}&dry_run=true", packed.getvalue()).json()
        assert [(one["dag"], one["kind"]) for one in plan["dags"]] == [("afar", "new")]
        assert server.as_role("operator").post(place, packed.getvalue()).status == 403
        assert server.as_role("author", "other_*").post(place, packed.getvalue()).status == 403
        assert server.post(place, b"#!/bin/sh\nreboot\n").status == 422
        assert server.get("/api/v1/dags/afar").status == 404, "nothing of that was taken"
        assert _act(server, place[len("/api/v1") :], packed.getvalue())["done"][0]["text"] == "deployed afar as v1"
        [run] = _act(server, "/dags/trigger", {"dags": ["afar"]})["done"]
        eventually(lambda: _state(server, run["run_id"]) == "success")
    with served(project) as (one, server):
        one.await_word("1 DAG file in")
        [run] = _act(server, "/dags/trigger", {"dags": ["afar"]})["done"]
        eventually(lambda: _state(server, run["run_id"]) == "success")
