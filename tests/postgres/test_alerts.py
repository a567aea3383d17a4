"""Alerts where several schedulers share a database: whoever leads sends them."""

from pathlib import Path

from tests.e2e.standing import eventually, up
from tests.postgres.served import ServedProject
from tests.receivers import http_receiver

BROKEN = """
from segue import dag, task

@task
def load() -> int:
    raise ValueError("broken")

@dag
def first() -> None:
    load()

@dag
def second() -> None:
    load()
"""

SETTINGS = """
alert_hosts = ["127.0.0.1"]

[channels.hook]
kind = "webhook"
url = "{url}"

[[alerts]]
to = "hook"
"""


def project(url: str, folder: Path, hook: str) -> ServedProject:
    made = ServedProject(url, folder, workers=1, dags=str(folder.parent / "dags"))
    with (folder / "segue.toml").open("a") as file:
        file.write(SETTINGS.format(url=hook))
    return made


def test_of_two_schedulers_the_one_that_leads_sends_each_alert_once(url, tmp_path):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "broken.py").write_text(BROKEN)
    with http_receiver() as receiver:
        shops = [project(url, tmp_path / name, receiver.url) for name in ("one", "two")]
        with up(shops[0], verb="scheduler") as one, up(shops[1], verb="scheduler", files_read=False) as two:
            two.await_word("stands by")
            assert shops[1].segue("trigger", "first").returncode == 0
            receiver.await_count(1)
            eventually(lambda: states(shops[1]) == ["sent"])
            one.process.kill()
            two.await_word("leads now")
            assert shops[1].segue("trigger", "second").returncode == 0
            receiver.await_count(2)
            eventually(lambda: states(shops[1]) == ["sent", "sent"])
            assert two.end() == 0
        assert [body["dag_id"] for _, body in receiver.got] == ["first", "second"]


def states(shop: ServedProject) -> list[str]:
    with shop.reader() as reader:
        return [one.state for view in reader.alerts() for one in view.deliveries]
