from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.home import Home, settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, about, console, errors, minute, print_json, table
from segue.cli.past import Wanted, write_days
from segue.model.duration import show_duration
from segue.model.errors import UsageError
from segue.model.moment import wall_at
from segue.model.state import RunState

if TYPE_CHECKING:
    from segue.app.playing import Month, Play, PlayedDag

__all__ = ["app", "tell_month"]

app = typer.Typer(add_completion=False)

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_TOLD: Final = 10
_MINUTE: Final = 60_000_000


@app.command()
def simulate(  # noqa: PLR0913  # an option is a parameter
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="DAG", help="ids, globs, tag:x or files (orders.py); default: all with a clock"),
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", help="how many days", min=1, max=400)] = 30,
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="slow=extract:3x, kill=0.01, fail=load:1@2h; several times")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="draws other durations and other victims")] = 0,
    workers: Annotated[int | None, typer.Option("--workers", help="attempts at once", min=1)] = None,
    steady: Annotated[bool, typer.Option("--steady", help="every task lasts its median")] = False,
    fail_on: Annotated[
        list[str] | None, typer.Option("--fail-on", metavar="TROUBLE", help="late, failed, missing, …: exit 1")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="play the days before now instead, into a new home; no task is run")
    ] = False,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="with --write: the end of the play; default: now")
    ] = None,
    backfill: Annotated[
        list[str] | None,
        typer.Option("--backfill", metavar="DAG:A..B@8h", help="with --write: one that begins so long before its end"),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:  # fmt: skip
    """Play the coming days in seconds, with the real planner and engine and the durations of recent runs."""
    from segue.app.playing import check_faults, month_object, play, play_of, read_fail_on, read_faults, troubles
    from segue.app.reading import open_reading

    settings = settings_here(home=home)
    unwanted, faults = read_fail_on(fail_on or ()), read_faults(fault or ())
    _refuse_mixed(write, unwanted, until or backfill)
    if write:
        wanted = Wanted(targets or (), days, until, faults, seed, workers, steady, backfill or ())
        return write_days(settings, wanted, as_json)
    with open_reading(Home(settings.home)) as reading:
        plain = play_of(settings, reading, targets or (), SystemClock().now(), days)
    what = replace(plain, workers=workers or plain.workers, seed=seed, faults=faults, steady=steady)
    check_faults(what.faults, (one.version.spec for one in what.dags))
    began = time.monotonic()
    month = play(what)
    if as_json:
        print_json(month_object(what, month))
    else:
        tell_month(console(), what, month, settings.keys.timezone)
        took = show_duration(int((time.monotonic() - began) * 1_000_000))
        console().print(Text(f"\n  {month.attempts:,} attempts played in {took}", style="dim"))
    found = {name: count for name, count in troubles(month).items() if count and name in unwanted}
    if found and not as_json:
        said = ", ".join(f"{count:,} {name}" for name, count in found.items())
        errors().print(Text.assemble(("error: ", "bold red"), said))
    return Code.FAILED if found else Code.GOOD


def _refuse_mixed(write: bool, unwanted: Sequence[str], of_past: object) -> None:
    if write and unwanted:
        raise UsageError("--fail-on is for what is to come: leave it out with --write")
    if of_past and not write:
        raise UsageError("--until and --backfill are for what is past: add --write")


def tell_month(screen: Console, what: Play, month: Month, zone: str) -> None:
    """Print what came of a play: a line for each DAG, what was late, when the workers were busy.

    Args:
        screen: where to.
        what: was played.
        month: what came of it.
        zone: in which hours and days are counted.
    """
    span = " to ".join(minute(at // _MINUTE * _MINUTE, zone) for at in (what.start, what.until))
    workers = f"{what.workers} worker{'' if what.workers == 1 else 's'}"
    screen.print(Text(f"  {span}, {workers}, seed {what.seed}", style="dim"))
    screen.print()
    shown = [(name, of, style) for name, of, style in _COLUMNS if any(map(of, month.dags.values())) or name in _ALWAYS]
    rows = table("  DAG", ">runs", *(f">{name}" for name, *_ in shown), ">median", ">p90")
    for name, dag in month.dags.items():
        counts = (Text(_figure(column, of(dag)), style=style if of(dag) else "dim") for column, of, style in shown)
        lasted = (about(dag.lasted(percent)) if dag.runs else "–" for percent in (50, 90))
        rows.add_row(Text(f"  {name}", style="bold"), f"{len(dag.runs):,}", *counts, *lasted)
    screen.print(rows)
    for line in (*_late(month), *_busy(month, zone), *_notes(month)):
        screen.print(line)


_COLUMNS: Final[Sequence[tuple[str, Callable[[PlayedDag], int], str]]] = (
    ("late", lambda dag: len(dag.late), "bold red"),
    ("failed", lambda dag: dag.count(RunState.FAILED), "bold red"),
    ("waited", lambda dag: dag.overlaps, "yellow"),
    ("longest", lambda dag: dag.longest_wait, "yellow"),
    ("missing", lambda dag: dag.missing, "yellow"),
    ("skipped", lambda dag: dag.skipped, "yellow"),
)
_ALWAYS: Final = frozenset({"late", "failed", "waited"})


def _figure(column: str, value: int) -> str:
    if not value:
        return "·"
    return about(value) if column == "longest" else f"{value:,}"


def _late(month: Month) -> Iterator[Text]:
    late = sorted((one.deadline, name, one, dag.spec) for name, dag in month.dags.items() for one in dag.late)
    if late:
        yield Text()
    for deadline, name, one, spec in late[:_TOLD]:
        task = "" if one.task is None else f" {one.task}"
        ended = "had not ended" if one.ended is None else f"ended {about(one.ended - deadline)} after"
        head = f"{name}@{one.key}{task}"
        yield Text.assemble(("  ✗ late  ", "bold red"), head, f"  {ended} {minute(deadline, spec.timezone)}")
    if len(late) > _TOLD:
        yield Text(f"    … {len(late) - _TOLD:,} more", style="dim")


def _busy(month: Month, zone: str) -> Iterator[Text]:
    """Two lines over the hours of a day, and one over the days."""
    by_hour: list[list[float]] = [[] for _ in range(24)]
    depth_by_hour, depth_by_day = [0] * 24, dict[str, int]()
    for hour in month.hours:
        wall = wall_at(hour.start, zone)
        by_hour[wall.hour].append(hour.busy)
        depth_by_hour[wall.hour] = max(depth_by_hour[wall.hour], hour.depth)
        day = f"{wall:%m-%d}"
        depth_by_day[day] = max(depth_by_day.get(day, 0), hour.depth)
    means = [sum(some) / max(1, len(some)) for some in by_hour]
    most, deepest = max(range(24), key=means.__getitem__), max(month.hours, key=lambda hour: hour.depth)
    queue = f"  {deepest.depth:,} on {wall_at(deepest.start, zone):%m-%d at %H}" if deepest.depth else "  none ever"
    yield Text()
    yield Text("             " + "".join(f"{hour:<6}" for hour in range(0, 24, 3)).rstrip(), style="dim")
    yield Text.assemble("  in use     ", (_spark(means, 1.0, 2), "cyan"), f"  {means[most]:.0%} at {most:02}")
    yield Text.assemble("  waiting    ", (_spark(depth_by_hour, max(depth_by_hour), 2), "yellow"), queue)
    days = list(depth_by_day)
    by_day = _spark(list(depth_by_day.values()), max(depth_by_hour), 1)
    yield Text.assemble("  by day     ", (by_day, "yellow"), f"  {days[0]} to {days[-1]}")


def _spark(values: Sequence[float], most: float, wide: int) -> str:
    """A line of blocks; what is above nothing shows at least the lowest."""
    steps = len(_BLOCKS) - 1
    heights = (max(1, min(steps, round(steps * value / most))) if value and most else 0 for value in values)
    return "".join(_BLOCKS[height] * wide if height else "·" * wide for height in heights)


def _notes(month: Month) -> Iterator[Text]:
    notes = [f"{name}: {dag.unfinished:,} not ended" for name, dag in month.dags.items() if dag.unfinished]
    notes += [f"{name}: {dag.proposed:,} wait for a person" for name, dag in month.dags.items() if dag.proposed]
    names = [f"{dag}/{task}" for dag, task in month.guessed]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    notes += [f"never succeeded, taken to last a minute: {', '.join(names[:5])}{more}"] if names else []
    if notes:
        yield Text()
    for note in notes:
        yield Text(f"  {note}", style="dim")
