"""Canaries: secrets planted in many places, runs that do their worst with them, no trace anywhere (D9, D16, D26)."""

import base64
import json
import os
import pty
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from segue.model.masking import Mask
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.nursery import run_segue

STORED = "canary/stored+7f3a9c"
GIVEN = "canary:given é 51b2"
PASSWORD = "canary@pass/9b1c44"
LINES = "-----BEGIN CANARY-----\nMIICanaryLine1abc\nMIICanaryLine2def\n-----END CANARY-----\n"
URI = f"postgresql://shop:{quote(PASSWORD, safe='')}@127.0.0.1:1/orders?sslmode=disable"
CANARIES = Mask([STORED, GIVEN, PASSWORD, "MIICanaryLine1abc", "MIICanaryLine2def", LINES])

DAG = """
import base64, json, logging, os, subprocess, sys, time
from urllib.parse import quote
from segue import Context, Fail, Param, Retry, Skip, current, dag, injected, task

NAMES = dict(connections=["shop"], secrets=["stored", "given", "lines"])

def known(context):
    shop = context.connection("shop")
    assert shop.uri.endswith("/orders?sslmode=disable") and shop.host == "127.0.0.1" and shop.port == 1
    assert (shop.user, shop.database, dict(shop.extras)) == ("shop", "orders", {"sslmode": "disable"})
    return [context.secret("stored"), context.secret("given"), context.secret("lines"), shop.password, shop.uri]

@task(**NAMES)
def says(context: Context = injected) -> int:
    for value in known(context):
        print("plain", value)
        print("json", json.dumps({"x": value}), json.dumps(value, ensure_ascii=False))
        print("url", quote(value), quote(value, safe=""))
        print("repr", repr(value), ascii(value), value.encode())
        for before in range(3):
            print("b64", base64.b64encode(b"u" * before + value.encode()).decode())
        logging.getLogger("shop").error("log %s", value, extra={"field": value, "deep": {"of": [value]}})
        subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read())"], input=value, text=True)
        for letter in value:
            sys.stdout.write(letter)
            sys.stdout.flush()
            time.sleep(0.001)
        print()
    print(repr(context), current().connection("shop"))
    context.report(rows=1, source=context.secret("stored"))
    return 1

@task(**NAMES)
def fails(context: Context = injected) -> None:
    try:
        raise ValueError(" and ".join(known(context)))
    except ValueError as inner:
        raise RuntimeError(f"x{'y' * 480} " + context.secret("stored")) from inner

@task(**NAMES)
def fails_for_good(context: Context = injected) -> None:
    raise Fail(context.connection("shop").uri)

@task(**NAMES)
def skips(context: Context = injected) -> None:
    raise Skip(context.secret("given"))

@task(**NAMES)
def returns_it(context: Context = injected) -> dict:
    return {"rows": [{"url": context.connection("shop").uri}]}

@task(**NAMES)
def returns_it_large(context: Context = injected) -> list:
    return ["x" * 100_000, base64.b64encode(context.secret("given").encode()).decode()]

@task(**NAMES)
def keeps_it(context: Context = injected) -> None:
    context.state.set("job", context.secret("stored"))

@task(retry=Retry(lost=0), **NAMES)
def dies(context: Context = injected) -> None:
    sys.stdout.write(context.secret("stored"))
    sys.stdout.flush()
    os._exit(3)

@task
def undeclared(context: Context = injected) -> None:
    context.secret("stored")

@task
def environment() -> list[str]:
    return sorted(name for name in os.environ if name.startswith("SEGUE_"))

@task(**NAMES)
def waits(path: str, context: Context = injected) -> None:
    known(context)
    open(path + ".there", "w").close()
    while not os.path.exists(path):
        time.sleep(0.01)

@dag
def leaks():
    says(); fails(); fails_for_good(); skips(); returns_it(); returns_it_large(); keeps_it(); undeclared()
    environment(); dies()

@task
def signs_in(token: str, header: str, context: Context = injected) -> int:
    print("token", token, header, context.params)
    assert context.params["token"] == token and header == "Bearer " + token
    return len(token)

@task
def gives_away(token: str) -> str:
    return "x" + token

@dag(params={"token": Param(secret=True, type="string"), "region": Param("eu")})
def asks(token, region):
    signs_in(token, f"Bearer {token}")
    gives_away(token)

@dag
def lingers():
    waits("go")
"""


