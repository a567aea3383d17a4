"""What the writers of one attempt have staged, and its publication.

Outside of an attempt a writer stages and publishes at once. Inside of one it stages, and everything is published when
the attempt has succeeded: in the order of the calls, the last call where several replaced the same thing. So code that
reads a table right after writing it, in the same task, sees the old one.

Each publication is one step; all of them together are not. Who is killed between two leaves the first tables new and
the others old, until the next attempt, which writes all of them again. Where a guard holds what was made, its
*description* is kept, a few strings without code, and an attempt of kind *publish* publishes it in another process,
from the first to the last; those that were published before do not change.

Which attempt code runs in is a matter of the process, not of the thread: tasks write from threads of their own too. A
process that the task forks is outside of the attempt, its writers publish at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Final, Self

import msgspec

from segue.data.storage import Storage, digest_of
from segue.data.writers.staging import Note, PartitionNote, RowsNote, Staged, Writer, is_staging_folder
from segue.model.errors import UnreadableValue

__all__ = ["PLACES", "Rehearsal", "Staging", "discard_staged", "publish_staged", "staged_files", "write"]

PLACES: Final = "staged/place"
"""Prefix of the objects in the storage that name folders with staged files, so that leftovers are found again."""

_HOME: Final = {PartitionNote: "segue.data.writers.parquet", RowsNote: "segue.data.writers.duckdb"}
_notes: msgspec.msgpack.Decoder[list[Note]] = msgspec.msgpack.Decoder(list[Note])
_current: Staging | None = None


class Staging:
    """The writes of one attempt; `with` it, writers stage. On leaving, what was neither published nor described goes.

    Args:
        owner: text unique to the attempt.
        storage: remembers where staged files lie, for the sweep; None: nothing does.
    """

    def __init__(self, owner: str, storage: Storage | None = None) -> None:
        self._owner = owner
        self._storage = storage
        self._process = os.getpid()
        self._lock = Lock()
        self._count = 0
        self._staged: dict[object, Staged] = {}  # by what they replace, in the order of the calls
        self._rows: int | None = None
        self._places: set[Path] = set()
        self.notes: Sequence[str] = ()

    def __enter__(self) -> Self:
        global _current
        self._before, _current = _current, self
        return self

    def __exit__(self, *_: object) -> None:
        global _current
        _current = self._before
        if self.belongs():  # a fork that came back from the task removes nothing
            self.discard()

    @property
    def rows(self) -> int | None:
        """Rows that the attempt wrote; None where it used no writer."""
        return self._rows

    def write(self, writer: Writer, table: object) -> int:
        """Stage a table, and answer the number of rows."""
        self._remember(writer.folder)
        with self._lock:
            self._count += 1
            mark = f"{digest_of(self._owner.encode()).hex()[:12]}-{self._count}"
        staged = writer.stage(table, mark)
        with self._lock:
            replaces = staged.note().replaces() or mark
            before = self._staged.pop(replaces, None)
            self._staged[replaces] = staged
            self._rows = (self._rows or 0) + staged.rows - (before.rows if before else 0)
        if before:
            before.discard()
        return staged.rows

    def publish(self) -> int:
        """Publish everything, and answer the number of rows; raises what the writers raise."""
        rows = 0
        for staged in self._staged.values():
            rows += staged.publish()
            staged.discard()
        self._staged = {}
        return rows

    def describe(self) -> bytes:
        """Describe everything for `publish_staged`, and keep its files; empty where nothing was staged."""
        notes = [staged.note() for staged in self._staged.values()]
        self._staged = {}
        return msgspec.msgpack.encode(notes) if notes else b""

    def discard(self) -> None:
        """Remove everything that was neither published nor described."""
        for staged in self._staged.values():
            staged.discard()
        self._staged = {}

    def rehearsed(self) -> Rehearsal:
        """The same, for an attempt that is only tried."""
        return Rehearsal(self._owner, self._storage)

    def belongs(self) -> bool:
        """Whether this is the process of the attempt."""
        return os.getpid() == self._process

    def _remember(self, folder: Path) -> None:
        if self._storage is None or folder in self._places:
            return
        place = str(folder.absolute()).encode()
        try:
            self._storage.open(f"{PLACES}-{digest_of(place).hex()}").close()
        except UnreadableValue:
            self._storage.write(PLACES, _writing(place))
        self._places.add(folder)


class Rehearsal(Staging):
    """The writes of an attempt that is only tried: nothing is published, the notes tell what would have been."""

    def publish(self) -> int:
        """Take note of everything, and answer the number of rows."""
        notes = [staged.note() for staged in self._staged.values()]
        self.notes = [*self.notes, *(f"would publish {note.rows:,} rows to {note.place}" for note in notes)]
        self.discard()
        return sum(note.rows for note in notes)

    def describe(self) -> bytes:
        """As `publish`: nobody will release it."""
        self.publish()
        return b""


def write(writer: Writer, table: object) -> int:
    """Stage and publish a table, or only stage it where an attempt will publish; answers the number of rows."""
    if _current is not None and _current.belongs():
        return _current.write(writer, table)
    return writer.stage(table).publish()


def publish_staged(staged: bytes) -> int:
    """Publish what `Staging.describe` told of, and answer the number of rows; a second time changes nothing.

    Raises what the writers raise, and `UnreadableValue` where the description is damaged.
    """
    return sum(import_module(_HOME[type(note)]).restaged(note).publish() for note in _decode(staged))


def discard_staged(staged: bytes) -> None:
    """Remove what `Staging.describe` told of: only files that lie where writers stage, whatever it says."""
    for name in staged_files(staged):
        path = Path(name)
        if is_staging_folder(path.parent):
            path.unlink(missing_ok=True)


def staged_files(staged: bytes) -> tuple[str, ...]:
    """The files that `Staging.describe` told of."""
    return tuple(note.staged for note in _decode(staged))


def _decode(staged: bytes) -> list[Note]:
    try:
        return _notes.decode(staged) if staged else []
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableValue(f"the description of what was staged is damaged: {error}") from error


def _writing(data: bytes) -> Callable[..., None]:
    return lambda file: file.write(data)
