"""What the watcher knew of the DAG files when it saw them last, so that a start reads only what has changed since."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from segue.app.asking import values_of
from segue.app.settings import Settings
from segue.model.version import VERSION

__all__ = ["Declared", "Mark", "Seen", "Unread", "load_seen", "mark_of", "save_seen", "stamp_of"]

Mark: TypeAlias = tuple[int, int, int, int]
"""Size, times of content and inode, and the inode of a file: another one where its content may be another."""

_FILE: Final = "files.seen"
_FLEETING: Final = ("SSH_", "TERM", "PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "WINDOWID", "SEGUE_HOME")


class Declared(msgspec.Struct):
    """What is known about one DAG file.

    Args:
        root: of its project, absolute.
        name: of the file, relative to it.
        ids: the DAGs that it declares, as far as it could be read.
        imports: the files that it reaches.
        bundle: that its definitions carry.
        definitions: encoded, to be told anew with another bundle.
        whole: it was read without an error.
        fault: what is wrong with it, where it was not.
    """

    root: str
    name: str
    ids: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    bundle: str = ""
    definitions: bytes = b""
    whole: bool = False
    fault: str = ""


class Seen(msgspec.Struct):
    """The DAG files by path, and the marks of all files that matter.

    Args:
        stamp: of what reading them depends on besides.
    """

    stamp: str = ""
    files: dict[str, Declared] = {}
    marks: dict[str, Mark] = {}


class _Fault(msgspec.Struct):
    name: str
    ids: frozenset[str] = frozenset()
    fault: str = ""


class _Faults(msgspec.Struct):
    """What `Unread` looks at of all that is kept."""

    files: dict[str, _Fault] = {}


class Unread:
    """The DAG files of a home that could not be read and declare no DAG that is known: nobody else tells of them.

    Args:
        home: the folder.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / _FILE
        self._found: tuple[Mark | None, Sequence[tuple[str, str]]] = (None, ())

    def __call__(self) -> Sequence[tuple[str, str]]:
        """Their names, and what is wrong; may be asked from any thread."""
        mark = mark_of(self._file)
        if mark != self._found[0]:
            self._found = mark, self._read()
        return self._found[1]

    def _read(self) -> Sequence[tuple[str, str]]:
        try:
            files = msgspec.msgpack.decode(self._file.read_bytes(), type=_Faults).files
        except (OSError, msgspec.MsgspecError):
            return ()
        return tuple((one.name, one.fault) for _, one in sorted(files.items()) if one.fault and not one.ids)


def mark_of(path: Path) -> Mark | None:
    """The mark of a file, None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def stamp_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """The digest of what a DAG file may depend on besides files: versions, the interpreter, arguments, environment."""
    around = {name: value for name, value in environ.items() if not name.startswith(_FLEETING)}
    what = (VERSION, sys.version, values_of(settings.envs, settings.env), settings.locations, around)
    return blake2b(msgspec.msgpack.encode(what, enc_hook=str, order="deterministic"), digest_size=16).hexdigest()


def load_seen(home: Path, stamp: str) -> Seen:
    """What was known last; nothing where the stamp is another."""
    try:
        seen = msgspec.msgpack.decode((home / _FILE).read_bytes(), type=Seen)
    except (OSError, msgspec.MsgspecError):
        return Seen(stamp)
    return seen if seen.stamp == stamp else Seen(stamp)


def save_seen(home: Path, seen: Seen) -> None:
    """Keep it; without it the next start reads all files, so a full disk is no trouble."""
    fresh = home / f".{_FILE}-{os.getpid()}"
    with suppress(OSError):
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.msgpack.encode(seen))
        fresh.replace(home / _FILE)
