from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final

from segue.model.spec import DagSpec
from segue.store.readers import Reader

__all__ = ["Specs"]

_MOST: Final = 300_000  # tasks, of all versions together


class Specs:
    """Versions of DAGs as they were read: none ever changes, so one copy serves every request.

    Args:
        most: tasks that are kept, of all versions together; the one asked for longest ago goes first.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._tasks = most, 0
        self._known: OrderedDict[tuple[str, int], DagSpec] = OrderedDict()
        self._lock = Lock()

    def get(self, reader: Reader, dag: str, number: int) -> DagSpec:
        """A DAG as it was in a version."""
        key = (dag, number)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        spec = reader.spec(dag, number)
        if not spec.tasks:  # nothing is kept of it, or not yet
            return spec
        with self._lock:
            if key not in self._known:
                self._known[key] = spec
                self._tasks += len(spec.tasks)
            while self._tasks > self._most and len(self._known) > 1:
                _, gone = self._known.popitem(last=False)
                self._tasks -= len(gone.tasks)
        return spec

    def forget(self, dags: Iterable[str]) -> None:
        """Read these anew: ids that were given up, so that another DAG may have them since."""
        names = frozenset(dags)
        if not names:
            return
        with self._lock:
            for key in [key for key in self._known if key[0] in names]:
                self._tasks -= len(self._known.pop(key).tasks)
