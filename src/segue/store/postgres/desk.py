"""Where a transaction's statements go: collected, sent in one pipeline, judged when the answers are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segue.model.errors import Conflict, LeaseLost
from segue.store.postgres.connection import Raw
from segue.store.postgres.grammar import STATEMENTS
from segue.store.postgres.leadership import FENCE, RUNS
from segue.store.sql.desk import Row

__all__ = ["PostgresDesk"]


class PostgresDesk:
    """The writing of one transaction: two round trips, this one's and the commit's.

    Args:
        raw: no transaction is open.
        epoch: of the owner; the fence.
        runs: number of the newest run.
    """

    def __init__(self, raw: Raw, epoch: int, runs: int) -> None:
        self.runs = runs
        self._raw, self._epoch, self._first_runs = raw, epoch, runs
        self._begun = False
        self._queue: list[tuple[str, Sequence[Row], object, bool]] = []

    def write(self, statement: str, rows: Sequence[Row], what: object, exact: bool = True) -> None:
        """Have a statement executed for each row; where `exact`, each must hit one row."""
        if rows:
            self._queue.append((statement, rows, what, exact))

    def ask(self, statement: str, values: Row) -> Any:
        """The first row of an answer, which sees all that was written before."""
        self.send()
        return self._raw.execute(statement, values).fetchone()

    def hit(self, statement: str, row: Row) -> bool:
        """Execute a statement now; whether it hit a row."""
        self.send()
        return self._raw.execute(statement, row).rowcount > 0

    def add_run(self, row: Row) -> int:
        """Write a run's row and give its number."""
        self.runs += 1
        self.write(STATEMENTS.add_numbered_run, [(self.runs, *row)], "run")
        return self.runs

    def finish(self) -> None:
        """Send what is left; after this only the commit is missing."""
        if self.runs != self._first_runs:
            self.write(RUNS, [(self.runs,)], "lease")
        self.send()

    def send(self) -> None:
        """Send what is queued, the beginning and the fence before it.

        Raises:
            LeaseLost: another epoch leads.
            Conflict: a statement did not hit the rows it was made for.
        """
        sent, self._queue = self._queue, []
        begins, self._begun = not self._begun, True
        with self._raw.pipeline():
            if begins:
                self._raw.execute("BEGIN")
                fence = self._raw.execute(FENCE, (self._epoch,))
            cursors = [self._raw.cursor() for _ in sent]
            for cursor, (statement, rows, _, _) in zip(cursors, sent, strict=True):
                cursor.executemany(statement, rows)
        if begins and fence.rowcount != 1:
            raise LeaseLost(f"epoch {self._epoch} has ended")
        for cursor, (_, rows, what, exact) in zip(cursors, sent, strict=True):
            if exact and cursor.rowcount != len(rows):
                missed = len(rows) - cursor.rowcount
                raise Conflict(f"{missed} of {len(rows)} rows are not as this owner left them: {what}")
