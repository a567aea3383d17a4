from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from segue.model.changes import Change, DagRenamed, SlotsForetold, VersionAdded
from segue.model.ids import Instant
from segue.model.images import DagImage
from segue.model.timing import Foretold

__all__ = ["Foretelling"]

_AGAIN: Final = 60_000_000  # microseconds until a file that did not foretell more is read once more
_RARELY: Final = 24 * 3600 * 1_000_000  # likewise where there is nothing to foretell


class Foretelling:
    """When the files of timetables of the user's own are to be read again: half of what they foretold is used.

    Kept up by the loop's thread, asked by another one.

    Args:
        now: the present.
    """

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._due: dict[str, Instant] = {}
        self._places: dict[str, Path] = {}

    def begin(self, dags: Iterable[DagImage]) -> None:
        """Forget everything and take DAGs as the store has them."""
        self._due.clear()
        self._places.clear()
        for dag in dags:
            self._places[dag.dag] = Path(dag.location) / dag.version.spec.file
            if not dag.timing.retired:
                self._set(dag.dag, dag.foretold)

    def heard(self, changes: Sequence[Change]) -> bool:
        """Take what was committed; says whether anything is due at another time now."""
        moved = False
        for change in changes:
            match change:
                case SlotsForetold(dag, foretold):
                    self._set(dag, foretold)
                    moved = True
                case VersionAdded(dag, version, location):
                    self._places[dag] = Path(location) / version.spec.file
                case DagRenamed(old):
                    self._due.pop(old, None)
                case _:
                    pass
        return moved

    def take(self) -> set[Path]:
        """The files to be read now; the next time they are due is later."""
        now = self._now()
        due = [dag for dag, at in dict(self._due).items() if at <= now]
        for dag in due:
            self._due[dag] = Instant(now + _AGAIN)
        return {self._places[dag] for dag in due if dag in self._places}

    def wait(self) -> float | None:
        """Seconds until one is due, None where none is."""
        first = min(dict(self._due).values(), default=None)
        return None if first is None else max(0, first - self._now()) / 1_000_000

    def _set(self, dag: str, foretold: Foretold) -> None:
        now = self._now()
        coming = [due for _, _, due in foretold.slots if due > now]  # some of those foretold are over already
        if foretold.until is None:
            self._due.pop(dag, None)
        elif coming:
            self._due[dag] = coming[len(coming) // 2]
        else:
            self._due[dag] = now if foretold.slots else Instant(now + _RARELY)
