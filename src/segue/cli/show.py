from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.home import home_here
from segue.cli.frame import tally_text
from segue.cli.options import HomeOption, JsonOption, RunArgument
from segue.cli.output import Code, console, duration, plain, print_json, state_text, table, when
from segue.model.state import AttemptState, TaskState
from segue.model.views import AttemptView, RunDetail, TaskView
from segue.show.folding import fold

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_FOLDED = 12
_GOOD = frozenset({TaskState.SUCCESS, TaskState.SKIPPED, TaskState.PENDING})


@app.command()
def show(
    run: RunArgument,
    whole: Annotated[bool, typer.Option("--all", help="every task of a group, also where all is well")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show one run: its tasks, and the attempts that did not succeed with their causes."""
    from segue.app.reading import open_reading
    from segue.show.usual import Usual
    from segue.show.views.runs import run_whole

    with open_reading(home_here(home)) as reading:
        view = reading.find(run)
        detail = reading.detail(view)
        state = reading.state(view)
        longer = dict(Usual(reading, SystemClock().now()).tasks(detail))
    if as_json:
        print_json(run_whole(detail, state, longer))
        return Code.GOOD
    screen = console()
    _head(screen, detail, state)
    _tasks(screen, detail, whole, longer)
    _attempts(screen, detail)
    _next(screen, detail, state)
    return Code.GOOD


def _head(screen: Console, detail: RunDetail, state: str) -> None:
    view, zone = detail.run, detail.spec.timezone
    screen.print(Text.assemble((str(view.run), "bold"), "  ", state_text(state)))
    grid = table("", "")
    grid.show_header = False
    if view.row.slot is not None:
        grid.add_row("  interval", f"{when(view.row.slot[0], zone)} to {when(view.row.slot[1], zone)}")
    reason = f": {view.row.reason}" if view.row.reason else ""
    grid.add_row("  asked", plain(f"{when(view.row.created, zone)} by {view.row.actor or view.row.kind}{reason}"))
    if view.started is not None:
        ended = f" to {when(view.ended, zone)}, {duration(view.started, view.ended)}" if view.ended is not None else ""
        grid.add_row("  ran", f"{when(view.started, zone)}{ended}")
    grid.add_row("  number", f"{view.number}, round {view.round}, version {view.row.version} of {view.run.dag}")
    if view.why is not None:
        grid.add_row("  why", plain(str(view.why)))
    screen.print(grid)


def _tasks(screen: Console, detail: RunDetail, whole: bool, longer: Mapping[str, str]) -> None:
    begun = detail.begun()
    roles = detail.spec.roles
    rows = table("  task", *(["role"] if roles else []), "state", ">took", ">attempts", "why")
    entries = {task: list(some) for task, some in groupby(detail.entries(), key=lambda entry: entry.task)}
    quiet = {task for task, some in entries.items() if not whole and all(entry.state in _GOOD for entry in some)}
    for label, tasks in fold(detail.spec.tasks, lambda task: task.id in quiet):
        grouped = [entry for task in tasks for entry in entries.get(task.id, ())]
        for entry, folded in [_summed(label, grouped)] if len(tasks) > 1 else _rows(grouped):
            attempts = begun.get((entry.task, entry.index), 0)
            took = duration(entry.started, entry.ended)
            why = plain(", ".join(filter(None, [_why(entry), longer.get(entry.label, "")])))
            state = state_text(str(entry.state)) if folded is None else folded
            role = [roles.get(entry.task, "")] if roles else []
            rows.add_row(f"  {entry.label}", *role, state, took, str(attempts or ""), why if folded is None else "")
    screen.print()
    screen.print(rows)


def _why(entry: TaskView) -> str:
    if entry.state is TaskState.SUCCESS:
        return f"reused from {entry.reused_from}" if entry.reused_from else ""
    return str(entry.why or "")


def _rows(entries: Sequence[TaskView]) -> Iterator[tuple[TaskView, Text | None]]:
    """A task's entries; those of a long mapped task as one line, and beside it what did not go well."""
    if len(entries) <= _FOLDED:
        yield from ((entry, None) for entry in entries)
        return
    yield _summed(entries[0].task, entries)
    yield from ((entry, None) for entry in [one for one in entries if one.state not in _GOOD][:_FOLDED])


def _summed(label: str, entries: Sequence[TaskView]) -> tuple[TaskView, Text]:
    """Many entries as one, and how they stand."""
    tally = {state: sum(entry.state is state for entry in entries) for state in TaskState}
    starts = [entry.started for entry in entries if entry.started is not None]
    ends = [entry.ended for entry in entries if entry.ended is not None]
    whole = TaskView(label, None, TaskState.PENDING, started=min(starts, default=None), ended=max(ends, default=None))
    return whole, tally_text(tally)


def _attempts(screen: Console, detail: RunDetail) -> None:
    bad = [one for one in detail.attempts if one.state not in (AttemptState.SUCCESS, AttemptState.QUEUED)]
    told = [one for one in bad if one.text or one.cause or one.notes] or bad
    if not told:
        return
    rows = table("  attempt", "state", "began", ">took", "cause")
    for one in told[-3 * _FOLDED :]:
        label = one.key.task if one.key.index is None else f"{one.key.task}[{one.key.index}]"
        rows.add_row(
            f"  {label} #{one.key.number}", state_text(str(one.state)), when(one.began, detail.spec.timezone),
            duration(one.began, one.ended), plain(_cause(one)),
        )  # fmt: skip
    screen.print()
    screen.print(rows)


def _cause(one: AttemptView) -> str:
    parts = [one.text or one.cause]
    parts += [f"signal {one.signal}"] if one.signal else []
    parts += [f"exit code {one.exit_code}"] if one.exit_code else []
    parts += [f"peak memory {one.peak_rss // 2**20} MB"] if one.peak_rss and one.state is AttemptState.LOST else []
    return ", ".join(filter(None, [*parts, *one.notes]))


def _next(screen: Console, detail: RunDetail, state: str) -> None:
    run = detail.run.run
    if state == "failed":
        screen.print()
        for label, _ in detail.run.culprits[:3]:
            screen.print(f"  segue logs {run} {label}", style="dim")
    if state in ("failed", "interrupted", "cancelled"):
        screen.print(f"  segue retry {run}", style="dim")
