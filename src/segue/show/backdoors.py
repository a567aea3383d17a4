"""Doors of acts: to what an act needs beside the owner. A server that has none of it leaves them closed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, NoReturn, Protocol

from segue.model.access import Subject
from segue.model.acts import Deploy, SecretKind, SetSecret
from segue.model.api.outcomes import DagChange, KnownName
from segue.model.errors import EnvironmentFault
from segue.model.ids import Instant
from segue.store.access.book import Claim

__all__ = [
    "CLOSED", "Channels", "Closed", "Deployer", "Deployment", "House", "OpenClaims", "OpenRequests", "Safe", "Upload",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class House:
    """What the settings say, as far as acts have to know.

    Args:
        zone: in which moments are read.
        workers: attempts at once.
        reserve: of them, and of every pool's slots, kept free of backfills.
        results: microseconds for which results are kept.
    """

    zone: str = "UTC"
    workers: int = 4
    reserve: int = 1
    results: int = 14 * 86_400_000_000


class Safe(Protocol):
    """Encrypts. Nothing comes back out of it."""

    def sealed(self, kind: SecretKind, name: str, value: str) -> AbstractContextManager[SetSecret]:
        """What asks for it that a value is kept; no key is turned before the block ends.

        Raises:
            UsageError: no name, no address, or too short to be hidden in logs.
            VaultDown: the key cannot be used.
        """
        ...

    def seal_param(self, name: str, value: object) -> bytes:
        """Encrypt the value of a secret param.

        Raises:
            UsageError: too short to be hidden in logs.
            VaultDown: the key cannot be used.
        """
        ...

    def names(self, kind: SecretKind) -> Sequence[KnownName]:
        """The names that are known without asking a back end, in the order in which places are asked.

        Raises:
            VaultDown: a place cannot be read.
        """
        ...

    def test(self, connection: str) -> str:
        """Connect to where a connection leads; a sentence of what was done, without any secret.

        Raises:
            UnknownName: no place has it.
            Refused: it cannot be reached.
        """
        ...


class Channels(Protocol):
    """Sends letters to where alerts go."""

    def test(self, names: Sequence[str], actor: str) -> Sequence[tuple[str, str]]:
        """Send a letter to channels, all where none is named: each with what went wrong, empty where it has arrived.

        Raises:
            UsageError: there is no such channel, or none at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """An archive that came in.

    Args:
        archive: the file; whoever made it removes it.
        location: the location that it becomes, empty for the default one.
        paths: folders or files in it that hold DAGs; none: all of it.
        label: kept with it.
    """

    archive: Path
    location: str
    paths: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """What taking an upload would change, and what asks for it.

    Args:
        name: of what was sent: the same archive has the same.
        changes: DAG by DAG.
        subjects: the DAGs, old and new, on which whoever deploys needs the role.
        act: asks for it.
        asks: what would catch up so much that a person is asked, in words.
    """

    name: str
    changes: tuple[DagChange, ...]
    subjects: tuple[Subject, ...]
    act: Deploy
    asks: tuple[str, ...] = ()


class Deployer(Protocol):
    """Opens uploads, and has them read by the definition child."""

    def opened(self, upload: Upload) -> AbstractContextManager[Deployment]:
        """Unpack and read an upload; what nobody has taken is removed when the block ends.

        Raises:
            UsageError: it is no archive, too large, or holds what must not be unpacked.
            DefinitionError: a file cannot be read.
        """
        ...


class Closed:
    """A door that this server does not have."""

    def sealed(self, kind: SecretKind, name: str, value: str) -> AbstractContextManager[SetSecret]:
        """See `Safe`."""
        return _shut()

    def seal_param(self, name: str, value: object) -> bytes:
        """See `Safe`."""
        _shut()

    def names(self, kind: SecretKind) -> Sequence[KnownName]:
        """See `Safe`."""
        _shut()

    def test(self, connection: object, actor: str = "") -> NoReturn:
        """See `Safe` and `Channels`."""
        _shut()

    def opened(self, upload: Upload) -> AbstractContextManager[Deployment]:
        """See `Deployer`."""
        return _shut()


def _shut() -> NoReturn:
    raise EnvironmentFault("this server cannot do that: ask where the scheduler runs")


CLOSED: Final = Closed()

_MOST: Final = 10_000


class OpenRequests:
    """Requests that were not answered in time, and who asked; a store need not know them yet. Safe in threads."""

    def __init__(self) -> None:
        self._lock, self._asked = Lock(), dict[str, tuple[str, str]]()

    def note(self, request: str, actor: str, what: str) -> None:
        """Somebody waits for this answer."""
        with self._lock:
            self._asked[request] = (actor, what)
            while len(self._asked) > _MOST:
                del self._asked[next(iter(self._asked))]

    def find(self, request: str) -> tuple[str, str] | None:
        """Who asked for what."""
        with self._lock:
            return self._asked.get(request)


class OpenClaims:
    """What keys were used for, as long as this process lives; see `Claims`. Safe in threads."""

    def __init__(self) -> None:
        self._lock, self._claims = Lock(), dict[str, Claim]()

    def claim(self, key: str, digest: bytes, now: Instant) -> Claim:
        """What a key was used for first, which may be this."""
        with self._lock:
            return self._claims.setdefault(key, Claim(digest, now))

    def settle(self, key: str, status: int, answer: str) -> None:
        """Keep the answer."""
        with self._lock:
            if (claim := self._claims.get(key)) is not None:
                self._claims[key] = Claim(claim.digest, claim.at, status, answer)

    def release(self, key: str) -> None:
        """Forget it, where there is no answer yet."""
        with self._lock:
            if key in self._claims and not self._claims[key].status:
                del self._claims[key]
