"""What an attacker of SECURITY.md tries: hostile code in DAG files, hostile bytes in the database, hostile words."""

import json
import os
import pickle
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from segue.store.schema import metadata
from segue.store.sqlite.lives import MARK
from tests.e2e.commands import PATIENCE, Project
from tests.unit.run.driver import alive

ROOT = Path(__file__).parents[2]
GOOD = """
from segue import Params, dag, injected, task

class Words(Params):
    text: str = "x"

@task
def lists(words: Words = injected) -> list[str]:
    print("a line for the log")
    return [words.text * 300_000, "y"]

@task
def writes(text: str) -> int:
    with open(f"made-{len(text)}.txt", "w") as file:
        file.write(text)
    return len(text)

@dag(params=Words, tags=["nightly"])
def good():
    writes.map(lists())
"""


# ------------------------------------------------------------------------------------------------------- no unpickling
class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.canary), "w"))


# Not by `sitecustomize`: children would get it too, and a child may do what it likes with the user's objects.
GUARDED = """
import json, sys

def forbid(event, arguments):
    if event == "pickle.find_class":
        print("UNPICKLED", *arguments, flush=True)
        raise RuntimeError("something was unpickled")

sys.addaudithook(forbid)
from segue.cli.main import main
for words in json.loads(sys.argv[1]):
    print("\\nENDED WITH", main(words), flush=True)
"""


def guarded(project: Project, *commands: Sequence[str]) -> list[str]:
    """Run these commands in a process in which unpickling anything is an error; what they said, and how they ended."""
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, json.dumps(commands)], cwd=project.folder, text=True, timeout=2 * PATIENCE,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert "UNPICKLED" not in done.stdout and "Traceback" not in done.stdout, done.stdout
    endings = re.findall(r"^ENDED WITH (.*)$", done.stdout, re.MULTILINE)
    assert (done.returncode, len(endings)) == (0, len(commands)), done.stdout
    return endings


def test_the_guard_sees_what_is_unpickled(tmp_path: Path) -> None:
    code = GUARDED.replace("from segue.cli.main import main", "import pickle").replace(
        "main(words)", "pickle.loads(bytes.fromhex(words))"
    )
    bomb = json.dumps([pickle.dumps(Bomb(tmp_path / "canary")).hex()])
    done = subprocess.run([sys.executable, "-c", code, bomb], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout.startswith("UNPICKLED") and not (tmp_path / "canary").exists()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one run, made under the umask that most people have."""
    project = Project(tmp_path_factory.mktemp("defences") / "shop", workers=2)
    project.write("good.py", GOOD)
    before = os.umask(0o022)
    try:
        assert guarded(project, ["run", "good.py"]) == ["0"]
    finally:
        os.umask(before)
    return project


def test_an_owner_unpickles_nothing_while_it_runs_tasks(ran: Project) -> None:
    """The run was made under the guard; two items came through a value by reference and one through the database."""
    assert {view.task for view in ran.detail("good@latest").tasks if view.index is not None} == {"writes"}


CRAWL = (
    ("runs", "--error", "*"), ("show", "1"), ("why", "1"), ("logs", "1", "lists"), ("doctor",), ("rerun", "1", "--yes"),
)  # fmt: skip
COLUMNS = [
    (table.name, column.name)
    for table in metadata.sorted_tables
    for column in table.columns
    if column.type.python_type is bytes and column.name != "fence"
] + [("runs", "reason"), ("attempts", "text"), ("attempts", "worker"), ("dags", "error"), ("events", "actor")]


def _copy(project: Project, folder: Path) -> Project:
    """The project with its database and the note that it is this home's own, and nothing else of its home."""
    copy = Project(folder)
    copy.write("good.py", GOOD)
    copy.home.mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(project.home / "segue.db")) as source,
        closing(sqlite3.connect(copy.home / "segue.db")) as target,
    ):
        source.backup(target)
    shutil.copy(project.home / MARK, copy.home)
    return copy


