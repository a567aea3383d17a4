"""Runs as short facts for summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from segue.model.ids import Instant, RunKey
from segue.model.state import TaskState
from segue.model.views import RunDetail
from segue.show.views.runs import culprits_of

__all__ = ["Culprit", "Summary", "summarise"]


@dataclass(frozen=True, slots=True)
class Culprit:
    """A task that failed its run: how often its code began, and why it failed."""

    task: str
    index: int | None
    reason: str
    attempts: int

    @property
    def label(self) -> str:
        """The task as people write it."""
        return self.task if self.index is None else f"{self.task}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a person wants to know of a run that is over. Durations in microseconds; `slowest` is (task, duration).

    `waits` says for what it stands still, where nothing of it is held.
    """

    run: RunKey
    number: int
    state: str
    length: int | None
    tasks: dict[TaskState, int]
    retries: int
    slowest: tuple[str, int] | None
    culprits: tuple[Culprit, ...]
    held: tuple[str, ...]
    waits: str = ""


def summarise(detail: RunDetail) -> Summary:
    """Take the facts of one run."""
    begun, run = detail.begun(), detail.run
    lengths = ((_length(entry.started, entry.ended), entry.label) for entry in detail.entries())
    slowest = max(((length, label) for length, label in lengths if length is not None), default=None)
    counted = (view for view in detail.attempts if view.counts and view.began is not None)
    rounds = Counter((view.key.task, view.key.index, view.round) for view in counted)
    return Summary(
        run=run.run, number=run.number, state=str(run.state), length=_length(run.started, run.ended),
        tasks=detail.counts(), retries=sum(rounds.values()) - len(rounds),
        slowest=None if slowest is None else (slowest[1], slowest[0]),
        culprits=tuple(_culprits(detail, begun)),
        held=tuple(entry.label for entry in detail.entries() if entry.state is TaskState.HELD),
        waits=str(run.why) if run.why is not None and run.why.code == "waits_past" else "",
    )  # fmt: skip


def _culprits(detail: RunDetail, begun: dict[tuple[str, int | None], int]) -> Iterable[Culprit]:
    for one in culprits_of(detail):
        yield Culprit(one.task_id, one.map_index, one.reason, begun.get((one.task_id, one.map_index), 0))


def _length(started: Instant | None, ended: Instant | None) -> int | None:
    return None if started is None or ended is None else max(0, ended - started)
