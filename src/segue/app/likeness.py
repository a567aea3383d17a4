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

__all__ = ["drawn_spans", "usage_of", "write_log"]

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


def write_log(folder: Path, launch: Launch, began: Instant, word: Ended | Lost | None) -> None:
    """Write the log of an attempt, in the place of one that a play which was given up has left.

    Args:
        folder: of logs.
        launch: of the attempt.
        began: when its code began, had it been run.
        word: its end, with its usage; None: it has not ended. One that has died had no last words.
    """
    lines = [_line(began, "INFO", f"simulated: {launch.brief.file} was not run")]
    if isinstance(word, Ended) and isinstance(word.outcome, Failure):
        place = f'  File "{launch.brief.file}", line {launch.task.line}, in {launch.task.id}'
        text = f"Traceback (most recent call last):\n{place}\n{word.outcome.kind}: {word.outcome.text}"
        lines.append(_line(word.at, "ERROR", text))
    elif isinstance(word, Ended) and word.usage.rows is not None:
        lines.append(_line(word.at, "INFO", f"{word.usage.rows:,} rows"))
    path = folder / log_path(launch.key)
    path.unlink(missing_ok=True)
    log = AttemptLog(path, _LIMITS)
    for line in lines:
        log.record(line)
    log.rest()


def _line(at: Instant, level: str, text: str) -> Line:
    stamp = datetime_at(at, "UTC").isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Line(stamp, "log", text, level, _FIELDS)
