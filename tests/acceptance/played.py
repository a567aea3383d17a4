"""Coming days of one DAG, played with the real planner and engine."""

from collections.abc import Mapping

from segue.engine.month import Faults, Play, Wish, play
from segue.engine.played import PlayedDag
from segue.model.ids import Instant
from segue.model.images import DagImage, Version
from segue.model.moment import DAY, parse_moment
from segue.model.spec import DagSpec
from segue.model.timing import Timing

MINUTE = 60_000_000
START = parse_moment("2026-11-20T12:00", "UTC")


def days_of(
    spec: DagSpec,
    minutes: Mapping[str, float],
    *,
    days: int = 10,
    workers: int = 8,
    timing: Timing = Timing(),  # noqa: B008  # frozen
    slow: Mapping[str, float] | None = None,
) -> PlayedDag:
    """What becomes of a DAG in the coming days, when its tasks take so many minutes, some of them longer."""
    spans = {spec.id: {task: [round(many * MINUTE)] for task, many in minutes.items()}}
    until, faults = Instant(START + days * DAY), Faults(slow=tuple(Wish(*one) for one in (slow or {}).items()))
    images = (DagImage(spec.id, Version(1, spec), timing=timing),)
    return play(Play(images, START, until, spans, workers, faults=faults)).dags[spec.id]


def lengths(dag: PlayedDag) -> set[float]:
    """How many minutes its runs took."""
    return {(run.ended - run.started) / MINUTE for run in dag.runs if run.started is not None and run.ended is not None}
