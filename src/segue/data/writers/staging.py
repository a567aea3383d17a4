"""Writers publish in one step: first everything is written where no reader looks, then it becomes visible at once.

Between the two there is room for checks and for a guard (a held update is seen by nobody). Whoever is killed leaves
the old data or the new, never half of it.

What is staged lies beside its target, in `.<name>.staged`: on the same disk, and not below it, because readers that
take a whole folder stumble over anything in it that is no data. Names carry the digest of what they hold, and the mark
of the attempt that wrote them, so that one attempt never removes what another one may yet publish. A file that is
still being written is locked by its writer; one without a lock belonged to a writer that died, and the next one
removes it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from hashlib import file_digest
from itertools import count
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast
from urllib.parse import quote

import msgspec

from segue.data.files import make_folders, sync_folder

__all__ = [
    "Note",
    "PartitionNote",
    "RowsNote",
    "Staged",
    "Step",
    "Writer",
    "digest_of_file",
    "is_staging_folder",
    "pass_by",
    "safe_name",
    "stage_file",
    "staging_folder",
]

Step = Callable[[str], None]
"""Called by a writer at each of its steps, with the step's name, so that a test can kill it there."""


class PartitionNote(msgspec.Struct, frozen=True, gc=False, tag="partition"):
    """A staged Parquet partition, in words that another process understands."""

    staged: str
    target: str
    rows: int
    digest: bytes

    @property
    def place(self) -> str:
        """Where it belongs, for people."""
        return self.target

    def replaces(self) -> object:
        """What it replaces whole, so that of two in one attempt only the last counts."""
        return self.target


class RowsNote(msgspec.Struct, frozen=True, gc=False, tag="rows"):
    """Staged rows of a DuckDB table; `where` is encoded, `keys` are those of a merge."""

    staged: str
    database: str
    table: str
    where: bytes
    keys: tuple[str, ...]
    create: bool
    patience: float
    rows: int

    @property
    def place(self) -> str:
        """Where it belongs, for people."""
        return f"{self.table} in {self.database}"

    def replaces(self) -> object:
        """What it replaces whole; None for a merge, which adds to the one before."""
        return None if self.keys else (self.database, self.table, self.where)


Note = PartitionNote | RowsNote


class Staged(Protocol):
    """Data that is written and not yet visible."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    def note(self) -> Note:
        """Say what it is. Raises `ValueError` where it lives in this process only."""

    def publish(self) -> int:
        """Make it visible in one step and answer the number of rows; a second time changes nothing."""

    def discard(self) -> None:
        """Remove it; readers go on seeing what they saw."""


class Writer(Protocol):
    """Writes a table (pandas, polars or Arrow) to one place; to write the same twice is to write it once."""

    @property
    def folder(self) -> Path:
        """Where it stages."""

    def stage(self, table: object, mark: str = "") -> Staged:
        """Write it where no reader looks; `mark` is that of the attempt, part of the staged file's name."""


def pass_by(step: str) -> None:
    """The step of production: nothing happens."""


def staging_folder(target: Path) -> Path:
    """The folder beside a target in which its writers stage."""
    return target.with_name(f".{target.name}.staged")


def is_staging_folder(folder: Path) -> bool:
    """Whether a folder's name is that of one in which writers stage."""
    return folder.name.startswith(".") and folder.name.endswith(".staged")


def safe_name(text: str) -> str:
    """Escape text to the name of a file. Raises `ValueError` where it is empty or longer than 180 characters."""
    escaped = quote(text, safe=" @+,")
    if not escaped or len(escaped) > 180:
        raise ValueError(f"{text[:60]!r} cannot name a partition: between 1 and 180 characters are needed")
    return escaped


def stage_file(
    folder: Path, name: str, ending: str, fill: Callable[[BinaryIO], None], step: Step
) -> tuple[Path, bytes]:
    """Write a file, durably, and answer its path `<folder>/<name>.<digest>.<ending>` and digest.

    What writers of the same name left half written is removed.
    """
    make_folders(folder)
    _remove_orphans(folder, name)
    with _locked(folder, name) as file:
        step("writing")
        try:
            fill(cast("BinaryIO", file))
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink()
            raise
        step("written")
        file.seek(0)
        digest = digest_of_file(file)
        staged = folder / f"{name}.{digest.hex()}.{ending}"
        Path(file.name).replace(staged)
    sync_folder(folder)
    step("staged")
    return staged, digest


def digest_of_file(file: IO[bytes]) -> bytes:
    """The digest of what an open file holds from here on."""
    return file_digest(file, "blake2b").digest()[:16]  # type: ignore[arg-type]


def _locked(folder: Path, name: str) -> IO[bytes]:
    """Create a file that says that its writer is alive: it is locked until it is closed, however that happens."""
    for number in count():
        path = folder / f"{name}.{os.getpid()}-{number}.writing"
        try:
            file = path.open("x+b")
        except FileExistsError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file.fileno()).st_nlink:
                return file
        except BlockingIOError:
            pass
        file.close()  # taken for an orphan between the two calls
    raise AssertionError("numbers do not end")


def _remove_orphans(folder: Path, name: str) -> None:
    for path in folder.glob(f"{name}.*.writing"):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except (FileNotFoundError, BlockingIOError):
            continue
