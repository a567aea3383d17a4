"""The unpacking child: nobody else understands an archive that was sent from afar.

It takes an archive and an empty folder, unpacks plain files below that folder and nowhere else, and says in one line
why not. Time, memory and the size of a file are limited, and it dies with whoever waits for it.
"""

from __future__ import annotations

import gzip
import resource
import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final
from zlib import error as ZlibError

from segue.define.bundle import MAX_BYTES, MAX_FILES
from segue.model.errors import UsageError
from segue.run.children.lifeline import die_with_parent, dump_no_core

__all__ = ["REFUSED", "check_size", "main", "place_in", "unpack"]

REFUSED: Final = 2
"""Exit code: the archive is refused, with the reason on standard output."""

_HEADS: Final = 2_048 * MAX_FILES  # bytes that a tar has beside the files themselves
_LONGEST_NAME: Final = 500
_CHUNK: Final = 1024 * 1024
_SECONDS: Final = 60  # of processor
_MEMORY: Final = 1024**3


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive (tar, also gzipped) into a new folder: files only, and only below it.

    Raises:
        UsageError: it is no archive, is too large, or holds a link, a device or a name that leads out of the folder.
    """
    with _uncompressed(archive) as plain:
        try:
            with tarfile.open(fileobj=plain, mode="r:") as members:
                total = 0
                for count, member in enumerate(members, 1):
                    if member.isdir():
                        place_in(folder, member.name).mkdir(parents=True, exist_ok=True)
                        check_size(total, count)
                        continue
                    if not member.isreg() or member.issparse():
                        raise UsageError(f"the archive holds {member.name[:200]!r}, which is no plain file")
                    total += member.size
                    check_size(total, count)
                    _write(members, member, place_in(folder, member.name))
        except (tarfile.TarError, EOFError, ValueError) as why:
            raise UsageError(f"what was sent is no tar archive: {why}") from None
        except OSError as why:
            raise UsageError(f"the archive cannot be unpacked: {why.strerror or why}") from None


@contextmanager
def _uncompressed(archive: Path) -> Iterator[BinaryIO]:
    """The archive, plain: one that grows beyond what is taken is refused before anything of it is understood."""
    with archive.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            file.seek(0)
            yield file
            return
        file.seek(0)
        plain = archive.with_name(f"{archive.name}.plain")
        with gzip.open(file, "rb") as source, plain.open("w+b") as target:
            try:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    if target.tell() > MAX_BYTES + _HEADS:
                        raise UsageError(
                            f"the archive unpacks to more than {MAX_BYTES / 1e6:.0f} MB, which is the most"
                        )
            except (OSError, EOFError, ZlibError) as why:
                raise UsageError(f"what was sent is no gzipped archive: {why}") from None
            target.seek(0)
            yield target


def place_in(folder: Path, name: str) -> Path:
    """Where a member of an archive comes to lie.

    Raises:
        UsageError: its name leads out of the folder, or is none.
    """
    parts = PurePosixPath(name).parts
    odd = not name or len(name) > _LONGEST_NAME or name.startswith("/") or ".." in parts or "\\" in name
    if odd or not name.isprintable():
        raise UsageError(f"the archive holds {name[:200]!r}, which is no name of a file below its folder")
    return folder.joinpath(*parts)


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    source = members.extractfile(member)
    assert source is not None, "it is a plain file"
    with source, place.open("xb") as target:
        place.chmod(0o700 if member.mode & 0o100 else 0o600)
        shutil.copyfileobj(source, target, _CHUNK)


def check_size(total: int, count: int) -> None:
    """Refuse what is more than a bundle may be.

    Args:
        total: bytes.
        count: files.

    Raises:
        UsageError: it is more.
    """
    if total > MAX_BYTES:
        raise UsageError(f"the bundle has more than {MAX_BYTES / 1e6:.0f} MB, which is the most: leave data out of it")
    if count > MAX_FILES:
        raise UsageError(f"the bundle has more than {MAX_FILES:,} files, which is the most")


def main(parent: int, archive: Path, folder: Path) -> int:
    """Unpack within limits; gives the exit code.

    Args:
        parent: process id of whoever waits.
        archive: what was sent.
        folder: a new one.
    """
    die_with_parent(parent)
    dump_no_core()
    for kind, most in (
        (resource.RLIMIT_CPU, _SECONDS), (resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_FSIZE, MAX_BYTES + _HEADS),
    ):  # fmt: skip
        resource.setrlimit(kind, (most, most))
    try:
        unpack(archive, folder)
    except UsageError as why:
        sys.stdout.write(str(why))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
