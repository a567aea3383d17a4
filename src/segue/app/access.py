"""Where users, sessions and tokens of a home are kept, and what the host's owner does to them.

Whoever can write the home's files may do everything; so these verbs write the database directly, also beside a web
child, which sees it at its next look (decision 0036).
"""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from segue.app.database import database_of
from segue.app.home import Home
from segue.app.hosting import base_of
from segue.app.settings import Settings, WebTable
from segue.model.access import ALL, Grant
from segue.model.errors import UsageError
from segue.show.access.deciding import check_grant
from segue.show.access.gate import Keeper
from segue.show.access.minting import Mint
from segue.show.access.passwords import Argon2
from segue.store.access.book import Book
from segue.store.access.sqlite import open_book as open_file
from segue.store.home import check_home

__all__ = ["changed_grants", "grant_of", "link_here", "open_keeper", "opened_keeper"]

_SERVER: Final = "segue.store.access.postgres"


class _Served(msgspec.Struct):
    url: str


def open_keeper(settings: Settings, warn: Callable[[str], None] = lambda _: None) -> Keeper:
    """The gate of a home; its database is made where there is none.

    Args:
        settings: in force.
        warn: told in a sentence what is risky about the home.

    Raises:
        HomeUnusable: the database is damaged, of a newer version, or not ours.
        StoreDown: it cannot be opened now.
    """
    return Keeper(_open_book(settings, warn), Mint(secrets.token_bytes), Argon2(secrets.token_hex()))


@contextmanager
def opened_keeper(settings: Settings, warn: Callable[[str], None]) -> Iterator[Keeper]:
    """The gate of a home for a moment; see `open_keeper`."""
    keeper = open_keeper(settings, warn)
    try:
        yield keeper
    finally:
        keeper.close()


def link_here(settings: Settings, link: str) -> str:
    """The address of a one-time link at the server of this home, or where it would listen."""
    try:
        base = msgspec.json.decode((settings.home / "web.json").read_bytes(), type=_Served).url
    except (OSError, msgspec.MsgspecError):
        table = settings.web or WebTable()
        base = base_of(table, table.port)
    return f"{base}/sign-in/{link}"


def grant_of(role: str, select: str | None) -> Grant:
    """A grant as the command line has it; without a selection on everything.

    Raises:
        UsageError: there is no such role, or no such selection.
    """
    return check_grant(role, ALL if select is None else select)


def changed_grants(grants: Sequence[Grant], role: str, select: str | None) -> list[Grant]:
    """Grants with another role on one selection; `none` takes it away.

    Raises:
        UsageError: there is no such role or selection, or there was nothing to take away.
    """
    place = ALL if select is None else select
    others = [grant for grant in grants if grant.select != place]
    if role != "none":
        return [*others, check_grant(role, place)]
    if len(others) == len(grants):
        raise UsageError(f"there is no role on {place!r} to take away: --on names the selection")
    return others


def _open_book(settings: Settings, warn: Callable[[str], None]) -> Book:
    home = Home(settings.home)
    url = database_of(home).url
    for warning in check_home(home.path):
        warn(warning)
    if not url:
        return open_file(home.path)
    server: Any = importlib.import_module(_SERVER)
    book: Book = server.open_book(url)
    return book
