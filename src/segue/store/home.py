"""The home: the folder that holds the database, and the lock that makes one process its owner.

SQLite's locks and its shared memory do not work across machines, so a home on a network filesystem would lose data
silently. It is refused by name of the filesystem, before anything is written.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from segue.model.errors import HomeBusy, HomeUnusable
from segue.model.ids import Instant

__all__ = [
    "DATABASE",
    "LOCK",
    "Owner",
    "OwnerFacts",
    "check_home",
    "filesystem_of",
    "filesystem_trouble",
    "owner_of",
    "take_home",
]

DATABASE: Final = "segue.db"
"""Name of the database file in the home."""

LOCK: Final = "owner.lock"
"""Name of the file that the owner of a home holds a lock on."""

_FACTS: Final = "owner.json"
_REFUSED: Final = re.compile(r"nfs\d?|cifs|smb\d?|smbfs|fuse(\..+)?|fuseblk|afs|ceph|glusterfs|lustre|gpfs|9fs|davfs")
_WARNED: Final = {
    "overlay": "the upper layer of a container: it goes when the container goes, mount a volume",
    "9p": "shared with another machine: its locks are not to be trusted, use a disk of this machine's own",
}
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def filesystem_of(path: Path) -> str:
    """The type of the filesystem that a folder lies on, as the kernel names it; empty where that is not known.

    Args:
        path: an existing folder.
    """
    try:
        mounts = Path("/proc/self/mounts").read_text()
    except OSError:
        return ""
    place, best, found = path.resolve(), -1, ""
    for line in mounts.splitlines():
        _, at, kind, *_ = line.split(" ")
        where = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), at))
        # Of two mounts on one folder the later one is seen.
        if place.is_relative_to(where) and len(where.parts) >= best:
            best, found = len(where.parts), kind
    return found


def filesystem_trouble(kind: str) -> tuple[bool, str]:
    """Whether a filesystem of this type is refused, and what to be warned of where it is not."""
    return bool(_REFUSED.fullmatch(kind)), _WARNED.get(kind, "")


def check_home(home: Path, filesystem: Callable[[Path], str] = filesystem_of) -> tuple[str, ...]:
    """Make a home where there is none, and prove that it can carry a database.

    Args:
        home: the folder; made with mode 0700.
        filesystem: tells the type of the filesystem of a folder.

    Returns:
        Warnings, a sentence each.

    Raises:
        HomeUnusable: it is no folder, cannot be written, or lies on a network filesystem.
    """
    elsewhere = "name another folder with SEGUE_HOME=…"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise HomeUnusable(f"home {home} is a file, not a folder: {elsewhere}") from None
    except OSError as error:
        raise HomeUnusable(f"home {home} cannot be made ({error.strerror}): {elsewhere}") from error
    kind = filesystem(home)
    refused, warned = filesystem_trouble(kind)
    if refused:
        raise HomeUnusable(f"home {home} lies on a {kind} filesystem, where a database gets damaged: {elsewhere}")
    probe = home / f".probe-{os.getpid()}"
    try:
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise HomeUnusable(f"home {home} cannot be written ({error.strerror}): {elsewhere}") from error
    doubts = [f"home {home} lies on {kind}, {warned}"] if warned else []
    if home.stat().st_mode & 0o077:
        doubts.append(f"home {home} is open to other users of this machine: close it with `chmod 700 {home}`")
    return tuple(doubts)


class OwnerFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `owner.json` says about the owner of a home.

    Args:
        pid: its process.
        kind: `run`, `up`, `dev`: whether others may hand it work.
        started: when it took the home.
        instance: of the database it opened; another one there means that the file was copied by hand.
        socket: its control socket, where that is not `owner.sock` in the home.
    """

    pid: int
    kind: str
    started: Instant
    instance: str = ""
    socket: str = ""


class Owner:
    """Holds a home until it is closed or its process and all that inherited the lock are gone."""

    def __init__(self, home: Path, lock: int, facts: OwnerFacts) -> None:
        self.home, self.facts = home, facts
        self._lock = lock
        self.tell(facts)

    def tell(self, facts: OwnerFacts) -> None:
        """Say more about oneself: the file is replaced whole."""
        self.facts = facts
        fresh = self.home / f".{_FACTS}-{facts.pid}"
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.json.encode(facts))
        fresh.replace(self.home / _FACTS)

    def fileno(self) -> int:
        """The lock's descriptor, for a child that is to hold it too."""
        return self._lock

    def close(self) -> None:
        """Give the home up."""
        (self.home / _FACTS).unlink(missing_ok=True)
        os.close(self._lock)

    def __enter__(self) -> Owner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def owner_of(home: Path) -> OwnerFacts | None:
    """What the owner of a home says about itself, None where it has said nothing readable."""
    try:
        return msgspec.json.decode((home / _FACTS).read_bytes(), type=OwnerFacts)
    except (OSError, msgspec.MsgspecError):
        return None


def take_home(home: Path, facts: OwnerFacts) -> Owner:
    """Become the owner of a home.

    Args:
        home: a folder that `check_home` has passed.
        facts: what others are told.

    Raises:
        HomeBusy: another owner holds it; its pid is named.
    """
    lock = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        other = owner_of(home)
        who = f"{other.kind!r}, process {other.pid}" if other else "another process"
        stop = f"stop it with Ctrl-C or `kill {other.pid}`" if other else "stop it"
        why = f"home {home} is owned by {who}: wait for its end, or {stop}"
        raise HomeBusy(why, other.pid if other else 0) from None
    return Owner(home, lock, facts)
