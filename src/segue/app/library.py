from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Final, TypeAlias

from segue.app.database import Database, FullReader
from segue.model.errors import EnvironmentFault, StoreDown

__all__ = ["ReaderPool"]

_READERS: Final = 12
_PATIENCE: Final = 3.0
_Mark: TypeAlias = tuple[int, int] | None


class ReaderPool:
    """Readers that many threads share, one thread each at a time; see `segue.show.doors.Library`.

    A reader of a file that has been replaced (`segue db restore`) is not lent again.

    Args:
        database: what they read.
        file: the database's file, where it is one.
        readers: how many are open at once.
        patience: seconds to wait for one.
    """

    def __init__(
        self, database: Database, file: Path | None = None, readers: int = _READERS, patience: float = _PATIENCE
    ) -> None:
        self._database, self._patience = database, patience
        self._mark: Callable[[], _Mark] = (lambda: None) if file is None else (lambda: _identity(file))
        self._free: list[tuple[FullReader, _Mark]] = []
        self._room, self._lock = BoundedSemaphore(readers), Lock()
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[FullReader]:
        """Lend a reader.

        Raises:
            StoreDown: none is free for a while, or the store cannot be read now.
            HomeUnusable: the database is damaged, or of another version.
        """
        if not self._room.acquire(timeout=self._patience):
            raise StoreDown("too many look at the store at once: try again")
        try:
            mark = self._mark()
            reader = self._take(mark) or self._database.reader(short=True)
            try:
                yield reader
            except EnvironmentFault:
                reader.close()
                raise
            except BaseException:
                self._give_back(reader, mark)
                raise
            self._give_back(reader, mark)
        finally:
            self._room.release()

    def _take(self, mark: _Mark) -> FullReader | None:
        while True:
            with self._lock:
                if not self._free:
                    return None
                reader, seen = self._free.pop()
            if seen == mark:
                return reader
            reader.close()

    def _give_back(self, reader: FullReader, mark: _Mark) -> None:
        with self._lock:
            if not self._closed:
                self._free.append((reader, mark))
                return
        reader.close()

    def close(self) -> None:
        """Close what is free, and what is given back from now on."""
        with self._lock:
            self._closed, free, self._free = True, self._free, []
        for reader, _ in free:
            reader.close()


def _identity(file: Path) -> _Mark:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
