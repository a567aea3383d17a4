import json
import subprocess
import sys


def test_a_sender_of_alerts_one_of_whose_threads_has_died_does_not_go_on_deaf(tmp_path):
    (tmp_path / "segue.toml").touch()
    (tmp_path / ".segue").mkdir()
    (tmp_path / ".segue" / "owner.json").write_text(json.dumps({"socket": "x" * 5_000}))  # no name of a file
    words = [sys.executable, "-m", "segue.app.telling"]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode != 0, "the supervisor starts it again"
    assert "segue alerts: one of its threads has ended" in said.stderr
