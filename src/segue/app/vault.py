"""Where connections and secrets come from: the environment, one back end, the encrypted store; the first that has a
name wins.

A back end comes through the entry-point group `segue.secrets` and is loaded only by the name in the settings: a
callable that takes the table `[tool.segue.secrets]` and gives an object with `find(kind, name) -> str | None`. It is
called in a thread of the owner that nothing but secrets waits for.
"""

from __future__ import annotations

import importlib
import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Protocol, cast

from segue.app.settings import Settings
from segue.model.acts import SecretKind
from segue.model.errors import UnknownName, UsageError, VaultDown

__all__ = [
    "GROUP",
    "EnvironmentSource",
    "FileSource",
    "Found",
    "ProjectVault",
    "Source",
    "back_end_of",
    "open_vault",
    "variable_of",
]

GROUP: Final = "segue.secrets"
_DEFAULT_FILE: Final = "~/.config/segue/secrets.toml"


class Source(Protocol):
    """One place that may know a connection or secret."""

    @property
    def place(self) -> str:
        """What people call it."""
        ...

    def find(self, kind: SecretKind, name: str) -> str | None:
        """The value, None where this place has none of that name.

        Raises:
            VaultDown: it cannot be asked now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the place it came from."""

    value: str
    place: str

    def __repr__(self) -> str:
        return f"Found({self.place})"


