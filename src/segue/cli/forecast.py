from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.home import Home, settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, about, console, minute, print_json, table
from segue.model.duration import show_duration
from segue.model.moment import wall_at

if TYPE_CHECKING:
    from segue.show.outlook import Forecast, RiskOf, TaskEstimate

__all__ = ["app", "tell_dag", "tell_dags"]

app = typer.Typer(add_completion=False)

_BAR: Final = 40
_RISKS: Final = {
    "on time": ("✓ on time", "green"),
    "at risk": ("~ at risk", "yellow"),
    "late": ("✗ late", "bold red"),
    "unknown": ("? unknown", "dim"),
}


@app.command()
def forecast(
    dag: Annotated[str | None, typer.Argument(metavar="[DAG]", help="only this one, task by task")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say how long runs take, what decides that, and whether the next one is in time."""
    from segue.app.reading import open_reading
    from segue.show.outlook import forecasts_of
    from segue.show.views.ahead import forecast_item

    settings = settings_here(home=home)
    with open_reading(Home(settings.home)) as reading:
        found = forecasts_of(reading, SystemClock().now(), dag, settings.workers)
    screen = console()
    if as_json:
        print_json([forecast_item(one) for one in found])
    elif dag is not None and found:
        tell_dag(screen, found[0])
    elif found:
        tell_dags(screen, found)
    else:
        screen.print(f"the home {settings.home} knows no DAG yet: `segue up` registers those of the project")
    return Code.GOOD


def tell_dags(screen: Console, found: list[Forecast]) -> None:
    """Print a line for each DAG."""
    rows = table("  DAG", ">median", ">p90", "next due", "ends about", "deadline")
    for one in found:
        known, zone = one.estimate.known, one.clock.spec.timezone
        due = None if one.next is None else one.next.due
        ends = _same_day(due, due + one.estimate.median, zone) if due is not None and known else ""
        rows.add_row(
            Text(f"  {one.clock.spec.id}", style="bold"), about(one.estimate.median) if known else "–",
            about(one.estimate.p90) if known else "–", minute(due, zone), ends,
            _worst(one.risks),
        )  # fmt: skip
    screen.print(rows)
    for one in found:
        if one.overlaps:
            screen.print()
            screen.print(_overlap(one))


def tell_dag(screen: Console, one: Forecast) -> None:
    """Print one DAG: its tasks on a line of time, its critical path, what threatens the next run."""
    found, zone = one.estimate, one.clock.spec.timezone
    if not found.known:
        screen.print(Text.assemble((one.clock.spec.id, "bold"), "  no task of it has succeeded yet: nothing to go by"))
        return
    head = f"  median {show_duration(found.median)}, p90 {show_duration(found.p90)}, from {one.runs} good runs"
    screen.print(Text.assemble((one.clock.spec.id, "bold"), head))
    screen.print()
    rows = table("  task", ">median", ">p90", ">items", "")
    scale = max(1, found.p90, *(task.ends_p90 for task in found.tasks))
    for task in found.tasks:
        critical = task.task in found.path
        rows.add_row(
            Text(f"  {task.task}", style="bold" if critical else ""),
            about(task.median) if task.known else "–", about(task.p90) if task.known else "–",
            f"{task.items:,}" if task.items > 1 else "", _bar(task, scale, critical),
        )  # fmt: skip
    screen.print(rows)
    screen.print()
    screen.print(Text.assemble(("  critical path  ", "dim"), " → ".join(found.path)))
    if found.unknown:
        names = ", ".join(found.unknown)
        screen.print(Text.assemble(("  unknown        ", "dim"), f"{names}: never succeeded, counted as nothing"))
    if one.next is not None:
        ends, late = (_same_day(one.next.due, one.next.due + took, zone) for took in (found.median, found.p90))
        told = f"due {minute(one.next.due, zone)}, ends about {ends}, at p90 {late}"
        screen.print(Text.assemble(("  next run       ", "dim"), told))
    for risk in one.risks:
        word, style = _RISKS[risk.risk]
        of = "" if risk.task is None else f"{risk.task} "
        screen.print(Text.assemble(("  deadline       ", "dim"), f"{of}{minute(risk.deadline, zone)}  ", (word, style)))
    if one.overlaps:
        screen.print(_overlap(one))


def _same_day(first: int, instant: int, zone: str) -> str:
    """An instant, without the date where that is known already."""
    one, other = wall_at(first, zone), wall_at(instant, zone)
    return f"{other:%H:%M}" if one.date() == other.date() else f"{other:%m-%d %H:%M}"


def _bar(task: TaskEstimate, scale: int, critical: bool) -> Text:
    """When a task runs: `█` by medians, `░` how much longer at p90."""
    start, end, late = (round(_BAR * at / scale) for at in (task.begins, task.ends, task.ends_p90))
    if not task.known:
        return Text()
    solid = max(1, end - start)
    style = "cyan" if critical else "blue"
    return Text.assemble(" " * start, ("█" * solid, style), ("░" * max(0, late - start - solid), style))


def _worst(risks: tuple[RiskOf, ...]) -> Text:
    if not risks:
        return Text()
    order = list(_RISKS)
    worst = max(risks, key=lambda risk: -1 if risk.risk == "unknown" else order.index(risk.risk))
    word, style = _RISKS[worst.risk]
    return Text(f"{word}{'' if worst.task is None else f' ({worst.task})'}", style=style)


def _overlap(one: Forecast) -> Text:
    assert one.next is not None
    length = about(one.next.end - one.next.start)
    text = f"{one.clock.spec.id} takes longer than its interval of {length}: its runs queue up"
    return Text.assemble(("  ! ", "yellow"), text)
