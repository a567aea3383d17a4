"""A real PostgreSQL for tests: the installed binaries, a throw-away folder, a private socket; with fsync, if wanted.

`postgres` refuses to run as root, so as root it is started as the user *postgres* or *nobody*. It dies with us: at the
end of the session, and by the parent-death signal where we are killed.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

__all__ = ["Server", "binaries", "running_server"]

_USER = "segue"
_PATIENCE = 60.0
_SETTINGS = (
    "synchronous_commit=on", "full_page_writes=on", "listen_addresses=", "unix_socket_permissions=0777",
    "max_connections=60", "shared_buffers=32MB", "max_wal_senders=0", "wal_level=minimal", "log_min_messages=warning",
    "log_line_prefix=%m [%p] ",
)  # fmt: skip


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: in PATH, where `pg_config` says, or where Debian puts them; the newest."""
    folders = [Path(found).resolve().parent for name in ("postgres", "initdb") if (found := shutil.which(name))]
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        folders.append(Path(said))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: one.parent.name, reverse=True)
    return next((one for one in folders if (one / "postgres").is_file() and (one / "initdb").is_file()), None)


def _servant() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("postgres does not run as root, and there is neither a user `postgres` nor `nobody`")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


class Server:
    """One server; made by `running_server`.

    Args:
        folder: of its own, readable by the user it runs as.
        programs: where `initdb` and `postgres` are.
        fsync: false where no test is about what outlives the machine: databases come and go several times as fast.
    """

    def __init__(self, folder: Path, programs: Path, fsync: bool = True) -> None:
        self.folder, self._programs, self._servant = folder, programs, _servant()
        self._settings = (*_SETTINGS, f"fsync={'on' if fsync else 'off'}", f"unix_socket_directories={folder}")
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "log"
        for place in (folder, folder / "data"):
            place.mkdir(exist_ok=True)
            place.chmod(0o700)
            if self._servant:
                os.chown(place, self._servant["user"], self._servant["group"])
        # A language that does not sort byte by byte, as most servers have.
        words = ["--no-sync", "--auth=trust", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US"]
        words += ["--encoding=UTF8", f"--username={_USER}"]
        subprocess.run(
            [programs / "initdb", "--pgdata", folder / "data", *words], check=True, capture_output=True, cwd=folder,
            env=self._environment(), **self._servant,
        )  # fmt: skip

    def url(self, database: str, host: Path | str | None = None) -> str:
        """The address of a database, at the server's own socket or at somebody who stands before it."""
        return f"postgresql://{_USER}@/{database}?host={self.folder if host is None else host}"

    @property
    def socket(self) -> Path:
        """The socket that clients connect to."""
        return self.folder / ".s.PGSQL.5432"

    def start(self) -> None:
        """Start it, and return when it answers."""
        settings = [word for one in self._settings for word in ("-c", one)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *settings], cwd=self.folder, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, env=self._environment(), preexec_fn=_die_with_parent,
                start_new_session=True, **self._servant,
            )  # fmt: skip
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError as why:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"postgres does not start: {self.log.read_text()}") from why
                time.sleep(0.02)

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: SIGINT cuts connections and shuts down in order, SIGQUIT is a crash."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def new_database(self, like: str = "template0") -> str:
        """Make a database, empty or as a copy of one that nobody uses, and give its name."""
        name = f"t{next(self._names)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database with whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        """One statement on a connection of its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}


@contextmanager
def running_server(fsync: bool = True) -> Iterator[Server]:
    """A server that is gone afterwards, with its folder.

    Raises:
        RuntimeError: PostgreSQL is not installed, or does not start.
    """
    programs = binaries()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed: no `initdb` in PATH, beside pg_config, in /usr/lib/postgresql")
    # Not below pytest's folder: that one is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="segue-postgres-"))
    try:
        server = Server(folder, programs, fsync)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(binaries() is None)
