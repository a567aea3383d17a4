from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from segue.app.clock import SystemClock
from segue.app.settings import Settings, read_settings
from segue.store.home import Owner, OwnerFacts, check_home, take_home

__all__ = ["SOCKET_LIMIT", "Home", "Owner", "hold", "home_here", "own", "scratch_settings", "settings_here"]

SOCKET_LIMIT: Final = 100
_SCRATCH: Final = "scratch"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds a project's runs."""

    path: Path

    @property
    def database(self) -> Path:
        """The main database."""
        return self.path / "segue.db"

    @property
    def scratch(self) -> bool:
        """Whether it will be thrown away: then its database is the file in it, whatever the environment names."""
        return (self.path / _SCRATCH).exists()

    def socket(self) -> Path | None:
        """The socket of the owner, None where there is none; a path too long for one is named in `owner.json`."""
        named = self._said().get("socket")
        path = self.path / "owner.sock" if named is None else Path(named)
        return path if path.exists() else None

    def _said(self) -> dict[str, str]:
        try:
            said = msgspec.json.decode((self.path / "owner.json").read_bytes())
            return {key: str(value) for key, value in said.items()}
        except (OSError, msgspec.DecodeError, AttributeError):
            return {}


def settings_here(**flags: object) -> Settings:
    """The settings that hold in the working directory."""
    return read_settings(Path.cwd(), os.environ, flags)


@contextmanager
def scratch_settings(env: str | None) -> Iterator[Settings]:
    """The settings that hold in the working directory, but for home, storage and logs, which are thrown away."""
    folder = Path(tempfile.mkdtemp(prefix="segue-scratch-"))
    try:
        (folder / _SCRATCH).touch()
        real = settings_here(env=env)
        places = {"home": folder, "storage": str(folder / "storage"), "logs": folder / "logs", "behind": real.home}
        yield msgspec.structs.replace(real, **places)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def home_here(home: str | None) -> Home:
    """The home that the working directory, `SEGUE_HOME` or `--home` names."""
    return Home(settings_here(home=home).home)


@contextmanager
def own(settings: Settings, warn: Callable[[str], None]) -> Iterator[Owner]:
    """Own the home in force; it is made where there is none.

    Args:
        settings: in force.
        warn: told in a sentence what is risky about it.

    Raises:
        HomeUnusable: it cannot carry a database.
        HomeBusy: another process owns it; its pid is named.
    """
    with _taken(settings, "run", warn) as owner:
        yield owner


def hold(settings: Settings, kind: str, warn: Callable[[str], None]) -> int:
    """Own the home for as long as this process and its children live; gives the lock, which children inherit.

    Args:
        settings: in force.
        kind: `up`, `dev` or `scheduler`.
        warn: told in a sentence what is risky about it.

    Raises:
        HomeUnusable: it cannot carry a database.
        HomeBusy: another process owns it; its pid is named.
    """
    lock = _taken(settings, kind, warn).fileno()
    os.set_inheritable(lock, True)
    return lock


def _taken(settings: Settings, kind: str, warn: Callable[[str], None]) -> Owner:
    for warning in check_home(settings.home):
        warn(warning)
    return take_home(settings.home, OwnerFacts(os.getpid(), kind, SystemClock().now()))