@pytest.mark.parametrize("tables", [("runs", "attempts"), ("tasks", "task_state"), ("versions", "dags", "events")])
def test_a_hostile_pickle_in_any_column_is_never_executed(
    ran: Project, tmp_path: Path, tables: tuple[str, ...]
) -> None:
    project, canary = _copy(ran, tmp_path / "shop"), tmp_path / "canary"
    text = pickle.dumps(Bomb(canary), protocol=0)
    with closing(sqlite3.connect(project.home / "segue.db")) as database:
        for table, column in COLUMNS:
            if table in tables:
                kind = "CAST(? AS TEXT)" if (table, column) in COLUMNS[-5:] else "?"
                database.execute(f"UPDATE {table} SET {column} = {kind}", (text,))
        database.commit()
    assert {*guarded(project, *((*words, "--json") for words in CRAWL))} <= {*"0123"}
    assert not canary.exists()


# ---------------------------------------------------------------------------------------------------- hostile DAG files
HOSTILE = {
    "loops": ("while True: pass\n", "takes longer than 2 s"),
    "ends": ("import os\nprint('x' * 1_000_000)\nos._exit(0)\n", "must not call os._exit"),
    "floods": ("while True: print('x' * 10_000)\n", "takes longer than 2 s"),
    "answers": ("import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'\\x80' * 4096)\n    except OSError: pass\n"
                "os._exit(0)\n", "must not call os._exit"),
}  # fmt: skip


HOARDS = {"hoards": ("import time\nhoard = bytearray(20 * 2**30)\nhoard[::4096] = b'x' * (5 * 2**20)\n", "memory")}


@pytest.mark.parametrize(("hostile", "limit"), [(HOSTILE, "2s"), (HOARDS, "60s")], ids=["time", "memory"])
def test_hostile_files_are_named_and_the_good_one_beside_them_is_loaded_and_run(
    tmp_path: Path, hostile: dict[str, tuple[str, str]], limit: str
) -> None:
    project = Project(tmp_path / "shop", definition_timeout=limit, definition_memory=400 * 2**20)
    for name, (text, _) in hostile.items():
        project.write(f"{name}.py", f"import segue\n{text}\n@segue.dag()\ndef {name}(): ...\n")
    project.write("good.py", GOOD)
    told = project.run_json("check")
    files = {one["file"]: one for one in told["files"]}
    assert told["exit_code"] == 1 and len(files) == len(hostile) + 1
    for name, (_, said) in hostile.items():
        [problem] = files[f"{name}.py"]["problems"]
        assert said in problem["message"] and files[f"{name}.py"]["dags"] == []
    assert files["good.py"]["problems"] == [] and files["good.py"]["dags"][0]["dag"] == "good"
    assert project.segue("run", "good.py").returncode == 0


LEAVES = """
import os, segue, signal, sys, time
for n in range(5):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            with open({path!r}, "a") as file:
                file.write(f"{{os.getpid()}} ")
            time.sleep(600)
        os._exit(0)
while not os.path.exists({path!r}) or len(open({path!r}).read().split()) < 5:
    time.sleep(0.01)

@segue.dag()
def leaves(): ...
"""


@pytest.mark.parametrize("verb", ["check", "run"])
def test_processes_that_a_file_leaves_behind_do_not_outlive_its_load(tmp_path: Path, verb: str) -> None:
    project = Project(tmp_path / "shop")
    project.write("leaves.py", LEAVES.format(path=str(tmp_path / "pids")))
    project.segue(verb, "leaves.py")
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    left = [pid for pid in pids if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert len(pids) == 5 and left == []


SPIES = """
import json, os, segue

def target(fd):
    try:
        return os.readlink(f"/proc/self/fd/{{fd}}")
    except OSError:
        return ""

names = [name for name in os.environ if name.startswith("SEGUE_")]
with open({path!r}, "w") as file:
    json.dump([names, [target(fd) for fd in os.listdir("/proc/self/fd")]], file)

@segue.dag()
def spies(): ...
"""


def test_a_file_is_given_no_setting_no_secret_and_no_database(tmp_path: Path) -> None:
    """Its own environment is clean. That of its parents is readable to the same user: SECURITY.md says so."""
    project = Project(tmp_path / "shop")
    project.write("spies.py", SPIES.format(path=str(tmp_path / "seen")))
    subprocess.run(
        [sys.executable, "-m", "segue", "run", "spies.py"], cwd=project.folder, timeout=PATIENCE, check=False,
        env=os.environ | {"SEGUE_SECRET_CANARY": "sesame"}, capture_output=True,
    )  # fmt: skip
    names, descriptors = json.loads((tmp_path / "seen").read_text())
    assert names == [] and not any(str(project.home) in name for name in descriptors)


# --------------------------------------------------------------------------------------------------------------- modes
def test_nothing_in_a_home_is_open_to_others_whatever_the_umask(ran: Project) -> None:
    found = [ran.home, *ran.home.rglob("*")]
    assert {path.name for path in found} >= {"segue.db", "bundles", "logs", "storage", "owner.lock", "workers.lock"}
    assert any(path.suffix == ".jsonl" for path in found)
    assert [path for path in found if path.lstat().st_mode & 0o077] == []
    assert stat.S_IMODE(ran.home.stat().st_mode) == 0o700


def test_a_file_that_a_task_makes_has_the_mode_that_its_user_wants(ran: Project) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in ran.folder.glob("made-*.txt")} == {0o644}


