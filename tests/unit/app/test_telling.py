import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

from segue.model.alerts import Alert
from segue.model.changes import AlertRaised
from segue.model.ids import Instant
from segue.run.control import ControlServer
from segue.store.sqlite import open_writer
from tests.e2e.standing import eventually
from tests.receivers import http_receiver


def test_a_sender_of_alerts_one_of_whose_threads_has_died_does_not_go_on_deaf(tmp_path):
    (tmp_path / "segue.toml").touch()
    (tmp_path / ".segue").mkdir()
    (tmp_path / ".segue" / "owner.json").write_text(json.dumps({"socket": "x" * 5_000}))  # no name of a file
    words = [sys.executable, "-m", "segue.app.telling"]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode != 0, "the supervisor starts it again"
    assert "segue alerts: one of its threads has ended" in said.stderr


class Owner:
    """Takes no turn before `go`; raises an alert in the turn in which somebody begins to listen, and is idle then."""

    def __init__(self, home):
        self.go, self.stop, self.raised = Event(), Event(), False
        self.writer = open_writer(home / "segue.db", Instant(1))
        self.server = ControlServer(home / "owner.sock", self.look)

    def look(self, look):
        if self.server.followers and not self.raised:
            self.raised = True
            alert = Alert("orders", "failed", Instant(5), text="load failed")
            with self.writer.transaction(self.writer.lease().epoch) as transaction:
                transaction.apply([AlertRaised(alert, Instant(5))])
        return {"leading": True}

    def run(self):
        self.go.wait()
        while not self.stop.wait(0.005):
            self.server.poll()
        self.server.close()
        self.writer.close()


def has_open(pid, name):
    return any(os.path.realpath(one).endswith(name) for one in Path(f"/proc/{pid}/fd").iterdir())


def test_what_was_committed_before_it_listens_is_told_though_nothing_is_committed_after_it(tmp_path):
    home = tmp_path / ".segue"
    home.mkdir()
    with http_receiver() as hook:
        (tmp_path / "segue.toml").write_text(
            f'alert_hosts = ["127.0.0.1"]\n[channels.hook]\nkind = "webhook"\nurl = "{hook.url}"\n'
            '[[alerts]]\nto = ["hook"]\n'
        )
        owner = Owner(home)
        thread = Thread(target=owner.run)
        thread.start()
        with subprocess.Popen([sys.executable, "-m", "segue.app.telling"], cwd=tmp_path) as teller:
            try:
                eventually(lambda: has_open(teller.pid, "segue.db"), "a look that sees that there is nothing")
                owner.go.set()
                (said,) = hook.await_count(1)
                assert said["thing"] == "orders"
            finally:
                teller.terminate()
                owner.go.set()
                owner.stop.set()
                thread.join()
