"""Writers publish in one step: first everything is written where no reader looks, then it becomes visible at once.

Between the two there is room for checks and for a guard (a held update is seen by nobody). Whoever is killed leaves
the old data or the new, never half of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Staged", "Step", "Writer", "pass_by"]

Step = Callable[[str], None]
"""Called by a writer at each of its steps, with the step's name, so that a test can kill it there."""


class Staged(Protocol):
    """Data that is written and not yet visible."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    def publish(self) -> int:
        """Make it visible in one step and answer the number of rows; a second time changes nothing."""

    def discard(self) -> None:
        """Remove it; readers go on seeing what they saw."""


class Writer(Protocol):
    """Writes a table (pandas, polars or Arrow) to one place; to write the same twice is to write it once."""

    def stage(self, table: object) -> Staged:
        """Write it where no reader looks."""


def pass_by(step: str) -> None:
    """The step of production: nothing happens."""
