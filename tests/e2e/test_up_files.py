"""Files that are edited, broken, deleted and renamed while `segue up` runs."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from segue.model.views import DagView
from tests.e2e.commands import Project
from tests.e2e.standing import TICKING, Up, eventually, up

TOLD = """
import time
from pathlib import Path
from segue import dag, task
from words import WORD

@task
def tell() -> str:
    Path(f"began-{WORD}").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return WORD

@dag
def told() -> None:
    tell()
"""

MORE = TOLD.replace('@dag\n', '@task\ndef more(word: str) -> str:\n    return word\n\n@dag\n').replace(
    "    tell()\n", "    more(tell())\n"
)  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("words.py", "WORD = 'one'\n")
    project.write("told.py", TOLD)
    project.write("ticking.py", TICKING)
    return project


def known(one: Up, dag: str) -> DagView | None:
    with one.project.reader() as reader:
        return next((view for view in reader.dags() if view.dag == dag), None)


def await_version(one: Up, dag: str, number: int) -> None:
    eventually(lambda: (view := known(one, dag)) is not None and view.version == number, f"version {number} of {dag}")


def test_an_edited_file_and_an_edited_module_that_it_imports_take_effect_with_the_next_run(shop):
    (shop.folder / "go").touch()
    with up(shop) as one:
        await_version(one, "told", 1)
        shop.write("words.py", "WORD = 'two'\n")
        await_version(one, "told", 2)
        assert shop.segue("trigger", "told", "--wait").returncode == 0
        assert (shop.folder / "began-two").exists()
        assert (known(one, "ticking") or "").version == 1, "it imports nothing that has changed"
        shop.write("told.py", MORE)
        await_version(one, "told", 3)
        assert shop.segue("trigger", "told", "--wait").returncode == 0
        assert len(shop.detail("told@latest").tasks) == 2


def test_a_new_query_beside_the_file_is_in_the_next_run_without_a_new_version(shop):
    shop.write("query.sql", "select 1")
    shop.write(
        "asks.py",
        "from pathlib import Path\nfrom segue import dag, task\n\n@task\ndef ask() -> str:\n"
        "    return (Path(__file__).parent / 'query.sql').read_text()\n\n@dag\ndef asks() -> None:\n    ask()\n",
    )
    with up(shop) as one:
        await_version(one, "asks", 1)
        before = known(one, "asks")
        shop.write("query.sql", "select 2")
        eventually(lambda: known(one, "asks").bundle != before.bundle)
        eventually(lambda: known(one, "ticking").bundle == known(one, "asks").bundle)
        assert shop.segue("trigger", "asks", "--wait").returncode == 0
        assert b"select 2" in shop.detail("asks@latest").tasks[0].inline
        assert known(one, "asks").version == 1


def test_a_broken_file_keeps_its_last_good_version_and_says_what_is_wrong(shop):
    with up(shop) as one:
        one.await_runs("ticking", 1)
        shop.write("ticking.py", TICKING + "\nraise OSError('no such luck')\n")
        one.await_word("ticking.py cannot be read")
        assert "no such luck" in known(one, "ticking").error
        one.await_runs("ticking", len(one.runs("ticking")) + 2)
        shop.write("ticking.py", TICKING)
        eventually(lambda: known(one, "ticking").error is None, "the end of the error")
        one.await_word("ticking.py can be read again")
        one.await_runs("ticking", len(one.runs("ticking")) + 1)


def test_a_deleted_file_retires_its_dag_and_the_others_go_on(shop):
    with up(shop) as one:
        await_version(one, "told", 1)
        (shop.folder / "told.py").unlink()
        eventually(lambda: known(one, "told").timing.retired, "the end of told")
        one.await_word("no file declares DAG told any more")
        one.await_runs("ticking", len(one.runs("ticking")) + 2)
        refused = shop.segue("trigger", "told")
        assert (refused.returncode, "no file declares DAG told" in refused.stdout) == (2, True), refused.stdout
        shop.write("told.py", TOLD)
        eventually(lambda: not known(one, "told").timing.retired, "told again")


def test_a_file_that_was_deleted_while_nobody_looked_retires_its_dag(shop):
    with up(shop) as one:
        await_version(one, "told", 1)
        assert one.end() == 0
    (shop.folder / "told.py").unlink()
    with up(shop) as one:
        eventually(lambda: known(one, "told").timing.retired, "the end of told")


def test_a_renamed_file_takes_its_dag_along_and_no_interval_is_lost(shop):
    with up(shop) as one:
        one.await_runs("ticking", 2)
        for at in range(5):
            (shop.folder / ("ticking.py" if at == 0 else f"ticking_{at}.py")).rename(
                shop.folder / f"ticking_{at + 1}.py"
            )
            eventually(lambda: known(one, "ticking").file == f"ticking_{at + 1}.py", "the new place")  # noqa: B023
        one.await_runs("ticking", len(one.runs("ticking")) + 2)
        keys = one.runs("ticking")
        seconds = [int(key[-2:]) if key.count(":") == 2 else 0 for key in keys]
        assert all((after - before) % 60 == 1 for before, after in zip(seconds, seconds[1:], strict=False)), keys
        assert not known(one, "ticking").timing.retired


def test_two_files_with_one_id_are_told_apart_and_the_second_takes_over_when_the_first_has_gone(shop):
    with up(shop) as one:
        one.await_runs("ticking", 1)
        shutil.copy(shop.folder / "ticking.py", shop.folder / "twin.py")
        one.await_word("twin.py cannot be read")
        assert "ticking.py declares it already, and so does twin.py" in one.said
        (shop.folder / "ticking.py").unlink()
        eventually(lambda: known(one, "ticking").file == "twin.py")
        one.await_runs("ticking", len(one.runs("ticking")) + 1)
        assert not known(one, "ticking").timing.retired


def test_a_run_in_flight_keeps_its_graph_whatever_becomes_of_its_file(shop):
    """S109, RELIABILITY 44-46."""
    with up(shop) as one:
        await_version(one, "told", 1)
        assert shop.segue("trigger", "told").returncode == 0
        eventually((shop.folder / "began-one").exists)
        shop.write("told.py", MORE)
        await_version(one, "told", 2)
        shop.write("told.py", "raise OSError('broken')\n# segue dag\n")
        eventually(lambda: known(one, "told").error is not None, "the error")
        shop.write("told.py", MORE.replace("more", "less"))
        await_version(one, "told", 3)
        shop.write("words.py", "WORD = 'two'\n")
        (shop.folder / "told.py").unlink()
        eventually(lambda: known(one, "told").timing.retired)
        (shop.folder / "go").touch()
        one.await_runs("told", 1)
        detail = shop.detail("told@latest")
        assert (detail.run.row.version, [task.task for task in detail.tasks]) == (1, ["tell"])
        assert b"one" in detail.tasks[0].inline
        assert one.end() == 0
    shop.check_nothing_is_left()


def test_between_changes_no_file_is_opened(shop):
    trace = shop.folder.parent / "trace"
    (shop.folder / "ticking.py").unlink()
    with up(shop) as one:
        await_version(one, "told", 1)
        time.sleep(0.5)
        words = ["strace", "-f", "-qq", "-e", "trace=open,openat,getdents64,newfstatat,statx", "-o", str(trace)]
        with subprocess.Popen([*words, "-p", str(one.loop())]) as tracer:
            eventually(trace.exists)
            time.sleep(3)
            idle = trace.read_text()
            shop.write("words.py", "WORD = 'two'\n")
            await_version(one, "told", 2)
            tracer.terminate()
        assert "words.py" not in idle and "told.py" not in idle, idle
        assert "words.py" in trace.read_text(), "it is not the tracer that saw nothing"


COUNTED = """
import json
from pathlib import Path
from segue import dag, task

