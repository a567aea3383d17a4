"""Runs as lines of a terminal: bounded in height, whatever they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from rich.console import Group, RenderableType
from rich.text import Text

from segue.app.picture import Picture, RunPicture, TaskPicture
from segue.cli.output import STYLES, duration, plain, state_text
from segue.model.duration import show_duration
from segue.model.ids import Instant
from segue.model.spec import TaskSpec
from segue.model.state import FINAL, RunState, TaskState
from segue.show.folding import fold

__all__ = ["live_frame", "run_frame", "run_line", "tally_text"]

_ORDER = (
    TaskState.SUCCESS, TaskState.RUNNING, TaskState.UP_FOR_RETRY, TaskState.HELD, TaskState.DEFERRED, TaskState.QUEUED,
    TaskState.PENDING, TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SKIPPED, TaskState.CANCELLED,
)  # fmt: skip


_FOLDED = 1_000  # tasks; groups of larger runs are not looked for, eight times a second


def live_frame(picture: Picture, now: Instant, height: int) -> RenderableType:
    """What moves just now, in at most so many lines."""
    runs = list(picture.runs.values())
    moving = [run for run in runs if not run.over and run.state is not RunState.QUEUED]
    waiting = sum(run.state is RunState.QUEUED for run in runs)
    lines: list[RenderableType] = []
    shown = moving[: max(1, height // 4)]
    for run in shown:
        lines.append(run_frame(run, now, max(2, (height - 2) // max(1, len(shown)) - 1)))
    hidden = len(moving) - len(shown)
    rest = [f"{hidden} more running" if hidden else "", f"{waiting} waiting" if waiting and len(runs) > 1 else ""]
    if any(rest):
        ended = sum(run.over for run in runs)
        lines.append(Text(f"{ended} of {len(runs)} runs done, " + ", ".join(filter(None, rest)), style="dim"))
    return Group(*lines)


def run_frame(run: RunPicture, now: Instant, height: int) -> RenderableType:
    """One run: its head and, of its tasks, those that say most, in at most so many lines below it."""
    rows, left = _chosen(run, height)
    words = [_folded(task) if task.counts is not None else STYLES[task.state][1] for task in rows]
    took = [duration(task.started, task.ended if task.ended is not None else now) for task in rows]
    names = min(40, max((len(task.spec.id) for task in rows), default=0))
    wide, long = max(map(len, words), default=0), max(map(len, took), default=0)
    lines: list[RenderableType] = [run_line(run, now)]
    for task, word, time in zip(rows, words, took, strict=True):
        glyph, _, style = STYLES[task.state]
        name = task.spec.id if len(task.spec.id) <= names else task.spec.id[: names - 1] + "…"
        cells = (f" {name:<{names}}  ", (f"{word:<{wide}}", style), f"  {time:>{long}}  ")
        line = Text.assemble("  ", (glyph, style), *cells, _remark(task, now))
        line.no_wrap, line.overflow = True, "ellipsis"
        lines.append(line)
    if left:
        lines.append(Text.assemble("    … ", tally_text(left)))
    return Group(*lines)


def run_line(run: RunPicture, now: Instant) -> Text:
    """One run in one line: id, state, time, how far it is."""
    done, size = sum(run.tally[state] for state in FINAL), run.tally.total()
    took = duration(run.started, run.ended if run.ended is not None else now)
    far = f"  {done:,} of {size:,} done" if run.state is RunState.RUNNING else ""
    return Text.assemble((str(run.run), "bold"), "  ", state_text(run.state), f"  {took}" if took else "", (far, "dim"))


def tally_text(tally: Mapping[TaskState, int]) -> Text:
    """`3,200 done, 1,780 waiting`, each in its colour."""
    parts = [(f"{tally[state]:,} {STYLES[state][1]}", STYLES[state][2]) for state in _ORDER if tally.get(state)]
    return Text(", ").join(Text(text, style=style) for text, style in parts)


def _chosen(run: RunPicture, height: int) -> tuple[Sequence[TaskPicture], Mapping[TaskState, int]]:
    """The tasks to show in order of declaration, and how those left out stand."""
    if len(run.tasks) <= _FOLDED and any(task.spec.group for task in run.tasks.values()):
        rows = list(_grouped(run))
        if len(rows) <= height:
            return rows, {}
    if len(run.tasks) <= height:
        return list(run.tasks.values()), {}
    names = dict.fromkeys([*list(run.lively)[-(height - 1) :], *reversed(run.recent), *islice(run.tasks, height)])
    picked = set(list(names)[: height - 1])
    # Which comes first is asked of the few that are shown, never of all tasks.
    rows = [run.tasks[name] for name in sorted(picked, key=lambda name: run.tasks[name].place)]
    left = run.tally.copy()
    for task in rows:
        left.subtract(task.tally())
    return rows, +left


def _grouped(run: RunPicture) -> Iterator[TaskPicture]:
    """Its tasks, a group of which nothing moves and nothing failed as one line."""
    for label, specs in fold(run.spec.tasks, lambda spec: spec.id not in run.lively):
        tasks = [run.tasks[spec.id] for spec in specs]
        if len(tasks) == 1:
            yield tasks[0]
            continue
        counts = Counter[TaskState]()
        for task in tasks:
            counts.update(task.tally())
        whole = TaskPicture(TaskSpec(label), tasks[0].place, counts=counts)
        done = all(task.ended is not None for task in tasks)
        whole.state = TaskState.SUCCESS if done else TaskState.PENDING
        whole.started = min((task.started for task in tasks if task.started is not None), default=None)
        whole.ended = max((task.ended for task in tasks if task.ended is not None), default=None) if done else None
        yield whole


def _folded(task: TaskPicture) -> str:
    tally = task.tally()
    if not task.counts:
        return "no items"
    ended = sum(count for state, count in tally.items() if state in FINAL)
    others = (TaskState.RUNNING, TaskState.UP_FOR_RETRY, TaskState.HELD, TaskState.FAILED)
    parts = [f"{tally[state]:,} {STYLES[state][1]}" for state in others if tally.get(state)]
    return ", ".join([f"{ended:,}/{task.size:,} done", *parts])


def _remark(task: TaskPicture, now: Instant) -> Text:
    if task.state is TaskState.UP_FOR_RETRY and task.counts is None:
        delay = "" if task.not_before is None else f"again in {show_duration(max(0, task.not_before - now))}: "
        return Text.assemble((delay, "yellow"), plain(task.note))
    if task.state in (TaskState.FAILED, TaskState.HELD):
        return plain(task.note)
    if task.counts is not None:
        return Text(f"{task.retries} retr{'y' if task.retries == 1 else 'ies'}" if task.retries else "", style="dim")
    most = task.spec.rules.retry.times + 1
    return Text(f"attempt {task.attempt} of {most}" if task.attempt > 1 else "", style="dim")
