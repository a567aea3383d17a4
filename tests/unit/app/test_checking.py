"""What `segue check` says of a sound DAG beside its problems."""

import json
from pathlib import Path

import pytest

from segue.cli.main import main

FILE = """
from datetime import timedelta
from segue import Timetable, daily, dag, task

class Fridays(Timetable):
    def next_tick(self, moment):
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return day + timedelta(days=(4 - day.weekday()) % 7)

@task{task}
def work(): ...

@dag({options})
def d():
    work()
"""


def checked(folder: Path, capsys: pytest.CaptureFixture[str], options: str, task: str = "") -> dict[str, object]:
    (folder / "d.py").write_text(FILE.format(options=options, task=task))
    assert main(["check", str(folder), "--json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["problems"] == []
    (dag,) = file["dags"]
    return dag


@pytest.mark.parametrize(
    ("options", "task", "notes"),
    [
        ("schedule='@daily'", "", []),
        ("", "", []),
        ("schedule='@daily', max_active_runs=3", "",
         ["at most 3 runs at once, and the cap of a backfill beside them"]),
        ("schedule='@daily'", "(depends_on_past=True)",
         ["backfills run oldest first, one slot at a time: work depends on the slot before"]),
    ],
)  # fmt: skip
def test_what_follows_for_backfills_is_said(tmp_path, capsys, options, task, notes):
    assert checked(tmp_path, capsys, options, task)["notes"] == notes


def test_the_next_slots_of_a_timetable_of_ones_own_are_shown(tmp_path, capsys):
    found = checked(tmp_path, capsys, "schedule=Fridays()")
    assert found["schedule"] == "runs at the moments of Fridays(); covers the time since the tick before"
    assert len(found["next_runs"]) == 3


def test_notes_stand_below_the_next_runs(tmp_path, capsys):
    (tmp_path / "d.py").write_text(FILE.format(options="schedule='@daily', max_active_runs=3", task=""))
    assert main(["check", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.index("next: ") < said.index("at most 3 runs at once")