with Path({loads!r}).open("a") as stream:
    stream.write("{name} ")

@task
def tell(word: str) -> str:
    return word

for word in json.loads((Path(__file__).parent / "{name}.json").read_text()):
    @dag(id=word)
    def each(word: str = word) -> None:
        tell(word)
"""


@pytest.fixture
def loads(shop: Project) -> Path:
    """Where two DAG files note that they are loaded; each makes a DAG of every word in a file of its own."""
    file = shop.folder.parent / "loads"
    for name in ("left", "right"):
        shop.write(f"{name}.json", f'["{name}_one"]')
        shop.write(f"{name}.py", COUNTED.format(loads=str(file), name=name))
    return file


def test_a_file_that_a_dag_file_reads_when_it_is_loaded_counts_as_a_part_of_it(shop, loads):
    with up(shop) as one:
        await_version(one, "right_one", 1)
        shop.write("left.json", '["left_one", "left_two"]')
        await_version(one, "left_two", 1)
        shop.write("left.json", '["left_two"]')
        eventually(lambda: known(one, "left_one").timing.retired, "the end of left_one")
        assert loads.read_text().split().count("right") == 1


def test_a_start_reads_only_what_has_changed_since_the_last_one(shop, loads):
    with up(shop) as one:
        await_version(one, "right_one", 1)
        one.await_runs("ticking", 1)
        eventually((shop.home / "files.seen").exists)
        assert one.end() == 0
    with up(shop) as one:
        one.await_runs("ticking", len(one.runs("ticking")) + 2)
        assert loads.read_text().split() == ["left", "right"]
        assert one.end() == 0
    shop.write("left.json", '["left_one", "left_two"]')
    with up(shop) as one:
        await_version(one, "left_two", 1)
        eventually(lambda: known(one, "right_one").bundle == known(one, "left_one").bundle, "the new bundle")
        assert loads.read_text().split() == ["left", "right", "left"]
        assert one.end() == 0
    shop.segue("db", "backup", str(shop.folder.parent / "copy.db"))
    for left in shop.home.glob("segue.db*"):
        left.unlink()
    with up(shop) as one:
        await_version(one, "right_one", 1)  # a store that knows nothing is told everything
