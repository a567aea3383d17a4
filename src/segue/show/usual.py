"""What takes longer than it usually does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from segue.engine.forecast import estimate, is_longer, quantile
from segue.model.duration import show_duration
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.state import RunState, TaskState
from segue.model.views import RunDetail, RunView, TaskView

if TYPE_CHECKING:
    from segue.show.reading import Reading

__all__ = ["Usual"]

_TIMED: Final = frozenset({TaskState.RUNNING, TaskState.SUCCESS, TaskState.FAILED})
_SMALL: Final = 1_000


class Usual:
    """Compares with recent good runs; asks for the durations of each DAG once.

    Args:
        reading: of the home.
        now: the present.
    """

    def __init__(self, reading: Reading, now: Instant) -> None:
        self._reading, self._now = reading, now
        self._spans: dict[str, Mapping[str, Sequence[int]]] = {}
        self._usual: dict[str, Sequence[int]] = {}

    def task(self, dag: str, entry: TaskView) -> str:
        """That a task runs, or ran, over three times as long as it usually does; empty where it does not."""
        if entry.started is None or entry.state not in _TIMED or entry.reused_from is not None:
            return ""
        spans = self._durations(dag).get(entry.task, ())
        span = (entry.ended or self._now) - entry.started
        return _said(span, quantile(spans, 50)) if is_longer(span, spans) else ""

    def tasks(self, detail: RunDetail) -> Iterator[tuple[str, str]]:
        """The tasks of a run that take, or took, longer than usual: label and what is said of it."""
        for entry in detail.entries():
            said = self.task(detail.run.run.dag, entry)
            if said:
                yield entry.label, said

    def run(self, view: RunView) -> str:
        """The same of a run: of the tasks of one that runs, of an ended one as a whole."""
        if view.started is None:
            return ""
        spec = self._reading.spec(view)
        if view.state is RunState.RUNNING and len(spec.tasks) <= _SMALL:
            slow = next(self.tasks(self._reading.detail(view)), None)
            return "" if slow is None else f"{slow[0]}: {slow[1]}"
        usual = self._whole(spec)
        span = view.spent  # while it was parked it had nothing to do
        if view.placed_at is not None:
            span += (view.ended or self._now) - view.placed_at
        return _said(span, usual[0]) if is_longer(span, usual) else ""

    def _whole(self, spec: DagSpec) -> Sequence[int]:
        """What a run usually takes, as often as the task that has succeeded least."""
        if spec.id not in self._usual:
            spans = self._durations(spec.id)
            least = min((len(spans.get(task.id, ())) for task in spec.tasks), default=0)
            self._usual[spec.id] = [estimate(spec, spans).median] * least
        return self._usual[spec.id]

    def _durations(self, dag: str) -> Mapping[str, Sequence[int]]:
        if dag not in self._spans:
            self._spans[dag] = self._reading.durations(dag)
        return self._spans[dag]


def _said(span: int, usual: int) -> str:
    return f"{span / max(1, usual):.1f} × its usual {show_duration(usual)}"
