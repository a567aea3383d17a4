"""Overwriting one partition of a folder of Parquet files.

A partition is one file, `root/date=2013-01-01/part-0.parquet`, and that is the whole trick: POSIX replaces one file by
another in one step (`rename`), but knows no portable step for a folder. A symbolic link to a versioned folder would
need every reader to follow links, and exchanging two folders (`renameat2`) is Linux only, missing on some network file
systems, and takes the files from under a reader who has listed them and not yet opened them. With one file per
partition a reader who has opened the old one reads it to its end, and who opens the name later reads the new one.
What fits the memory of a task fits a file.

Staged files lie beside the root, in `.<root>.staged`, and not below it: readers that take a whole folder (polars)
stumble over anything in it that is no Parquet file. Their names carry the digest of what they hold, so a repeated
attempt stages the same file again, and publishing a second time can see that it was done. A file that is still being
written is locked by its writer; one without a lock belonged to a writer that died, and the next one removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from itertools import count
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias, cast
from urllib.parse import quote

from segue.data.codecs.registry import arrow_of, arrow_schema, format_of, store_table
from segue.data.files import make_folders, sync_folder
from segue.data.writers.staging import Step, pass_by
from segue.model.errors import EnvironmentFault
from segue.model.interval import Interval

__all__ = ["ParquetPartition", "PartitionValue", "StagedPartition", "overwrite_partition"]

PartitionValue: TypeAlias = Interval | date | str
_PART = "part-0.parquet"


def overwrite_partition(
    table: object,
    root: str | os.PathLike[str],
    partition: PartitionValue | Sequence[PartitionValue],
    *,
    keys: str | Sequence[str] = "date",
) -> int:
    """Replace one partition of a folder of Parquet files, and answer the number of rows.

    `overwrite_partition(flights, "lake/flights", interval)` writes `lake/flights/date=2013-01-01/part-0.parquet`. With
    several `keys` the partition is a list of as many values. A column named like a key must hold the partition's value
    in every row; it is left out of the file, because readers take it from the path. Killed at any moment, the partition
    is the old or the new one. Raises `ValueError` where rows belong to another partition or the folder holds files of
    another writer.
    """
    return ParquetPartition(root, partition, keys=keys).stage(table).publish()


class ParquetPartition:
    """Writer of one partition; see `overwrite_partition`. `step` is for tests."""

    def __init__(
        self,
        root: str | os.PathLike[str],
        partition: PartitionValue | Sequence[PartitionValue],
        *,
        keys: str | Sequence[str] = "date",
        step: Step = pass_by,
    ) -> None:
        names = [keys] if isinstance(keys, str) else list(keys)
        values = [partition] if isinstance(partition, str) or not isinstance(partition, Sequence) else list(partition)
        if not names or len(names) != len(values) or not all(names):
            raise ValueError(f"{len(names)} keys {names} and {len(values)} values {values} of a partition do not match")
        self._root = Path(root).resolve()  # what is staged is to lie on the same file system
        self._pairs = dict(zip(names, map(_text, values), strict=True))
        self._step = step

    @property
    def path(self) -> Path:
        """The file that readers see."""
        return self._root.joinpath(*(f"{_safe(key)}={_safe(value)}" for key, value in self._pairs.items()), _PART)

    def stage(self, table: object) -> StagedPartition:
        """Write the table beside the root, durably. Raises `TypeError` for what is no table."""
        arrow = self._typed(self._without_keys(arrow_of(table)))
        target = self.path
        folder = self._root.with_name(f".{self._root.name}.staged")
        make_folders(folder)
        name = _safe("/".join(f"{key}={value}" for key, value in self._pairs.items()))
        _remove_orphans(folder, name)
        with _locked(folder, name) as file:
            self._step("writing")
            _write(arrow, file)
            self._step("written")
            digest = _digest(file)
            staged = folder / f"{name}.{digest.hex()}.parquet"
            Path(file.name).replace(staged)
        sync_folder(folder)
        self._step("staged")
        return StagedPartition(str(staged), str(target), arrow.num_rows, digest, self._step)

    def _without_keys(self, table: Any) -> Any:
        for key, value in self._pairs.items():
            if key in table.column_names:
                others = [text for text in map(_text, table.column(key).unique().to_pylist()) if text != value]
                if others:
                    raise ValueError(f"rows of {key}={others[0]} cannot be written to the partition {key}={value}")
                table = table.drop_columns([key])
        return table

    def _typed(self, table: Any) -> Any:
        """Give columns that hold nothing the type they have in other partitions, or readers of all would stumble."""
        untyped = [
            name for name, kind in zip(table.column_names, table.schema.types, strict=True) if str(kind) == "null"
        ]
        if not untyped:
            return table
        others = sorted(self._root.glob("*=*/" * len(self._pairs) + _PART))
        known = arrow_schema(others[-1]) if others else table.schema
        schema = table.schema
        for name in untyped:
            place = known.get_field_index(name)
            if place < 0 or str(known.field(place).type) == "null":
                raise ValueError(
                    f"all values of {name} are missing, so that it has no type, and no other partition of {self._root} "
                    "tells it. Give it one, for example by .astype"
                )
            schema = schema.set(schema.get_field_index(name), known.field(place))
        return table.cast(schema)


@dataclass(frozen=True, slots=True)
class StagedPartition:
    """A partition that is written and not yet visible. It can be published by another process: it is a few strings."""

    staged: str
    target: str
    rows: int
    digest: bytes
    step: Step = pass_by

    def publish(self) -> int:
        """Make it visible in one step; where that has been done, do nothing.

        Raises `ValueError` where the partition holds files of another writer, `EnvironmentFault` where it cannot be
        published from here.
        """
        target = Path(self.target)
        make_folders(target.parent)
        foreign = sorted(path.name for path in target.parent.glob("*.parquet") if path != target)
        if foreign:
            raise ValueError(
                f"{target.parent} holds files of another writer ({', '.join(foreign[:3])}): readers would see their "
                "rows beside the new ones. Remove them first"
            )
        self.step("publishing")
        try:
            Path(self.staged).replace(target)
        except FileNotFoundError:
            self._check_published(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            raise EnvironmentFault(
                f"{self.target} and {self.staged} lie on different file systems, so that one cannot replace the other "
                "in one step: give a folder inside of the mounted one as root"
            ) from error
        self.step("published")
        sync_folder(target.parent)
        return self.rows

    def discard(self) -> None:
        """Remove what was staged."""
        Path(self.staged).unlink(missing_ok=True)

    def _check_published(self, target: Path) -> None:
        if target.exists():
            with target.open("rb") as file:
                if _digest(file) == self.digest:
                    return
        raise EnvironmentFault(f"what was staged for {self.target} is gone: run the task again")


def _text(value: object) -> str:
    if isinstance(value, Interval):
        return value.key
    return str(value)


def _safe(text: str) -> str:
    escaped = quote(text, safe=" @+,")
    if not escaped or len(escaped) > 180:
        raise ValueError(f"{text[:60]!r} cannot name a partition: between 1 and 180 characters are needed")
    return escaped


def _write(table: Any, file: IO[bytes]) -> None:
    store_table(table, format_of(table) or "", cast("BinaryIO", file))
    file.flush()
    os.fsync(file.fileno())


def _digest(file: IO[bytes]) -> bytes:
    file.seek(0)
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
