"""The keys of the encrypted store, and what they do.

A sealed value is the name of a key and a Fernet token (AES-128-CBC with HMAC-SHA-256) over kind, name and value, so
that a row moved to another name does not open. The newest key encrypts, all of them decrypt.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from segue.model.acts import SecretKind
from segue.model.errors import VaultDown

__all__ = ["KEY_FILE", "VARIABLE", "KeyPlace", "Keyring", "SealedKind"]

SealedKind: TypeAlias = SecretKind | Literal["param"]

KEY_FILE: Final = "secret.key"
VARIABLE: Final = "SEGUE_SECRET_KEY"
_VARIETY: Final = 12  # different bytes of 32; a random key has fewer once in 10**13
_ID: Final = 8  # characters


class _Text(msgspec.Struct, array_like=True):
    kind: str
    name: str
    value: str


_decoder = msgspec.msgpack.Decoder(_Text)


class Keyring:
    """The keys at hand, the newest first.

    Args:
        keys: as Fernet writes them: 32 bytes in URL-safe base64.
        place: where they came from, for messages.

    Raises:
        VaultDown: one is no key, or a placeholder.
    """

    def __init__(self, keys: Sequence[bytes], place: str) -> None:
        self._place = place
        for key in keys:
            _check_key(key, place)
        self._keys = {_id(key): Fernet(key) for key in keys}

    @property
    def newest(self) -> str:
        """The name of the key that encrypts."""
        return next(iter(self._keys))

    @property
    def ids(self) -> frozenset[str]:
        """The names of all keys."""
        return frozenset(self._keys)

    def seal(self, kind: SealedKind, name: str, value: str) -> bytes:
        """Encrypt a value."""
        token = self._keys[self.newest].encrypt(msgspec.msgpack.encode(_Text(kind, name, value)))
        return self.newest.encode() + token

    def open(self, kind: SealedKind, name: str, sealed: bytes) -> str:
        """Decrypt a value.

        Raises:
            VaultDown: no key at hand fits, or the row is not what was stored under this name.
        """
        key = sealed[:_ID].decode("ascii", "replace")
        cipher = self._keys.get(key)
        if cipher is None:
            raise VaultDown(
                f"{kind} {name} is encrypted with key {key}, {self._place} holds {', '.join(self._keys)}: bring that "
                f"key back, or set the {kind} again"
            )
        try:
            text = _decoder.decode(cipher.decrypt(sealed[_ID:]))
        except (InvalidToken, msgspec.MsgspecError):
            raise VaultDown(f"{kind} {name} does not decrypt with key {key}: its row is damaged, set again") from None
        if (text.kind, text.name) != (kind, name):
            raise VaultDown(f"the row of {kind} {name} holds {text.kind} {text.name}: set both again")
        return text.value


def _id(key: bytes) -> str:
    return blake2b(key, digest_size=_ID // 2).hexdigest()


def _check_key(key: bytes, place: str) -> None:
    way = "make one with `segue secret rotate`, or take 32 random bytes in URL-safe base64"
    try:
        Fernet(key)
        raw = base64.urlsafe_b64decode(key)
    except ValueError:
        raise VaultDown(f"{place} holds no key: {way}") from None
    if len(set(raw)) < _VARIETY or (raw.isascii() and raw.decode().isprintable()):
        raise VaultDown(f"{place} holds a placeholder, not a random key: {way}")


# ------------------------------------------------------------------------------------------------------ where keys lie
@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the keys lie: in the variable `SEGUE_SECRET_KEY`, else in a file of the home.

    Args:
        home: the folder.
        environ: the environment.
    """

    home: Path
    environ: Mapping[str, str]

    @property
    def file(self) -> Path:
        """The file of the keys, the newest first."""
        return self.home / KEY_FILE

    @property
    def given(self) -> str:
        """What the variable holds."""
        return self.environ.get(VARIABLE, "")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone with the keys: nothing is encrypted with a key that is being dropped."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.home / "secret.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def ring(self) -> Keyring | None:
        """The keys, None where there are none yet."""
        if self.given:
            return Keyring([one.encode() for one in re.split(r"[\s,]+", self.given) if one], VARIABLE)
        try:
            with self.file.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                keys = file.read().split()
        except FileNotFoundError:
            return None
        except OSError as why:
            raise VaultDown(f"the key {self.file} cannot be read: {why.strerror}") from None
        if mode & 0o077:
            raise VaultDown(f"the key {self.file} is open to others (mode {mode:04o}): `chmod 600 {self.file}`")
        if not keys:
            raise VaultDown(f"the key {self.file} is empty: bring it back from a copy")
        return Keyring(keys, str(self.file))

    def made(self) -> Keyring:
        """The keys, the first one made where there is none; call it `locked`."""
        found = self.ring()
        if found is None:
            self._write([Fernet.generate_key()])
            found = self.ring()
            assert found is not None
        return found

    def turn(self) -> None:
        """Put a new key before the others."""
        self._write([Fernet.generate_key(), *self.file.read_bytes().split()])

    def drop_old(self) -> None:
        """Keep the newest key only."""
        self._write(self.file.read_bytes().split()[:1])

    def _write(self, keys: Sequence[bytes]) -> None:
        """Whole or not at all."""
        beside = self.file.with_name(f".{KEY_FILE}.new")
        try:
            beside.unlink(missing_ok=True)
            fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(b"\n".join(keys) + b"\n")
                file.flush()
                os.fsync(fd)
            beside.replace(self.file)
        except OSError as why:
            raise VaultDown(f"the key {self.file} cannot be written: {why.strerror}") from None
