from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.home import home_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, about, console, minute, print_json, table
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.moment import wall_at

if TYPE_CHECKING:
    from segue.schedule.slot import Slot
    from segue.show.outlook import DagClock

__all__ = ["app", "told_clocks"]

app = typer.Typer(add_completion=False)

_FOLDED: Final = 6
_STATES: Final = {
    "paused": ("‖ paused", "yellow"),
    "retired": ("▫ retired", "dim"),
    "by hand": ("· by hand", "dim"),
    "once": ("◌ when it is first enabled", "blue"),
    "over": ("▫ its time table has ended", "dim"),
    "quarantined": ("✗ quarantined", "bold red"),
}


@app.command(name="next")
def next_(
    dag: Annotated[str | None, typer.Argument(metavar="[DAG]", help="only this one")] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", help="everything of the next N days", min=1, max=366)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say what will run when, and which interval it covers."""
    from segue.app.reading import open_reading
    from segue.show.outlook import clocks_of
    from segue.show.views.ahead import clock_item

    place, now = home_here(home), SystemClock().now()
    with open_reading(place) as reading:
        clocks = clocks_of(reading, now, dag, days)
    if as_json:
        print_json([clock_item(clock) for clock in clocks])
        return Code.GOOD
    screen = console()
    if not clocks:
        screen.print(f"the home {place.path} knows no DAG yet: `segue up` registers those of the project")
        return Code.GOOD
    if dag is not None:
        screen.print(Text.assemble((clocks[0].spec.id, "bold"), f"  {clocks[0].words}\n"))
    told_clocks(screen, clocks, now, whole=days is not None)
    return Code.GOOD


def told_clocks(screen: Console, clocks: list[DagClock], now: Instant, *, whole: bool) -> None:
    """Print what falls due as a table, soonest first, and below it what does not run by itself.

    Args:
        screen: where to.
        clocks: of the DAGs.
        now: the present.
        whole: a day in which a DAG runs often is one line.
    """
    coming = sorted(
        ((slots[0].due, clock, slots) for clock in clocks for slots in _lines(clock, whole)), key=lambda one: one[0]
    )
    rows = table("  due", ">in", "DAG", "covers")
    for due, clock, slots in coming:
        zone, last = clock.spec.timezone, slots[-1]
        at, covers = minute(due, zone), slot_key(slots[0].start, slots[0].end, zone)
        if len(slots) > 1:
            at = f"{at} .. {wall_at(last.due, zone):%H:%M}"
            covers = f"{len(slots)} intervals"
        told = Text("  ").join([Text(covers), _notes(clock)]) if _notes(clock) else covers
        rows.add_row(f"  {at}", about(due - now), Text(clock.spec.id, style="bold"), told)
    if coming:
        screen.print(rows)
    idle = [clock for clock in clocks if not clock.coming]
    if idle and coming:
        screen.print()
    others = table("", "", "")
    others.show_header = False
    for clock in idle:
        word, style = _STATES.get(clock.state, ("· nothing in these days", "dim"))
        until = f"until {minute(clock.until, clock.spec.timezone)}" if clock.until is not None else ""
        others.add_row(Text(f"  {word}", style=style), Text(clock.spec.id, style="bold"), until)
    if idle:
        screen.print(others)
    if any(clock.state == "not seen" for clock in clocks):
        screen.print()
        screen.print(Text("  no scheduler has planned for what is *not seen* yet: `segue up` does", style="dim"))


def _lines(clock: DagClock, whole: bool) -> Iterator[list[Slot]]:
    """What stands in one line: one slot, or all of a day where there are many."""
    days = groupby(clock.coming, key=lambda slot: wall_at(slot.due, clock.spec.timezone).date())
    for _, slots in days:
        found = list(slots)
        if whole and len(found) > _FOLDED:
            yield found
        else:
            yield from ([slot] for slot in found)


def _notes(clock: DagClock) -> Text:
    if clock.waiting:
        return Text(f"{clock.waiting:,} due already, waiting for room", style="yellow")
    if clock.state == "paused":
        return Text("after its pause", style="yellow")
    return Text("not seen" if clock.state == "not seen" else "", style="dim")
