"""A DAG that runs by the clock, on simulated time: the engine itself, in lockstep, every attempt good at once."""

from datetime import datetime
from typing import Any, NamedTuple

from segue.define.compile import compile_dag
from segue.define.dag import Dag
from segue.define.tasks import task
from segue.model.changes import BackfillMade, RunCreated
from segue.model.moment import datetime_at, parse_moment
from segue.model.spec import DagSpec
from tests.unit.engine.driver import World


class Fired(NamedTuple):
    """A run by the clock: when it was made, and what it covers, in the DAG's zone."""

    at: datetime
    start: datetime | None
    end: datetime | None
    kind: str


class Clocked(World):
    """A world that begins at a moment and knows one DAG.

    Args:
        now: when the DAG is first enabled, in its zone.
        options: of the DAG.
    """

    def __init__(self, now: str, **options: Any) -> None:
        self.spec = declared(**options)
        begin = parse_moment(now, self.spec.timezone)
        super().__init__(self.spec, planning=True, now=begin)
        self._rest()

    def play_until(self, moment: str) -> list[Fired]:
        """Let time pass; all runs so far, with the instant at which each was made."""
        until = parse_moment(moment, self.spec.timezone)
        while self.wake_at is not None and self.wake_at <= until:
            self.now = max(self.now, self.wake_at)
            self.send()
            self._rest()
        self.now = until
        return self.fired

    def down_until(self, moment: str) -> list[Fired]:
        """Nobody leads until then; all runs so far."""
        self.now = parse_moment(moment, self.spec.timezone)
        self.restart()
        self._rest()
        return self.fired

    @property
    def fired(self) -> list[Fired]:
        """All runs so far."""
        rows = [one.row for one in self.history if isinstance(one, RunCreated)]
        zone = self.spec.timezone
        return [
            Fired(
                datetime_at(row.created, zone),
                *((None, None) if row.slot is None else (datetime_at(at, zone) for at in row.slot)),
                row.kind,
            )
            for row in rows
        ]

    @property
    def proposed(self) -> int:
        """How many intervals wait in backfills that a person may start."""
        return sum(one.row.total for one in self.history if isinstance(one, BackfillMade) and one.state == "proposed")

    def _rest(self) -> None:
        while self.alive or self.asks:
            if self.alive:
                key = next(iter(self.alive))
                self.end(key.of.label, run=key.run)
            else:
                self.send()


def declared(name: str = "d", **options: Any) -> DagSpec:
    """A DAG of one task, as a file would declare it."""

    @task
    def work() -> None: ...

    dag = Dag(name, **options)
    with dag:
        work()
    return compile_dag(dag)


def times(fired: list[Fired], form: str = "%Y-%m-%d %H:%M") -> list[str]:
    """When runs were made."""
    return [one.at.strftime(form) for one in fired]


__all__ = ["Clocked", "Fired", "declared", "times"]