class ProjectVault:
    """The places that hold for a project, in order. Safe to call from several threads.

    Args:
        sources: the places.
        unseal: decrypts what was encrypted under a name as param of a run.
    """

    def __init__(self, sources: Sequence[Source], unseal: Callable[[str, bytes], str]) -> None:
        self._sources, self._unseal = sources, unseal

    def unseal(self, params: Mapping[str, bytes]) -> dict[str, str]:
        """See `segue.model.contracts.Vault`."""
        return {name: self._unseal(name, sealed) for name, sealed in params.items()}

    def reveal(self, connections: Sequence[str], secrets: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """See `segue.model.contracts.Vault`."""
        return (
            {name: self.find("connection", name).value for name in connections},
            {name: self.find("secret", name).value for name in secrets},
        )

    def find(self, kind: SecretKind, name: str) -> Found:
        """Look a name up.

        Raises:
            UnknownName: no place has it.
            VaultDown: a place before the one that has it cannot be asked.
        """
        for source in self._sources:
            value = source.find(kind, name)
            if value is not None:
                return Found(value, source.place)
        command = f"segue connection add {name} URI" if kind == "connection" else f"segue secret set {name}"
        looked = ", ".join(source.place for source in self._sources)
        variable = variable_of(kind, name)
        raise UnknownName(
            f"there is no {kind} {name!r}: looked in {looked}. Add it with `{command}`"
            + (f" or set {variable}" if variable else "")
        )


class EnvironmentSource:
    """`SEGUE_CONNECTION_SHOP`, `SEGUE_SECRET_API_KEY` of the owner's environment; children never see these."""

    place = "the environment"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find(self, kind: SecretKind, name: str) -> str | None:
        """The value of its variable; one that is empty is none."""
        variable = variable_of(kind, name)
        return self._environ.get(variable) or None if variable else None

    def names(self, kind: SecretKind) -> list[str]:
        """The names that its variables would be found by, in lower case."""
        begin = f"SEGUE_{kind.upper()}_"
        found = (name.removeprefix(begin).lower() for name in self._environ if name.startswith(begin))
        return sorted(name for name in found if variable_of(kind, name))


def variable_of(kind: SecretKind, name: str) -> str:
    """The variable of the environment that a name is looked up in; none where it would be the key of the store."""
    variable = f"SEGUE_{kind.upper()}_{re.sub('[^A-Za-z0-9]', '_', name).upper()}"
    return "" if variable == "SEGUE_SECRET_KEY" else variable


class FileSource:
    """A TOML file with the tables `[connections]` and `[secrets]`, closed to others and outside of the repository.

    Args:
        path: the file; one that does not exist is empty.
        project: the project's folder.
    """

    def __init__(self, path: Path, project: Path) -> None:
        self._path, self._project = path.expanduser(), project

    @property
    def place(self) -> str:
        """The file."""
        return str(self._path)

    def find(self, kind: SecretKind, name: str) -> str | None:
        """The entry of that name."""
        value = self._table(f"{kind}s").get(name)
        if value is not None and not isinstance(value, str):
            raise VaultDown(f"{self._path}: {kind} {name} is no text in quotes")
        return value

    def names(self, kind: SecretKind) -> list[str]:
        """The names of its entries."""
        return sorted(self._table(f"{kind}s"))

    def _table(self, name: str) -> dict[str, Any]:
        try:
            with self._path.open("rb") as file:
                self._check(os.fstat(file.fileno()))
                table = tomllib.load(file).get(name, {})
        except FileNotFoundError:
            return {}
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
            reason = why.strerror if isinstance(why, OSError) else f"it is no TOML ({type(why).__name__})"
            raise VaultDown(f"{self._path} cannot be read: {reason}") from None
        if not isinstance(table, dict):
            raise VaultDown(f"{self._path}: [{name}] is no table")
        return table

    def _check(self, found: os.stat_result) -> None:
        if found.st_mode & 0o077:
            mode = stat.S_IMODE(found.st_mode)
            raise VaultDown(f"{self._path} is open to others (mode {mode:04o}): `chmod 600 {self._path}`")
        root = next((one for one in (self._project, *self._project.parents) if (one / ".git").exists()), self._project)
        if self._path.resolve().is_relative_to(root.resolve()):
            raise VaultDown(f"{self._path} lies inside of the repository {root}: move it out, secrets get committed")


def open_vault(settings: Settings, environ: Mapping[str, str]) -> ProjectVault:
    """The vault that the settings name; nothing is asked or loaded before the first look-up but the back end.

    Raises:
        UsageError: the settings name a back end that there is not, or it refuses its settings.
    """
    sources: list[Source] = [EnvironmentSource(environ)]
    if (back_end := back_end_of(settings)) is not None:
        sources.append(back_end)
    store = _LateStore(settings, environ)
    return ProjectVault((*sources, store), store.unseal)


def back_end_of(settings: Settings) -> Source | None:
    """The back end that the settings name, None where they name none.

    Raises:
        UsageError: there is no such back end, or it refuses its settings.
    """
    table = settings.keys.secrets
    if not table:
        return None
    name = table.get("backend")
    if name is None:
        raise UsageError('[tool.segue.secrets] names no back end: write backend = "file", or leave the table out')
    if name == "file":
        return FileSource(settings.root / Path(table.get("path", _DEFAULT_FILE)).expanduser(), settings.root)
    found = entry_points(group=GROUP, name=name)
    if not found:
        known = ", ".join(sorted({"file", *(one.name for one in entry_points(group=GROUP))}))
        raise UsageError(
            f"[tool.segue.secrets] backend = {name!r} is not installed; there are: {known}. A back end is a package "
            f"with an entry point in the group {GROUP}"
        )
    try:
        return _Foreign(name, next(iter(found)).load()(dict(table)))
    except Exception as why:
        raise UsageError(f"the secrets back end {name!r} cannot be used: {type(why).__qualname__}: {why}") from why


class _Foreign:
    """A back end of somebody else: whatever it raises says only that it is down."""

    def __init__(self, name: str, back_end: Any) -> None:
        self.place, self._back_end = f"the back end {name!r}", back_end

    def find(self, kind: SecretKind, name: str) -> str | None:
        try:
            value = self._back_end.find(kind, name)
        except Exception as why:
            raise VaultDown(f"{self.place} does not answer: {type(why).__qualname__}") from why
        if value is not None and not isinstance(value, str):
            raise VaultDown(f"{self.place} gave no text for {kind} {name}")
        return value


class _Opened(Source, Protocol):
    def unseal(self, name: str, sealed: bytes) -> str: ...


class _Sealed(Protocol):
    def open_store(self, settings: Settings, environ: Mapping[str, str]) -> _Opened: ...


class _LateStore:
    """The encrypted store; its cipher is imported with the first look-up that comes so far."""

    place = "the encrypted store"

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings, self._environ = settings, environ

    def find(self, kind: SecretKind, name: str) -> str | None:
        return self._opened().find(kind, name)

    def unseal(self, name: str, sealed: bytes) -> str:
        return self._opened().unseal(name, sealed)

    def _opened(self) -> _Opened:
        store = cast(_Sealed, importlib.import_module("segue.app.vault_store"))
        return store.open_store(self._settings, self._environ)
