"""What may be removed: values that nothing refers to any more, and staged files that nobody will publish.

A value may go when no kept run refers to it. Which runs are kept (14 days after their end) and which attempts of them
gave what the store has now is the store's to say. Its answer may be older than what lies in the storage, so a value
goes only when it was written a day before; one of a run that the store does not know at all (it was removed, or the
storage serves another home too) only after 14 days.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from segue.data.staging import PLACES
from segue.data.storage import Storage, StoredObject
from segue.data.writers.staging import is_staging_folder
from segue.model.ids import Instant

__all__ = ["AGES", "Ages", "Doomed", "Kept", "Swept", "plan_sweep", "sweep", "sweep_staged"]

_DAY: Final = 24 * 3600 * 1_000_000
_VALUES: Final = "values"

Kept: TypeAlias = Callable[[str], Collection[str] | None]
"""From a run's folder (`run_prefix`) to the attempts whose values it still needs (`values_prefix`).

Empty: none of them, the run ended long ago. None: no such run is known.
"""


class Ages(msgspec.Struct, frozen=True, gc=False):
    """Microseconds since a value was written, from which on it may go.

    Args:
        unreferenced: where its run is known and does not need it.
        unknown: where its run is not known.
    """

    unreferenced: int = _DAY
    unknown: int = 14 * _DAY


AGES: Final = Ages()


class Doomed(msgspec.Struct, frozen=True, gc=False):
    """What is to be removed: one object, or the folder of a run with that many; `size` in bytes."""

    path: str
    count: int
    size: int


class Swept(msgspec.Struct, frozen=True, gc=False):
    """What was removed: number of objects, and their bytes."""

    count: int = 0
    size: int = 0

    def plus(self, doomed: Doomed) -> Swept:
        """With one removal more."""
        return Swept(self.count + doomed.count, self.size + doomed.size)


def plan_sweep(objects: Iterable[StoredObject], kept: Kept, now: Instant, ages: Ages) -> Iterator[Doomed]:
    """Say which of the objects may be removed; those of one run come one after the other."""
    for run, group in groupby(objects, key=_run_of):
        there = list(group)
        needed = kept(run)
        limit = now - (ages.unknown if needed is None else ages.unreferenced)
        doomed = [
            one
            for one in there
            if one.modified is not None and one.modified < limit and _attempt_of(one.path) not in (needed or ())
        ]
        if len(doomed) == len(there) and not needed:
            yield Doomed(run, len(doomed), sum(one.size for one in doomed))
        else:
            yield from (Doomed(one.path, 1, one.size) for one in doomed)


def sweep(storage: Storage, kept: Kept, now: Instant, ages: Ages = AGES) -> Swept:
    """Remove the values that may be removed. Raises `StorageDown` and `StorageRefused`; what is removed stays so."""
    swept = Swept()
    for doomed in plan_sweep(storage.list(_VALUES), kept, now, ages):
        storage.delete(doomed.path)
        swept = swept.plus(doomed)
    return swept


def sweep_staged(storage: Storage, held: Collection[str], older_than: Instant) -> Swept:
    """Remove staged files that were written before `older_than` and that no held task may yet publish.

    `held` are the paths that `staged_files` names. A folder that this machine does not have is left to one that has.
    """
    swept = Swept()
    for place in storage.list(PLACES.partition("/")[0]):
        folder = Path(storage.read(place.path).decode())
        if not is_staging_folder(folder) or not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            about = path.stat()
            if path.is_file() and str(path) not in held and about.st_mtime_ns // 1000 < older_than:
                path.unlink()
                swept = swept.plus(Doomed(str(path), 1, about.st_size))
        if place.modified is not None and place.modified < older_than:
            with suppress(OSError):  # it holds something
                folder.rmdir()
                storage.delete(place.path)
    return swept


def _run_of(one: StoredObject) -> str:
    return "/".join(one.path.split("/")[:3])


def _attempt_of(path: str) -> str:
    return path.rpartition("-")[0]
