"""What an attempt looks like that was never run: how long its task lasts, what it used, what it logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from segue.engine.cast import SECOND, share
from segue.model.commands import Launch
from segue.model.events import Ended, Failure, Lost, Usage
from segue.model.ids import Instant
from segue.model.moment import datetime_at
from segue.model.spec import DagSpec, TaskSpec
from segue.run.executors.logfile import AttemptLog, Limits, Line, log_path

__all__ = ["begin_log", "drawn_spans", "end_log", "usage_of"]

_SPANS: Final = 60
_OUTLIERS: Final = 0.03
_LIMITS: Final = Limits(1_000_000, 1_000_000)
_FIELDS: Final = msgspec.Raw(b'{"logger":"segue.simulate"}')
_MAKERS: Final = ("source", "curated", "consumer")


def drawn_spans(spec: DagSpec, seed: int) -> Mapping[str, Sequence[int]]:
    """How long attempts of each task lasted, had they ever run: around two seconds to a minute, in microseconds.

    Args:
        spec: the DAG.
        seed: another one draws others.
    """
    return {task.id: [*_drawn(f"{spec.id}/{task.id}", task, seed)] for task in spec.tasks}


def _drawn(name: str, task: TaskSpec, seed: int) -> Sequence[int]:
    usual = 2 * SECOND * 30 ** share(seed, "usual", name)
    items = 1 if task.mapped is None else 2 + int(5 * share(seed, "items", name))
    spans = []
    for number in range(_SPANS * items):
        spread = 0.8 + 0.5 * share(seed, f"span {number}", name) ** 2
        outlier = 2.5 if share(seed, f"outlier {number}", name) < _OUTLIERS else 1.0
        spans.append(int(usual * spread * outlier))
    return spans


def usage_of(launch: Launch, word: Ended | Lost, worker: int, seed: int) -> Usage:
    """What an attempt used: each task has its own measure, each attempt is somewhat above or below it.

    Args:
        launch: of the attempt.
        word: its end.
        worker: number of the worker.
        seed: as of the play.
    """
    name, own = f"{launch.key.run.dag}/{launch.key.task}", 0.92 + 0.16 * share(seed, "own", str(launch.key))
    lasted = 0 if word.started is None else word.at - word.started
    peak = int(60_000_000 * 8 ** share(seed, "memory", name) * own)
    cpu = int(lasted * min(0.95, (0.2 + 0.7 * share(seed, "cpu", name)) * own))
    good = isinstance(word, Ended) and not isinstance(word.outcome, Failure)
    makes = launch.kind == "user" and (not launch.task.upstream or launch.task.rules.role in _MAKERS)
    rows = int(800 * 400 ** share(seed, "rows", name) * own) if good and makes else None
    return Usage(peak, cpu, str(worker), str(log_path(launch.key)), rows=rows)


def begin_log(folder: Path, launch: Launch, at: Instant) -> None:
    """Write the first line of an attempt's log.

    Args:
        folder: of logs.
        launch: of the attempt.
        at: when its code began, had it been run.
    """
    text = f"simulated: {launch.brief.file} was not run"
    (folder / log_path(launch.key)).unlink(missing_ok=True)  # of a play that was given up
    _write(folder, launch, [_line(at, "INFO", text)])


def end_log(folder: Path, launch: Launch, word: Ended | Lost) -> None:
    """Write the last lines; an attempt that died has none.

    Args:
        folder: of logs.
        launch: of the attempt.
        word: its end, with its usage.
    """
    if not isinstance(word, Ended):
        return
    if isinstance(word.outcome, Failure):
        task, outcome = launch.task, word.outcome
        place = f'  File "{launch.brief.file}", line {task.line}, in {task.id}'
        text = f"Traceback (most recent call last):\n{place}\n{outcome.kind}: {outcome.text}"
        _write(folder, launch, [_line(word.at, "ERROR", text)])
    elif word.usage.rows is not None:
        _write(folder, launch, [_line(word.at, "INFO", f"{word.usage.rows:,} rows")])


def _line(at: Instant, level: str, text: str) -> Line:
    stamp = datetime_at(at, "UTC").isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Line(stamp, "log", text, level, _FIELDS)


def _write(folder: Path, launch: Launch, lines: Sequence[Line]) -> None:
    log = AttemptLog(folder / log_path(launch.key), _LIMITS)
    for line in lines:
        log.record(line)
    log.rest()
