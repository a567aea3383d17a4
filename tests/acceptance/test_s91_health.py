"""S91: health of scheduler, workers, metadata store, DAG directory and web server is visible."""

import os
import signal
from pathlib import Path

from tests.e2e.commands import Project
from tests.e2e.served import Server, children, served
from tests.e2e.standing import TICKING, eventually

PARTS = ["scheduler", "workers", "store", "dags", "web"]


def unwell(server: Server) -> list[str]:
    return [part["name"] for part in server.get("/readyz").json()["parts"] if not part["ok"]]


def sentence(server: Server, name: str) -> str:
    return next(str(part["detail"]) for part in server.get("/readyz").json()["parts"] if part["name"] == name)


def test_s91_each_part_is_named_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    project = Project(tmp_path / "shop", workers=2, dags="dags")
    (project.folder / "dags").mkdir()
    project.write("dags/ticking.py", TICKING)
    with served(project) as (one, server):
        eventually(lambda: server.get("/readyz").status == 200, "readiness")
        assert [part["name"] for part in server.get("/readyz").json()["parts"]] == PARTS
        assert unwell(server) == []
        assert sentence(server, "workers").endswith("of 2 busy")

        (project.folder / "dags").rename(project.folder / "away")
        eventually(lambda: unwell(server) == ["dags"], "news of the folder")
        assert sentence(server, "dags") == "there is no dags"
        assert server.get("/readyz").status == 200, "what is known runs on"
        (project.folder / "away").rename(project.folder / "dags")
        eventually(lambda: unwell(server) == [], "good news")

        os.kill(loop := one.loop(), signal.SIGSTOP)
        eventually(lambda: unwell(server) == ["scheduler", "workers"], "news of the scheduler")
        assert server.get("/readyz").status == 503
        assert sentence(server, "workers") == "nobody gives them work"

        (project.home / "segue.db").rename(tmp_path / "away.db")
        [web] = children(one, "segue.app.web")
        os.kill(web, signal.SIGKILL)  # it has the file open
        one.await_word("the web server has ended (signal 9)")
        server.await_answer()
        eventually(lambda: "store" in unwell(server), "news of the store")
        assert server.get("/readyz").status == 503
        os.kill(loop, signal.SIGKILL)
