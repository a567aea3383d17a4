"""Overwriting one partition of a folder of Parquet files.

A partition is one file, `root/date=2013-01-01/part-0.parquet`, and that is the whole trick: POSIX replaces one file by
another in one step (`rename`), but knows no portable step for a folder. A symbolic link to a versioned folder would
need every reader to follow links, and exchanging two folders (`renameat2`) is Linux only, missing on some network file
systems, and takes the files from under a reader who has listed them and not yet opened them. With one file per
partition a reader who has opened the old one reads it to its end, and who opens the name later reads the new one.
What fits the memory of a task fits a file.

The digest of a staged file is known, so that publishing a second time can see that it was done.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from segue.data.codecs.registry import arrow_of, arrow_schema, format_of, store_table
from segue.data.files import make_folders, sync_folder
from segue.data.staging import write
from segue.data.writers.staging import (
    PartitionNote,
    Step,
    digest_of_file,
    pass_by,
    safe_name,
    stage_file,
    staging_folder,
)
from segue.model.errors import EnvironmentFault
from segue.model.interval import Interval

__all__ = ["ParquetPartition", "PartitionValue", "StagedPartition", "overwrite_partition", "restaged"]

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
    is the old or the new one. In a task it becomes visible when the attempt succeeds. Raises `ValueError` where rows
    belong to another partition or the folder holds files of another writer.
    """
    return write(ParquetPartition(root, partition, keys=keys), table)


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
        return self._root.joinpath(
            *(f"{safe_name(key)}={safe_name(value)}" for key, value in self._pairs.items()), _PART
        )

    @property
    def folder(self) -> Path:
        """Where it stages."""
        return staging_folder(self._root)

    def stage(self, table: object, mark: str = "") -> StagedPartition:
        """Write the table beside the root, durably. Raises `TypeError` for what is no table."""
        arrow = self._typed(self._without_keys(arrow_of(table)), mark)
        target = self.path
        _refuse_foreign(target)
        name = safe_name("/".join(f"{key}={value}" for key, value in self._pairs.items()))
        form = format_of(arrow) or ""
        ending = f"{mark}.parquet" if mark else "parquet"
        staged, digest = stage_file(self.folder, name, ending, lambda file: store_table(arrow, form, file), self._step)
        return StagedPartition(str(staged), str(target), arrow.num_rows, digest, self._step)

    def _without_keys(self, table: Any) -> Any:
        for key, value in self._pairs.items():
            if key in table.column_names:
                others = [text for text in map(_text, table.column(key).unique().to_pylist()) if text != value]
                if others:
                    raise ValueError(f"rows of {key}={others[0]} cannot be written to the partition {key}={value}")
                table = table.drop_columns([key])
        return table

    def _typed(self, table: Any, mark: str) -> Any:
        """Give columns that hold nothing the type they have in other partitions, or readers of all would stumble."""
        untyped = [
            name for name, kind in zip(table.column_names, table.schema.types, strict=True) if str(kind) == "null"
        ]
        if not untyped:
            return table
        staged = self.folder.glob(f"*.{mark.partition('-')[0]}-*.parquet") if mark else ()
        others = [*sorted(staged), *sorted(self._root.glob("*=*/" * len(self._pairs) + _PART))]
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
        _refuse_foreign(target)
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

    def note(self) -> PartitionNote:
        """Say what it is."""
        return PartitionNote(self.staged, self.target, self.rows, self.digest)

    def discard(self) -> None:
        """Remove what was staged."""
        Path(self.staged).unlink(missing_ok=True)

    def _check_published(self, target: Path) -> None:
        if target.exists():
            with target.open("rb") as file:
                if digest_of_file(file) == self.digest:
                    return
        raise EnvironmentFault(f"what was staged for {self.target} is gone: run the task again")


def restaged(note: PartitionNote) -> StagedPartition:
    """Take up what another process staged."""
    return StagedPartition(note.staged, note.target, note.rows, note.digest)


def _refuse_foreign(target: Path) -> None:
    foreign = sorted(path.name for path in target.parent.glob("*.parquet") if path != target)
    if foreign:
        raise ValueError(
            f"{target.parent} holds files of another writer ({', '.join(foreign[:3])}): readers would see their rows "
            "beside the new ones. Remove them first"
        )


def _text(value: object) -> str:
    if isinstance(value, Interval):
        return value.key
    return str(value)
