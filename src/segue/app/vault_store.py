"""The encrypted store: values in the database, their key elsewhere.

Values are encrypted and decrypted in the process that has them; a running owner is sent ciphertext.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from segue.app.database import database_of, open_reader
from segue.app.errands import run_errands
from segue.app.home import Home
from segue.app.settings import Settings
from segue.app.vault_keys import VARIABLE, KeyPlace, Keyring, SealedKind
from segue.model.acts import SecretKind, SetSecret
from segue.model.address import Address, check_maskable
from segue.model.errors import Refused, UsageError, VaultDown
from segue.model.views import SealedRow

__all__ = [
    "Rotated",
    "SealedStore",
    "check_name",
    "check_value",
    "keep",
    "open_store",
    "remove",
    "rotate",
    "rows",
    "seal_param",
    "sealed",
]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}")
_KINDS: Final[tuple[SecretKind, ...]] = ("connection", "secret")


class _SealedReader(Protocol):
    """What is read of a store."""

    def sealed(self, kind: SecretKind, name: str) -> bytes | None:
        """The ciphertext of a name."""
        ...

    def sealed_rows(self, kind: SecretKind) -> Sequence[SealedRow]:
        """All of a kind, in order of name."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


# --------------------------------------------------------------------------------------------------------- the source
class SealedStore:
    """The values in the database.

    Args:
        open_reader: opens the store for reading, None where there is no store yet.
        keys: gives the keys, None where there are none.
        where: names the place of the keys.
    """

    place = "the encrypted store"

    def __init__(
        self, open_reader: Callable[[], _SealedReader | None], keys: Callable[[], Keyring | None], where: str
    ) -> None:
        self._open_reader, self._keys, self._where = open_reader, keys, where

    def find(self, kind: SecretKind, name: str) -> str | None:
        """The value of that name.

        Raises:
            VaultDown: the key is missing, or does not fit.
        """
        reader = self._open_reader()
        if reader is None:
            return None
        try:
            sealed = reader.sealed(kind, name)
        finally:
            reader.close()
        return None if sealed is None else self._open(kind, name, sealed)

    def unseal(self, name: str, sealed: bytes) -> str:
        """The value of a secret param.

        Raises:
            VaultDown: the key is missing, or does not fit.
        """
        return self._open("param", name, sealed)

    def _open(self, kind: SealedKind, name: str, sealed: bytes) -> str:
        ring = self._keys()
        if ring is None:
            raise VaultDown(f"{kind} {name} is encrypted and its key is gone: bring {self._where} back from a copy")
        return ring.open(kind, name, sealed)


def open_store(settings: Settings, environ: Mapping[str, str]) -> SealedStore:
    """The encrypted store of a home."""
    database, keys = database_of(Home(settings.real_home)), KeyPlace(settings.real_home, environ)

    def reader() -> _SealedReader | None:
        return database.reader() if database.exists() else None

    return SealedStore(reader, keys.ring, f"{keys.file} (or {VARIABLE})")


@contextmanager
def _reading(settings: Settings) -> Iterator[_SealedReader | None]:
    with open_reader(Home(settings.real_home)) as reader:
        yield reader


# ------------------------------------------------------------------------------------------------------------ keeping
@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: how many values have the new key, its name."""

    values: int
    key: str


def rows(settings: Settings, kind: SecretKind) -> list[SealedRow]:
    """What the store keeps of a kind, in order of name; never a value."""
    with _reading(settings) as reader:
        return [] if reader is None else list(reader.sealed_rows(kind))


def keep(settings: Settings, kind: SecretKind, name: str, value: str, warn: Callable[[str], None]) -> str:
    """Encrypt a value and keep it; what was kept under its name is replaced. Gives a sentence.

    Raises:
        UsageError: no name, no address, or too short to be hidden in logs.
        VaultDown: the key cannot be used.
    """
    with sealed(settings, kind, name, value) as act:
        [said] = run_errands(settings, [act], warn)
    return said


@contextmanager
def sealed(settings: Settings, kind: SecretKind, name: str, value: str) -> Iterator[SetSecret]:
    """What asks for it that a value is kept; no key is turned before the block ends.

    Raises:
        UsageError: no name, no address, or too short to be hidden in logs.
        VaultDown: the key cannot be used.
    """
    check_name(kind, name)
    check_value(kind, name, value)
    keys = KeyPlace(settings.real_home, os.environ)
    with keys.locked():
        ring = keys.made()
        yield SetSecret(kind, name, ring.seal(kind, name, value), ring.newest)


def seal_param(settings: Settings, name: str, value: object) -> bytes:
    """Encrypt the value of a secret param of a run that is to be made.

    Raises:
        UsageError: too short to be hidden in logs.
        VaultDown: the key cannot be used.
    """
    text = msgspec.json.encode(value).decode()
    check_maskable(f"param {name}", (value if isinstance(value, str) else text,))
    keys = KeyPlace(settings.real_home, os.environ)
    with keys.locked():
        return keys.made().seal("param", name, text)


def remove(settings: Settings, kind: SecretKind, name: str, warn: Callable[[str], None]) -> str:
    """Forget what is kept under a name.

    Raises:
        Refused: nothing is.
    """
    if not any(row.name == name for row in rows(settings, kind)):
        raise Refused(f"the encrypted store has no {kind} {name!r}; it removes only what it keeps itself")
    [said] = run_errands(settings, [SetSecret(kind, name, None)], warn)
    return said


def rotate(settings: Settings, warn: Callable[[str], None]) -> Rotated:
    """Encrypt everything with a new key, and drop the old ones when nothing uses them any more.

    Secret params of runs that were made before cannot be read any more. A crash in between leaves both keys, and every
    value readable. Of keys in the variable the caller puts the new one first; then only the values are encrypted anew.

    Raises:
        VaultDown: a value does not open with the keys at hand; nothing was changed.
        UsageError: the variable holds one key only.
    """
    keys = KeyPlace(settings.real_home, os.environ)
    with keys.locked():
        old = keys.made()
        found = [(kind, row) for kind in _KINDS for row in rows(settings, kind)]
        texts = [old.open(kind, row.name, row.sealed) for kind, row in found]
        if not keys.given:
            keys.turn()
        elif len(old.ids) < 2:
            raise UsageError(f"{VARIABLE} holds one key: put a new one before it, `NEW,OLD`, and rotate again")
        ring = keys.made()
        acts = [
            SetSecret(kind, row.name, ring.seal(kind, row.name, text), ring.newest, was=row.sealed)
            for (kind, row), text in zip(found, texts, strict=True)
        ]
        run_errands(settings, acts, warn)
        if not keys.given:
            keys.drop_old()
    return Rotated(len(acts), ring.newest)


def check_name(kind: SecretKind, name: str) -> None:
    """Refuse what no task could name.

    Raises:
        UsageError: it is no name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a {kind}: letters, digits, `_`, `.` and `-`, a letter first")


def check_value(kind: SecretKind, name: str, value: str) -> None:
    """Refuse what cannot be kept secret.

    Raises:
        UsageError: it is empty, no address, or too short to be hidden in logs.
    """
    if not value:
        raise UsageError(f"{kind} {name} is empty")
    if kind == "connection":
        check_maskable(f"the password of connection {name}", Address.of(value).secrets)
    else:
        check_maskable(f"secret {name}", (value,))
