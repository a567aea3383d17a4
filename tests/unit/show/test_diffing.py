from pathlib import Path

import pytest

from segue.app.bundles import BundleFiles
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow
from segue.model.masking import HIDDEN
from segue.model.sealing import SEALED
from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.value import encode
from segue.model.views import AttemptView, RunDetail, RunView, TaskView
from segue.show.diffing import Side, difference_of

RUN = RunKey("shop", "2026-04-01", 1)


def side(folder: Path, *tasks: TaskSpec, files=None, params=None, run=None) -> Side:
    folder.mkdir(parents=True)
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Side(folder.name, DagSpec("shop", tasks), folder.name, encode(params) if params else b"", run)


def ran(seconds: int, rows: int) -> RunDetail:
    end = Instant(seconds * 1_000_000)
    view = RunView(1, RunRow(RUN, "r", 1), RunState.SUCCESS)
    task = TaskView("load", None, TaskState.SUCCESS, started=Instant(0), ended=end)
    attempt = AttemptView(AttemptKey(RUN, "load", None, 1), AttemptState.SUCCESS, 1, Instant(0), rows=rows)
    return RunDetail(view, DagSpec("shop", (TaskSpec("load"),)), (task,), (attempt,))


def test_equal_sides_differ_in_nothing(tmp_path):
    old, new = (side(tmp_path / name, TaskSpec("a"), files={"shop.py": "x = 1"}) for name in ("old", "new"))
    assert difference_of(old, new, BundleFiles(tmp_path)).nothing


def test_files_are_new_gone_or_changed_line_by_line(tmp_path):
    old = side(tmp_path / "old", files={"a.py": "x = 1\ny = 2\n", "gone.sql": "select 1", "same.py": "z"})
    new = side(tmp_path / "new", files={"a.py": "x = 1\ny = 3\n", "deep/new.sql": "select 2", "same.py": "z"})
    found = {one.file: one for one in difference_of(old, new, BundleFiles(tmp_path)).files}
    assert {name: one.change for name, one in found.items()} == {
        "a.py": "changed", "gone.sql": "gone", "deep/new.sql": "new",
    }  # fmt: skip
    assert found["a.py"].lines[-3:] == (" x = 1", "-y = 2", "+y = 3")


@pytest.mark.parametrize("data", [b"\xff\xfe\0", b"x" * 300_000])
def test_what_is_no_text_or_too_long_is_named_only(tmp_path, data):
    old, new = side(tmp_path / "old"), side(tmp_path / "new", files={"model.bin": data})
    assert [(one.file, one.change, one.lines) for one in difference_of(old, new, BundleFiles(tmp_path)).files] == [
        ("model.bin", "new", ())
    ]


def test_tasks_are_new_gone_renamed_or_changed_in_some_way(tmp_path):
    old = side(
        tmp_path / "old", TaskSpec("a"), TaskSpec("b", after=("a",)), TaskSpec("c", function="1"), TaskSpec("d"),
        TaskSpec("same"),
    )  # fmt: skip
    new = side(
        tmp_path / "new", TaskSpec("b"), TaskSpec("c", Rules(priority=3), function="2", arguments="x"),
        TaskSpec("e"), TaskSpec("f", renamed_from="d"), TaskSpec("same", line=7),
    )  # fmt: skip
    assert difference_of(old, new, BundleFiles(tmp_path)).tasks == (
        ("b", "upstream a → none"), ("c", "function, arguments, priority"), ("e", "new"), ("f", "renamed from d"),
        ("a", "gone"),
    )  # fmt: skip


def test_params_that_differ_are_shown_short(tmp_path):
    old = side(tmp_path / "old", params={"n": 1, "same": "x", "long": "y" * 1000})
    new = side(tmp_path / "new", params={"n": 2, "same": "x", "added": None})
    found = dict((name, (one, other)) for name, one, other in difference_of(old, new, BundleFiles(tmp_path)).params)
    assert found["n"] == ("1", "2") and found["added"] == ("-", "None") and "same" not in found
    assert found["long"][0].endswith("…") and len(found["long"][0]) < 250


def test_of_a_secret_param_that_differs_no_value_is_shown(tmp_path):
    old = side(tmp_path / "old", params={"token": SEALED + b"canary one"})
    new = side(tmp_path / "new", params={"token": SEALED + b"canary two", "added": SEALED + b"canary three"})
    found = difference_of(old, new, BundleFiles(tmp_path))
    assert "canary" not in str(found)
    assert found.params == (("added", "-", HIDDEN),)


def test_runs_differ_in_durations_and_rows(tmp_path):
    found = difference_of(side(tmp_path / "old", run=ran(2, 10)), side(tmp_path / "new", run=ran(5, 12)))
    assert found.durations == (("load", 2_000_000, 5_000_000),)
    assert found.rows == (("load", 10, 12),)
    assert found.nothing
