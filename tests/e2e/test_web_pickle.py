"""RELIABILITY D14: hostile bytes in every column of the store are bytes to the loop and to the web server."""

import os
import pickle
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from segue.store.home import DATABASE
from tests.e2e.commands import Project
from tests.e2e.served import served
from tests.e2e.standing import eventually

ORDERS = """
from segue import dag, task

@task
def take(count: int) -> dict:
    return {"count": count}

@task
def give(one: dict) -> int:
    return one["count"]

@dag(tags=["shop"])
def orders(count: int = 3) -> None:
    give(take(count))
"""

GUARD = """
import os, sys
if any(name in " ".join(sys.orig_argv) for name in ("segue.app.web", "segue.app.scheduler", "segue.app.telling")):
    def guard(event, arguments):
        if event == "pickle.find_class":
            with open({trail!r}, "a") as trail:
                trail.write(f"{{event}} {{arguments}}\\n")
            raise RuntimeError("a pickle was opened")
    sys.addaudithook(guard)
    with open({begun!r}, "a") as begun:
        begun.write(sys.orig_argv[-1] + "\\n")
"""


class Hostile:
    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self.canary),)


def columns(database: Path) -> list[tuple[str, str]]:
    """Every column that holds bytes."""
    with closing(sqlite3.connect(database)) as reader:
        tables = [row[0] for row in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [
            (table, row[1]) for table in tables for row in reader.execute(f"PRAGMA table_info('{table}')")
            if row[2] == "BLOB"
        ]  # fmt: skip


def plant(writer: sqlite3.Connection, table: str, column: str, poison: bytes) -> int:
    """Put the poison into every row that has something there; how many those are."""
    with writer:
        update = f'UPDATE "{table}" SET "{column}" = ? WHERE "{column}" IS NOT NULL'
        return writer.execute(update, (poison,)).rowcount


@contextmanager
def poisoned(database: Path, table: str, column: str, poison: bytes) -> Iterator[int]:
    """The same for a while."""
    with closing(sqlite3.connect(database, timeout=30)) as writer:
        writer.execute(f'CREATE TEMP TABLE saved AS SELECT * FROM "{table}"')
        yield plant(writer, table, column, poison)
        with writer:
            writer.execute(f'DELETE FROM "{table}"')
            writer.execute(f'INSERT INTO "{table}" SELECT * FROM saved')


def test_no_pickle_is_opened_whatever_the_store_holds(tmp_path):
    trail, begun, canary = tmp_path / "trail", tmp_path / "begun", tmp_path / "canary"
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(GUARD.format(trail=str(trail), begun=str(begun)))
    shop = Project(tmp_path / "shop", workers=2)
    shop.write("orders.py", ORDERS)
    shop.inside = ("env", f"PYTHONPATH={tmp_path / 'site'}")
    poison, database = pickle.dumps(Hostile(canary)), shop.home / DATABASE
    with served(shop) as (one, server):
        for _ in range(2):
            assert shop.segue("trigger", "orders", "--wait").returncode == 0
        assert len(begun.read_text().splitlines()) >= 3, "the guard stands in the loop, the web and the tell child"
        paths = [
            re.sub(r"\{[^}]+\}", "1", path.replace("{dag}", "orders").replace("{run}", "orders@latest"))
            for path, methods in server.get("/api/v1/openapi.json").json()["paths"].items()
            if "get" in methods and path != "/api/v1/events"
        ]  # fmt: skip
        for path in paths:
            assert server.get(path).status != 500, path
        held = 0
        for table, column in columns(database):
            with poisoned(database, table, column, poison) as rows:
                held += bool(rows)
                for path in paths if rows else ():
                    server.get(path)
        assert held >= 3, "there are bytes in the store to poison"
        with closing(sqlite3.connect(database, timeout=30)) as writer:
            for table, column in columns(database):
                plant(writer, table, column, poison)
        os.kill(one.loop(), signal.SIGKILL)  # the next one reads everything anew
        eventually(lambda: begun.read_text().count("up") >= 2, "another loop")
        eventually(lambda: "damaged" in one.said or "cannot" in one.said, "its complaint")
        for path in paths:
            server.get(path)
        one.process.kill()
    assert not canary.exists()
    assert not trail.exists(), trail.read_text()
