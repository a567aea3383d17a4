from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from segue.app.clock import SystemClock
from segue.app.database import database_of
from segue.app.home import Home, own
from segue.app.settings import Settings
from segue.model.errors import UsageError
from segue.store.schema import SCHEMA
from segue.store.sqlite import open_writer

__all__ = ["upgrade_home"]


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


def _database(settings: Settings) -> Path:
    path = Home(settings.home).database
    if not path.exists():
        raise UsageError(f"the home {settings.home} has no database yet")
    return path