def segue(project: Project, *words: str, given: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `segue` with these variables, and this on its standard input."""
    return run_segue(
        words, PATIENCE, given or "", cwd=project.folder, env=_environ(**environ), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip


def _environ(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")} | more


def _make(folder: Path) -> Project:
    project = Project(folder)
    project.write("leaks.py", DAG)
    assert segue(project, "connection", "add", "shop", URI).returncode == 0
    assert segue(project, "secret", "set", "stored", given=STORED + "\n").returncode == 0
    assert segue(project, "secret", "set", "lines", given=LINES).returncode == 0
    return project


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[str]]:
    """A project whose tasks have done their worst, and all that `segue` has printed about it."""
    project = _make(tmp_path_factory.mktemp("secrets"))
    said = [segue(project, "run", "leaks.py:leaks", SEGUE_SECRET_GIVEN=GIVEN).stdout]
    for task in ("says", "fails", "undeclared"):
        said.append(segue(project, "logs", "leaks@latest", task).stdout)
    for words in (
        ("show", "leaks@latest"), ("show", "leaks@latest", "--json"), ("runs", "--json"), ("why", "leaks@latest"),
        ("connection", "list", "--json"), ("secret", "list"), ("secret", "list", "--json"), ("doctor",),
        ("connection", "test", "shop"), ("check",),
    ):  # fmt: skip
        said.append(segue(project, *words).stdout)
    return project, said


def _outcomes(project: Project) -> dict[str, tuple[str, str]]:
    detail = project.detail("leaks@latest")
    return {one.key.task: (str(one.state), one.text) for one in detail.attempts}


def test_no_file_of_the_home_holds_a_secret(ran: tuple[Project, list[str]]) -> None:
    project, _ = ran
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if CANARIES.finds(path.read_bytes())] == []


def test_no_row_of_the_database_holds_a_secret(ran: tuple[Project, list[str]]) -> None:
    project, _ = ran
    with closing(sqlite3.connect(project.home / "segue.db")) as database:
        database.text_factory = bytes
        tables = [name.decode() for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f"SELECT * FROM {table}"):
                for value in row:
                    assert not (isinstance(value, bytes) and CANARIES.finds(value)), (table, row)
        [(kept,)] = database.execute("SELECT count(*) FROM secrets")
    assert kept == 2


def test_nothing_that_is_printed_holds_a_secret(ran: tuple[Project, list[str]]) -> None:
    assert [text for text in ran[1] if CANARIES.finds(text.encode())] == []


def test_what_was_said_is_there_but_for_its_secrets(ran: tuple[Project, list[str]]) -> None:
    log = ran[1][1]
    for word in ("plain ***", "json", "b64", "log ***", "postgresql://shop:***@127.0.0.1:1/orders?sslmode=disable"):
        assert word in log
    assert "***" in ran[1][2] and "RuntimeError" in ran[1][2]


def test_results_with_a_secret_are_refused_with_the_place(ran: tuple[Project, list[str]]) -> None:
    outcomes = _outcomes(ran[0])
    assert outcomes["returns_it"][1].startswith("UnstorableValue: result['rows'][0]['url'] contains connection shop")
    assert outcomes["returns_it_large"][1].startswith("UnstorableValue: result[1] contains secret given")
    assert "context.state['job'] contains secret stored" in outcomes["keeps_it"][1]


def test_a_secret_that_was_not_declared_is_refused_logged_and_audited(ran: tuple[Project, list[str]]) -> None:
    project, said = ran
    with project.reader() as reader:
        refusals = [event for event in reader.events(limit=10_000) if event.kind == "refused"]
    assert [(event.task, event.attempt, event.new) for event in refusals] == [("undeclared", 1, "secret stored")]
    assert str(refusals[0].why) == "it asked for secret stored, which it does not declare"
    state, text = _outcomes(project)["undeclared"]
    assert state == "failed" and "write @task(secrets=['stored'])" in text
    assert "asked for secret 'stored', which it does not declare: refused" in said[3]


def test_tasks_do_not_get_the_owners_variables(ran: tuple[Project, list[str]]) -> None:
    project, _ = ran
    [value] = [row.inline for row in project.detail("leaks@latest").tasks if row.task == "environment"]
    assert value is not None and b"SEGUE_SECRET" not in value and b"SEGUE_CONNECTION" not in value


# -------------------------------------------------------------------------------------------------------------- params
def test_a_secret_param_reaches_its_tasks_and_nothing_else(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write("leaks.py", DAG)
    done = segue(project, "run", "leaks.py:asks", "--param", "token=-", given=STORED + "\n")
    assert done.returncode == 1
    detail = project.detail("asks@latest")
    text = {one.key.task: one.text for one in detail.attempts}
    assert text["signs_in"] == "" and text["gives_away"].startswith("UnstorableValue: result contains param token")
    printed = segue(project, "logs", "asks@latest", "signs_in").stdout
    assert "token *** Bearer ***" in printed
    printed += done.stdout + segue(project, "show", "asks@latest", "--json").stdout
    printed += segue(project, "diff", "asks@latest").stdout
    again = segue(project, "retry", "asks@latest", "signs_in")
    assert project.detail("asks@latest").attempts[-1].key.number == 2 and "signs_in" in again.stdout
    assert not CANARIES.finds((printed + again.stdout).encode())
    assert [path for path in project.folder.rglob("*") if path.is_file() and CANARIES.finds(path.read_bytes())] == []


# ------------------------------------------------------------------------------------------------------ while it runs
@pytest.fixture
def lingering(tmp_path: Path) -> Iterator[tuple[Project, "subprocess.Popen[str]"]]:
    """An owner that is at work on a task which holds secrets."""
    project = _make(tmp_path / "project")
    command = [sys.executable, "-m", "segue", "run", "leaks.py:lingers"]
    with subprocess.Popen(
        command, cwd=project.folder, env=_environ(SEGUE_SECRET_GIVEN=GIVEN), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not (project.folder / "go.there").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        yield project, process
        (project.folder / "go").touch()
        process.communicate(timeout=PATIENCE)


def test_no_process_shows_a_secret_in_its_command_line_or_environment(lingering) -> None:
    project, owner = lingering
    pids = project.processes()
    assert len(pids) >= 2
    for pid in pids:
        for name in ("cmdline", "environ"):
            held = Path(f"/proc/{pid}/{name}").read_bytes()
            assert held and not CANARIES.finds(held), (pid, name)
    assert not CANARIES.finds(Path(f"/proc/{owner.pid}/cmdline").read_bytes())


def test_secrets_are_kept_through_the_owner_there_is(lingering) -> None:
    project, owner = lingering
    assert "secret later is kept" in segue(project, "secret", "set", "later", given="canary-set-later").stdout
    assert "connection more is kept" in segue(project, "connection", "add", "more", "http://h/").stdout
    assert "5 values are encrypted" in segue(project, "secret", "rotate").stdout
    assert owner.poll() is None
    names = [one["name"] for one in json.loads(segue(project, "secret", "list", "--json").stdout)]
    assert names == ["later", "lines", "stored"]
    assert "is removed" in segue(project, "secret", "remove", "later").stdout
    with closing(sqlite3.connect(project.home / "segue.db")) as database:
        held = repr(list(database.execute("SELECT * FROM requests"))) + repr(
            list(database.execute("SELECT * FROM events"))
        )
    assert "canary" not in held and "later" in held


# -------------------------------------------------------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("words", "given", "why"),
    [
        (("secret", "set", "x"), "abc", "less than 4 characters"),
        (("secret", "set", "x"), "", "secret x is empty"),
        (("secret", "set", "x", "canary-in-argv"), "", "a value on the command line is seen by every process"),
        (("secret", "set", "9x"), "abcdef", "is no name of a secret"),
        (("secret", "remove", "x"), "", "has no secret 'x'"),
        (("secret", "burn", "x"), "", "write `segue secret set NAME`"),
        (("connection", "add", "x", "http://u:pw@h/"), "", "less than 4 characters"),
        (("connection", "add", "x", "http://u:pa/ss-canary@h/"), "", "the address is no URI"),
        (("connection", "test", "x"), "", "there is no connection 'x'"),
        (("connection", "add"), "", "write `segue connection add NAME URI`"),
        (("connection", "add", "x", "http://h/", "--prompt"), "", "either the address or --prompt"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(
    tmp_path: Path, words: tuple[str, ...], given: str, why: str
) -> None:
    project = Project(tmp_path / "project")
    done = segue(project, *words, given=given)
    assert done.returncode in (1, 2) and why in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout and "canary" not in done.stdout


def test_a_name_that_is_nowhere_fails_its_task_without_retry(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write(
        "d.py",
        'from segue import dag, task\n@task(connections=["shop"], retry=3)\ndef a(): ...\n@dag\ndef d():\n    a()\n',
    )
    warned = segue(project, "check")
    assert warned.returncode == 0 and "there is no connection 'shop'" in " ".join(warned.stdout.split())
    done = segue(project, "run", "d.py")
    said = " ".join(done.stdout.split())
    assert done.returncode == 1 and "segue connection add shop URI" in said
    assert len(project.detail("d@latest").attempts) == 1


def test_a_secret_is_typed_in_unseen(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "segue", "secret", "set", "api"], cwd=project.folder, env=_environ(), stdin=theirs,
        stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"value of secret api:" not in said:
        said += os.read(ours, 1000)
    os.write(ours, b"canary-typed\n")
    assert process.wait(PATIENCE) == 0
    said += os.read(ours, 1000)
    os.close(ours)
    assert b"canary" not in said and b"is kept" in said


def test_the_base64_form_of_this_test_is_what_it_thinks() -> None:
    assert CANARIES.finds(base64.b64encode(b"x" + STORED.encode()))
