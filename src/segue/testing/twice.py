from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Unpack

from segue.define.dag import Dag
from segue.model.interval import Interval
from segue.model.moment import Moment
from segue.testing.given import Given
from segue.testing.outputs import Files, differences
from segue.testing.result import Result
from segue.testing.running import run

__all__ = ["Twice", "run_twice"]


@dataclass(frozen=True, slots=True)
class Twice:
    """A DAG that ran twice: both results, and in sentences where they differ."""

    first: Result
    second: Result
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the second run left everything as the first one had."""
        return not self.differences


def run_twice(
    dag: Dag, date: Moment | Interval | None = None, params: Mapping[str, Any] | None = None, *,
    outputs: Iterable[Path | str] = (), **given: Unpack[Given],
) -> Twice:  # fmt: skip
    """Run a DAG a second time on what the first time left, and compare: a task that can be repeated changes nothing.

    Args:
        dag, date, params: as for `run`.
        outputs: files and folders that it writes. SQLite and DuckDB files are compared by their rows, others by bytes.
        given: `connections secrets env`, as for `run`.

    Raises:
        DefinitionError, UsageError: as from `run`.
    """
    with TemporaryDirectory(prefix="segue-") as aside:
        files = Files(outputs, Path(aside))
        first = run(dag, date, params, **given)
        after = {**first.made(), **files.read()}
        second = run(dag, date, params, **given)
        return Twice(first, second, differences(after, {**second.made(), **files.read()}))
