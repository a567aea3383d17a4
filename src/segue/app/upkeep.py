from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from segue.app.clock import SystemClock
from segue.app.database import database_of
from segue.app.home import Home, own
from segue.app.settings import Settings
from segue.model.errors import EnvironmentFault, UsageError
from segue.store.schema import SCHEMA
from segue.store.sqlite import open_writer
from segue.store.sqlite.upkeep import back_up, database_version

__all__ = ["backup_home", "upgrade_home"]


def upgrade_home(settings: Settings, warn: Callable[[str], None]) -> list[str]:
    """Bring the home's database to the newest version; sentences of what was done.

    Raises:
        UsageError: there is no database.
        HomeBusy: the home is owned.
        HomeUnusable: it is damaged, or newer than we are.
    """
    served = database_of(Home(settings.home))
    if served.url:
        return [served.upgrade()]
    path = _database(settings)
    said: list[str] = []
    with own(settings, warn):
        open_writer(path, SystemClock().now(), said.append).close()
    return said or [f"{path} is of version {SCHEMA}, the newest: nothing to do"]


def backup_home(settings: Settings, copy: Path) -> int:
    """Copy the home's database, also while runs go on; gives the copy's size in bytes.

    Args:
        settings: in force.
        copy: the file to make.

    Raises:
        UsageError: there is no database, or the file is there already.
        EnvironmentFault: the copy cannot be written.
    """
    if database_of(Home(settings.home)).url:
        raise UsageError("the database is on a server: make the copy with its own tools (pg_dump, or a base backup)")
    path = _database(settings)
    if copy.exists():
        raise UsageError(f"{copy} is there already: name another file")
    try:
        back_up(path, copy)
        database_version(copy)
        return copy.stat().st_size
    except OSError as why:
        raise EnvironmentFault(f"{copy} cannot be written: {why.strerror or why}") from None


def _database(settings: Settings) -> Path:
    path = Home(settings.home).database
    if not path.exists():
        raise UsageError(f"the home {settings.home} has no database yet")
    return path
