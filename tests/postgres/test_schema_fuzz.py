"""What the API says of itself, asked at random of a web server beside a scheduler, on a database server."""

from pathlib import Path

from tests.e2e.fuzzing import ACTS, LOOKS, check_routes
from tests.e2e.served import Server
from tests.e2e.standing import up
from tests.postgres.served import ServedProject
from tests.postgres.test_web import web


def test_no_route_fails_whatever_it_is_asked(url: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SEGUE_DATABASE_URL", url)  # for the token, which is made here
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "pyproject.toml").touch()
    work, shop = (ServedProject(url, tmp_path / name, workers=2, dags=str(dags)) for name in ("work", "shop"))
    with up(work, verb="scheduler") as leader, web(shop) as (one, server):
        admin = Server(server.home, token=server.as_role("admin").token)
        check_routes(ServedProject(url, dags), admin, LOOKS | ACTS, examples=5)
        for process in (one, leader):
            assert process.end() == 0
            assert "Traceback" not in process.said, process.said
    work.check_nothing_is_left()
