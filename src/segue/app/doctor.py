"""What is wrong with a home and its machine, and what helps. Looks only: nothing is made, locked or repaired."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from segue.app.checkup import check_access, check_files, check_leftovers, check_port, check_store
from segue.app.clock import SystemClock
from segue.app.control_client import ControlClient, OwnerGone
from segue.app.database import Database, database_of
from segue.app.early import trouble_with
from segue.app.finding import Finding
from segue.app.home import Home
from segue.app.reading import open_reading
from segue.app.settings import Settings
from segue.model.errors import EnvironmentFault
from segue.model.ids import Instant
from segue.model.state import RUN_FINAL, RunState
from segue.show.reading import Selection
from segue.store.home import filesystem_of, filesystem_trouble, owner_of
from segue.store.schema import SCHEMA
from segue.store.sqlite.upkeep import SAFE, database_version, sqlite_version

__all__ = ["Finding", "examine"]

_SCARCE: Final = 200_000_000
_LATE: Final = 60.0  # seconds after which a turn is taken as overdue


def examine(
    settings: Settings,
    filesystem: Callable[[Path], str] = filesystem_of,
    clock: Callable[[], Instant] | None = None,
) -> Iterator[Finding]:
    """Look at everything that a run needs.

    Args:
        settings: in force.
        filesystem: tells the type of the filesystem of a folder.
        clock: the present; default: that of this machine.
    """
    now = (clock or SystemClock().now)()
    yield Finding("segue", f"{version('segue')}, Python {platform.python_version()}, {platform.system()}")
    yield from _settings(settings)
    yield from _locations(settings)
    yield from _home(settings.home, filesystem)
    home = Home(settings.home)
    served, readable = database_of(home), True
    found = [_served(served)] if served.url else [*_database(home.database)] if home.database.exists() else []
    for finding in found:
        readable = readable and finding.good is not False
        yield finding
    if not served.url:
        yield _sqlite()
    owner, owned = _owner(home, now)
    yield owner
    if home.path.is_dir():
        yield from check_files(home.path, shutil.disk_usage(home.path).free, now)
        yield from check_leftovers(home.path, owned=owned)
        yield from check_access(home.path, now)
        yield from check_port(settings, owned=owned)
    if found and readable:
        yield from check_store(settings, now)
        yield from _interrupted(settings)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", str(settings.file) if settings.file else f"no settings file at or above {settings.root}")
    for name, origin in sorted(settings.origin.items()):
        value = settings.env if name == "env" else getattr(settings.keys, name)
        shown = ", ".join(settings.envs) if name == "env" and value is None else value
        yield Finding("setting", f"{name} = {shown} ({origin})")
    yield Finding("workers", f"{settings.workers}, {os.cpu_count()} cores")
    missing = [str(path) for path in settings.dags if not path.exists()]
    if missing:
        yield Finding("dags", f"not there: {', '.join(missing)}", False, "correct `dags` in the settings")


def _locations(settings: Settings) -> Iterator[Finding]:
    for location in settings.locations:
        trouble = trouble_with(location.python)
        fix = f"correct [tool.segue.locations.{location.name}]" if trouble else ""
        yield Finding("location", f"{location.name}: {trouble or location.python}", not trouble, fix)


def _home(home: Path, filesystem: Callable[[Path], str]) -> Iterator[Finding]:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    kind = filesystem(place)
    refused, warned = filesystem_trouble(kind)
    note = "" if place == home else ", not made yet"
    if not place.is_dir():
        yield Finding("home", f"{place} is a file, not a folder", False, "name another folder with SEGUE_HOME=…")
    elif refused:
        text = f"{home} lies on a {kind} filesystem, where a database gets damaged"
        yield Finding("home", text, False, "name a folder on a disk of this machine with SEGUE_HOME=…")
    elif not os.access(place, os.W_OK | os.X_OK):
        fix = "give it to this user, or name another with SEGUE_HOME=…"
        yield Finding("home", f"{place} cannot be written", False, fix)
    elif warned:
        yield Finding("home", f"{home}{note}, on {kind}: {warned}", None)
    else:
        yield Finding("home", f"{home}{note}" + (f", on {kind}" if kind else ""))
    free = shutil.disk_usage(place).free
    if free < _SCARCE:
        yield Finding("disk", f"{free // 1_000_000} MB are free below {place}", False, "free some space")


def _database(path: Path) -> Iterator[Finding]:
    try:
        found = database_version(path)
    except EnvironmentFault as why:
        newer = "install the newer Segue again"
        fix = newer if "of version" in str(why) else f"move {path} away and put a backup in its place"
        yield Finding("database", str(why), False, fix)
        return
    if found < SCHEMA:
        yield Finding("database", f"{path} is of version {found}, the newest is {SCHEMA}", None, "segue db upgrade")
    else:
        yield Finding("database", f"whole, version {found}, {path.stat().st_size:,} bytes")


def _served(database: Database) -> Finding:
    try:
        return Finding("database", database.examine())
    except EnvironmentFault as why:
        return Finding("database", str(why), False, "correct SEGUE_DATABASE_URL, or look after the server")


def _sqlite() -> Finding:
    used = sqlite_version()
    if tuple(map(int, used.split("."))) >= tuple(map(int, SAFE.split("."))):
        return Finding("sqlite", used)
    text = (
        f"{used}: before {SAFE} a checkpoint by a second writing connection could damage a database; Segue has one "
        "that writes, and its readers cannot, so this one is safe. Do not write to the file with other programs"
    )
    return Finding("sqlite", text)


def _owner(home: Home, now: Instant) -> tuple[Finding, bool]:
    """The owner, and whether there is one."""
    facts, socket = owner_of(home.path), home.socket()
    try:
        if socket is not None:
            with ControlClient(socket) as owner:
                health = owner.health()
            return _at_work(health, now), True
    except OwnerGone:
        pass
    if facts is not None and _alive(facts.pid):
        text = f"process {facts.pid} (segue {facts.kind}) holds the home and does not answer"
        return Finding("owner", text, False, f"wait for its end, or stop it: kill {facts.pid}"), True
    return Finding("owner", "none" if facts is None else f"none: process {facts.pid} ended without a goodbye"), False


def _at_work(health: Mapping[str, Any], now: Instant) -> Finding:
    runs = "all runs" if health["runs"] is None else ", ".join(health["runs"]) or "nothing"
    late = (now - health.get("turn", now)) / 1e6
    text = f"process {health['pid']} (segue {health['kind']}) drives {runs}"
    if late > _LATE:
        return Finding("owner", f"{text}; its last turn was {late:.0f} s ago", False, "look into logs/segue-loop.log")
    return Finding("owner", text, None)


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _interrupted(settings: Settings) -> Iterator[Finding]:
    open_ = tuple(state for state in RunState if state not in RUN_FINAL and state is not RunState.HELD)
    with open_reading(Home(settings.home)) as reading:
        left = [view.run for view in reading.runs(Selection(states=open_)) if reading.state(view) == "interrupted"]
    for run in left[:10]:
        yield Finding("run", f"{run} was interrupted", False, f"segue retry {run}")
    if len(left) > 10:
        yield Finding("run", f"{len(left) - 10} more were interrupted", False, "segue retry --state running")
