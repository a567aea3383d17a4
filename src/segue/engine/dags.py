from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from segue.engine.machine import Machine
from segue.model.ids import RunKey
from segue.model.images import Version
from segue.model.spec import DagSpec, share_strings
from segue.model.timing import Foretold, Timing
from segue.model.why import Why
from segue.resolve.graph import Graph
from segue.schedule.planner import Clock

__all__ = ["Dag"]


class Dag:
    """One DAG: the version of new runs, the highest number of any, the runs with a place, those in line for one.

    Runs of backfills and lookbacks stand `aside`, because they have places of their own.

    `eased` are the (task, guard, likeness of slots) that people have released from now on; `timing` is as committed,
    `foretold` the slots of a timetable of the user's own, `place` the folder and file that declare it, `failed` whether
    that could not be read last; `clock` what the planner has made of these.
    """

    __slots__ = (
        "aside", "clock", "eased", "failed", "foretold", "granted", "graph", "highest", "place", "quarantined",
        "timing", "version", "waiting",
    )  # fmt: skip

    def __init__(self, version: Version) -> None:
        self.version = msgspec.structs.replace(version, spec=share_strings(version.spec))
        self.graph = Graph(self.version.spec)
        self.highest = version.number
        self.quarantined: Why | None = None
        self.eased: set[tuple[str, str, str]] = set()
        self.timing = Timing()
        self.foretold = Foretold()
        self.clock: Clock | None = None
        self.place = ("", self.version.spec.file)
        self.failed = False
        self.granted: dict[RunKey, Machine] = {}
        self.waiting: list[Machine] = []
        self.aside: list[Machine] = []

    def line_of(self, machine: Machine) -> list[Machine]:
        """The line in which a run waits for its place."""
        return self.aside if machine.line else self.waiting

    @property
    def runs(self) -> Iterator[Machine]:
        """Those that are active or wait to be."""
        return chain(self.granted.values(), self.waiting, self.aside)

    def clock_of(self, spec: DagSpec) -> Clock:
        """The slots of a version of this DAG."""
        if spec is not self.version.spec:
            return Clock(spec, self.foretold)
        if self.clock is None:
            self.clock = Clock(spec, self.foretold)
        return self.clock
