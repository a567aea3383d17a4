"""The doors of a server that has a home: what routes may touch, opened."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Final

from segue.app.alerting import HomeChannels
from segue.app.bundles import BundleFiles
from segue.app.clock import SystemClock
from segue.app.database import Database, database_of
from segue.app.desk import HomeDesk, ServedDesk
from segue.app.home import Home
from segue.app.identity import identity_of
from segue.app.library import ReaderPool
from segue.app.logs import LogFiles
from segue.app.machine import HostMachine
from segue.app.safe import HomeSafe, house_of
from segue.app.seen import Unread
from segue.app.settings import Settings
from segue.app.settings_shown import shown
from segue.app.uploads import Uploads
from segue.model.api.health import Part
from segue.show.access.gate import Keeper
from segue.show.api.pages import Built
from segue.show.doors import Doors, Library

__all__ = ["built_page", "library_of", "open_doors"]

_PAGE: Final = Path(__file__).parents[1] / "_ui"


def built_page() -> Built:
    """The page as it lies beside this package, read once; of nothing where it was not built."""
    files = (path for path in _PAGE.rglob("*") if path.is_file())
    return Built({path.relative_to(_PAGE).as_posix(): path.read_bytes() for path in files})


def library_of(settings: Settings) -> ReaderPool:
    """Readers of the database of a home, to be closed."""
    home = Home(settings.home)
    database = database_of(home)
    return ReaderPool(database, None if database.url else home.database)


def open_doors(settings: Settings, library: Library, gate: Keeper, clock: SystemClock) -> Doors:
    """Everything that routes may touch.

    Args:
        settings: in force.
        library: lends readers.
        gate: recognises who speaks.
        clock: the time now.
    """
    home = Home(settings.home)
    database = database_of(home)
    desk = ServedDesk(home, database, clock.now) if database.url else HomeDesk(home, clock.now)
    return Doors(
        library, desk, gate, clock.now, _instance(home, database), parts=lambda: _parts(settings),
        house=house_of(settings), safe=HomeSafe(settings), deployer=Uploads(settings), channels=HomeChannels(settings),
        logs=LogFiles(settings.logs), code=BundleFiles(settings.home / "bundles"), settings=partial(shown, settings),
        machine=HostMachine(), price=settings.keys.worker_price, identity=identity_of(settings),
        claims=gate.claims, unread=Unread(settings.home),
    )  # fmt: skip


def _instance(home: Home, database: Database) -> str:
    """Cookies are shared by all ports of a machine, and by all servers of a database."""
    place = database.url or str(home.path.resolve())
    return blake2b(place.encode(), digest_size=8).hexdigest()


def _parts(settings: Settings) -> tuple[Part, ...]:
    missing = [path.name for path in settings.dags if not path.exists()]
    return (Part("dags", not missing, f"there is no {', '.join(missing)}" if missing else "there"),)
