"""Copies of a home's databases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from segue.app.clock import SystemClock
from segue.app.database import database_of
from segue.app.home import Home
from segue.app.settings import Settings
from segue.model.errors import EnvironmentFault, UsageError
from segue.model.ids import Instant
from segue.store.access.sqlite import FILE
from segue.store.sqlite.upkeep import Manifest, back_up, copy_file, database_version

__all__ = ["Backup", "LastBackup", "access_copy", "backup_home", "last_backup"]

_NOTE: Final = "backup.json"


class LastBackup(msgspec.Struct, frozen=True):
    """When a home was backed up last, and where to."""

    at: Instant
    file: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made.

    Args:
        files: what was written.
        size: bytes of all of them.
        manifest: what the copy of the main database says about itself.
    """

    files: tuple[Path, ...]
    size: int
    manifest: Manifest


def access_copy(copy: Path) -> Path:
    """Where the copy of users, sessions and tokens lies, beside that of the main database."""
    return copy.with_name(copy.name + ".access")


def backup_home(settings: Settings, copy: Path) -> Backup:
    """Copy the home's databases, also while runs go on.

    Args:
        settings: in force.
        copy: the file to make.

    Raises:
        UsageError: there is no database, it is on a server, or the file is there already.
        EnvironmentFault: the copy cannot be written.
    """
    home = Home(settings.home)
    if database_of(home).url:
        raise UsageError(
            f"the database is on a server, whose own tools copy it: pg_dump --format=custom --file={copy} "
            '"$SEGUE_DATABASE_URL"'
        )
    if not home.database.exists():
        raise UsageError(f"the home {settings.home} has no database yet")
    if copy.exists():
        raise UsageError(f"{copy} is there already: name another file")
    access, now = settings.home / FILE, SystemClock().now()
    files = [copy]
    try:
        if access.exists():
            files.append(access_copy(copy))
            copy_file(access, files[-1])
        manifest = back_up(home.database, copy, now)
        database_version(copy)
        _note(settings.home, LastBackup(now, str(copy.resolve())))
        return Backup(tuple(files), sum(file.stat().st_size for file in files), manifest)
    except OSError as why:
        raise EnvironmentFault(f"{copy} cannot be written: {why.strerror or why}") from None


def last_backup(home: Path) -> LastBackup | None:
    """When a home was backed up last, None where it never was."""
    try:
        return msgspec.json.decode((home / _NOTE).read_bytes(), type=LastBackup)
    except (OSError, msgspec.MsgspecError):
        return None


def _note(home: Path, last: LastBackup) -> None:
    fresh = home / f".{_NOTE}"
    fresh.touch(mode=0o600)
    fresh.write_bytes(msgspec.json.encode(last))
    fresh.replace(home / _NOTE)
