"""What a home itself tells about its health: files and who may read them, processes, users, what waits for a person."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from segue.app.backup import last_backup
from segue.app.database import open_reader
from segue.app.finding import Finding
from segue.app.home import Home
from segue.app.settings import Settings
from segue.model.errors import SegueError
from segue.model.ids import Instant
from segue.model.moment import DAY
from segue.run.executors.forks import HOME_MARK
from segue.run.executors.home import mark_of
from segue.run.processes import marked
from segue.store.access.sqlite import FILE as ACCESS
from segue.store.home import DATABASE
from segue.store.readers import Reader
from segue.store.sqlite.upkeep import SAFE_WAL

__all__ = ["check_access", "check_files", "check_leftovers", "check_port", "check_store"]

_OLD: Final = 7 * DAY
_ROOM: Final = 2  # times the database that must be free: an upgrade copies it
_AHEAD: Final = 60_000_000
_NAMED: Final = 5
_ALERTS: Final = 1_000


def check_files(home: Path, free: int, now: Instant) -> Iterator[Finding]:
    """Sizes, room, backups, and who may read what.

    Args:
        home: which exists.
        free: bytes that its disk has.
        now: the present.
    """
    database = home / DATABASE
    if database.exists():
        size = database.stat().st_size
        wal = home / f"{DATABASE}-wal"
        held = wal.stat().st_size if wal.exists() else 0
        good = None if held > SAFE_WAL else True
        fix = "a program reads the database without end: find it, or restart `segue up`" if good is None else ""
        yield Finding("size", f"database {size:,} bytes, its log {held:,} bytes", good, fix)
        if free < _ROOM * size:
            text = f"{free:,} bytes are free, the database has {size:,}: an upgrade makes a copy of it"
            yield Finding("room", text, None, "free some space, or `segue db prune --older-than 90d`")
        yield _backup(home, now)
    yield from _modes(home)


def _backup(home: Path, now: Instant) -> Finding:
    last = last_backup(home)
    if last is None:
        return Finding("backup", "it was never backed up", None, "segue db backup FILE, also while runs go on")
    text = f"made {_shown(last.at)}: {last.file}"
    if not Path(last.file).exists():
        return Finding("backup", f"{text}, and is not there any more", None, "segue db backup FILE")
    return Finding(
        "backup", text, None if now - last.at > _OLD else True, "" if now - last.at <= _OLD else "segue db backup FILE"
    )


def _modes(home: Path) -> Iterator[Finding]:
    """Others of this machine must not read what is kept (RELIABILITY D25)."""
    loose = [home] if home.stat().st_mode & 0o077 else []
    with suppress(OSError):
        for path in sorted(home.iterdir()):
            if path.is_symlink() or path.is_socket():
                continue
            if path.stat().st_mode & 0o077:
                loose.append(path)
    if home.stat().st_mode & 0o077:
        text = f"others of this machine can look into {', '.join(str(path) for path in loose[:_NAMED])}"
        yield Finding("modes", text, False, f"chmod -R go= {home}")


def check_leftovers(home: Path, *, owned: bool) -> Iterator[Finding]:
    """Processes of a former life, where nobody owns the home now."""
    left = set() if owned else marked(f"{HOME_MARK}={mark_of(home)}".encode())
    if left:
        pids = " ".join(map(str, sorted(left)))
        text = f"processes of an owner that is gone are alive: {pids}"
        yield Finding("leftovers", text, False, f"the next start ends them; or kill {pids}")


def check_port(settings: Settings, *, owned: bool) -> Iterator[Finding]:
    """Whether the web server answers, or could."""
    if settings.web is None:
        return
    host, port = settings.web.host, settings.web.port
    serving = _serving(settings.home)
    if serving is not None:
        yield Finding("web", f"{serving['url']}, process {serving['pid']}")
    elif port and _answers(host, port):
        text = f"another program listens on port {port}"
        fix = f"name another port: `segue up --port {port + 1}`, or port in [tool.segue.web]"
        yield Finding("web", text, False if owned else None, fix)


def check_access(home: Path, now: Instant) -> Iterator[Finding]:
    """Users and tokens."""
    path = home / ACCESS
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
            users = _count(found, "SELECT count(*) FROM access_users WHERE disabled = 0")
            admins = _count(
                found,
                "SELECT count(*) FROM access_users JOIN access_grants ON user = name "
                "WHERE disabled = 0 AND role = 'admin' AND selection = '*'",
            )
            over = _count(found, "SELECT count(*) FROM access_tokens WHERE until < ?", now)
            sessions = _count(found, "SELECT count(*) FROM access_sessions WHERE until >= ?", now)
    except sqlite3.Error as why:
        yield Finding("users", f"{path} cannot be read: {why}", False, "put a backup in its place")
        return
    if not users:
        yield Finding(
            "users", "nobody can sign in yet", None, "open the link that `segue up` prints, or segue user add NAME"
        )
    elif not admins:
        yield Finding("users", f"{users}, and none is admin", False, "segue user grant NAME admin")
    else:
        yield Finding("users", f"{users}, {sessions} signed in")
    if over:
        many = "1 has" if over == 1 else f"{over} have"
        yield Finding("tokens", f"{many} expired", None, "segue token list, segue token revoke NAME")


def check_store(settings: Settings, now: Instant) -> Iterator[Finding]:
    """What the database tells: clocks, definitions, pauses, alerts."""
    try:
        with open_reader(Home(settings.home)) as reader:
            if reader is not None:
                yield from _clock(reader, now)
                yield from _dags(reader)
                yield from _alerts(reader, now)
    except SegueError as why:
        yield Finding("store", f"it cannot be read: {why}", False, "look after the database first")


def _clock(reader: Reader, now: Instant) -> Iterator[Finding]:
    last = reader.events(max(0, reader.last_event() - 1), limit=1)
    if last and last[0].at > now + _AHEAD:
        text = f"it is {_shown(now)}, and the newest event is of {_shown(last[0].at)}: the clock was set back"
        yield Finding("clock", text, False, "correct the machine's clock; until it has caught up nothing falls due")


def _dags(reader: Reader) -> Iterator[Finding]:
    views = [view for view in reader.dags() if not view.timing.retired]
    broken: dict[str, str] = {}
    for view in views:
        if view.error is not None:
            broken.setdefault(view.file, view.error)
        if view.quarantined is not None:
            text = f"{view.dag} is quarantined: {view.quarantined}"
            yield Finding("dag", text, False, f"segue unpause {view.dag}, and report it")
    for file, error in broken.items():
        yield Finding("dag", f"{file} cannot be read: {error}", False, f"correct it; segue check {file}")
    hard = [view.dag for view in views if view.timing.hard]
    if hard:
        named = ", ".join(hard[:_NAMED]) + (f" and {len(hard) - _NAMED} more" if len(hard) > _NAMED else "")
        what = "--all" if len(hard) == len(views) else " ".join(hard[:_NAMED])
        yield Finding("paused", f"nothing begins of {named}: paused hard", None, f"segue unpause {what}")


def _alerts(reader: Reader, now: Instant) -> Iterator[Finding]:
    week = reader.alerts(Instant(now - _OLD), limit=_ALERTS)
    bad = [one for view in week for one in view.deliveries if one.state in ("parked", "failed")]
    if bad:
        last = max(bad, key=lambda one: one.at)
        text = f"{len(bad)} could not be delivered this week, the last to {last.target}: {last.text}"
        yield Finding("alerts", text, False, "correct [tool.segue.channels], then segue alerts test")


def _count(found: sqlite3.Connection, question: str, *values: int) -> int:
    return int(found.execute(question, values).fetchone()[0])


def _serving(home: Path) -> dict[str, Any] | None:
    with suppress(OSError, msgspec.MsgspecError, KeyError, TypeError):
        said: dict[str, Any] = msgspec.json.decode((home / "web.json").read_bytes())
        if Path(f"/proc/{int(said['pid'])}").exists():
            return said
    return None


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


def _shown(at: Instant) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d %H:%M} UTC"