# ------------------------------------------------------------------------------------------------------- a fresh start
def test_a_fresh_start_shows_no_dag_and_no_run(tmp_path: Path) -> None:
    project = Project(tmp_path / "shop")
    told = project.run_json("check")
    assert told["exit_code"] == 2 and "no DAG file" in told["error"]["message"]
    assert project.segue("runs", "--json").stdout == "[]\n"
    assert not project.home.exists()


def test_what_is_installed_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=PATIENCE)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "segue/cli/main.py" in names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"segue"}
    assert [name for name in names if "example" in name] == []


# ------------------------------------------------------------------------------------------------------- hostile words
WORDS = (
    "'", '"', "%", "_", "*", "[", "]", "[^", "\\", "''; --", "x'; DROP TABLE runs; --", "' OR '1'='1",
    "1; DELETE FROM runs",
    "good' UNION SELECT * FROM meta --", "ü@ö", "\u202e", "\U0001f600", "\x1b[2J", "a\nb", "\udcff", "-0", "1e9",
    "9" * 30,
    "9" * 5_000, "good@latest'; --", "good@1.99999999999999999999", "@", "@@", "NULL", "good@", "x" * 10_000, "",
)  # fmt: skip
PLACES = (
    ("runs", "{}"), ("runs", "--dag={}"), ("runs", "--tag={}"), ("runs", "--error={}"), ("runs", "--state={}"),
    ("runs", "--since={}"), ("runs", "--limit={}"), ("show", "--", "{}"), ("show", "--", "good@{}"),
    ("why", "--", "{}"),
    ("logs", "1", "{}"), ("logs", "--attempt={}", "1", "lists"), ("mark", "1", "{}", "failed", "--reason", "{}"),
    ("cancel", "--dag={}"), ("retry", "--error={}", "--yes"), ("rerun", "--tag={}", "--yes"),
)  # fmt: skip
GROUPS = 4
"""Of places, as one process takes several: to begin costs it as much as all words of one."""
FUZZ = """
import json, sys, traceback
from segue.cli.main import main
for words in json.load(open(sys.argv[1])):
    try:
        code = main(words)
    except BaseException:
        print("FAULT", ascii(words)[:200])
        traceback.print_exc(file=sys.stdout)
    else:
        if code not in (0, 1, 2):
            print("FAULT", code, ascii(words)[:200])
print("\\nEND")
"""


@pytest.mark.parametrize("nth", range(GROUPS))
def test_no_word_on_a_command_line_becomes_sql_or_a_traceback(ran: Project, tmp_path: Path, nth: int) -> None:
    project = _copy(ran, tmp_path / "shop")
    before = _content(project)
    asked = tmp_path / "asked.json"
    places = PLACES[nth::GROUPS]
    asked.write_text(json.dumps([[part.replace("{}", word) for part in place] for place in places for word in WORDS]))
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, str(asked)], cwd=project.folder, timeout=5 * PATIENCE, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )  # fmt: skip
    assert "FAULT" not in done.stdout and "Traceback" not in done.stdout, done.stdout
    assert done.stdout.endswith("\nEND\n"), done.stdout
    assert _content(project) == before


def _content(project: Project) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables that the words are about."""
    with closing(sqlite3.connect(project.home / "segue.db")) as database:
        return {
            table: database.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("runs", "tasks", "attempts", "versions")
        }
