from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.home import home_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import STYLES, Code, console, plain, print_json, state_text, table, when
from segue.model.moment import DAY, wall_at

if TYPE_CHECKING:
    from segue.show.slots import Ledger, SlotCell

__all__ = ["app", "calendar", "legend"]

app = typer.Typer(add_completion=False)

_ORDER: Final = ("fresh", "running", "stale", "held", "failed", "missing", "skipped", "retired")
_WIDEST: Final = 120
_MONTH: Final = 28
_GAP: Final = 3
_MONTHS, _DAYS, _ROWS = 6, 31, 60
_WORST: Final = ("failed", "missing", "held", "stale", "running", "skipped", "fresh", "retired")


@app.command()
def slots(
    dag: Annotated[str, typer.Argument(metavar="DAG", help="its id")],
    span: Annotated[
        str | None, typer.Argument(metavar="[FROM..TO]", help="2026-04, 2026-04-01..2026-04-30: both ends included")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show every interval of a DAG as missing, running, fresh, stale, held, failed or skipped."""
    from segue.app.reading import open_reading
    from segue.show.slots import ledger_of
    from segue.show.views.ahead import ledger_page

    with open_reading(home_here(home)) as reading:
        view, spec = reading.dag(dag)
        clock = (view.timing, view.foretold)
        ledger = ledger_of(spec, clock, reading.slots(view.dag), SystemClock().now(), span)
    if as_json:
        print_json(ledger_page(ledger))
        return Code.GOOD
    screen = console()
    zone = f"  {spec.timezone}" if spec.schedule is not None else ""
    screen.print(Text.assemble((spec.id, "bold"), f"  {ledger.words}", (zone, "dim")))
    screen.print()
    if not ledger.cells:
        screen.print("no interval is due" + (f" in {span}" if span else " yet"))
        return Code.GOOD
    screen.print(calendar(ledger, min(screen.width, _WIDEST), whole=span is not None))
    screen.print()
    for line in legend(ledger):
        screen.print(line, soft_wrap=True)  # a command is copied whole
    return Code.GOOD


def legend(ledger: Ledger) -> Iterator[Text]:
    """How many intervals show what, and what fills the holes."""
    counts = ledger.counts
    parts = [
        Text.assemble((f"{STYLES[state][0]} ", STYLES[state][2]), f"{counts[state]:,} {STYLES[state][1]}")
        for state in _ORDER
        if counts[state]
    ]
    yield Text("  ").join([Text(), Text("   ").join(parts)])
    waiting = sum(cell.waits for cell in ledger.cells)
    if waiting:
        yield Text(f"  {waiting:,} of the missing will be run by itself, as soon as there is room", style="dim")
    if ledger.retired:
        yield Text("  no file declares this DAG any more: nothing of it runs", style="dim")
    if ledger.remedy:
        yield Text.assemble(("  to fill them: ", "dim"), ledger.remedy)


def calendar(ledger: Ledger, width: int, *, whole: bool = True) -> RenderableType:
    """The intervals as months, as days with hours, or as a list, whatever fits how often there is one.

    Args:
        ledger: what is shown.
        width: of the terminal.
        whole: everything; else only what is recent, and in a line how much is left out.
    """
    cells = ledger.cells
    days = _by_day(ledger)
    most = max(map(len, days.values()))
    length = sorted(cell.slot[1] - cell.slot[0] for cell in cells)[len(cells) // 2]
    if most == 1 and length < 4 * DAY:
        shown = [cell for cell in cells if whole or _months_ago(cells[-1], cell, ledger) < _MONTHS]
        return _framed(ledger, shown, Group(*_months(ledger, shown, width)))
    if most > 1 and length < DAY:
        shown_days = sorted(days)[0 if whole else -_DAYS :]
        shown = [cell for day in shown_days for cell in days[day]]
        return _framed(ledger, shown, _hours({day: days[day] for day in shown_days}, ledger.spec.timezone))
    shown = list(cells[0 if whole else -_ROWS :])
    return _framed(ledger, shown, _listed(ledger, shown))


def _framed(ledger: Ledger, shown: Sequence[SlotCell], grid: RenderableType) -> RenderableType:
    """What is shown, and above it how much of the past is not."""
    hidden = ledger.cells[: len(ledger.cells) - len(shown)]
    if not hidden and not ledger.cut:
        return grid
    counts = Counter(cell.state for cell in hidden)
    told = ", ".join(f"{counts[state]:,} {STYLES[state][1]}" for state in _ORDER if counts[state])
    lines = []
    if ledger.cut:
        lines.append(
            Text(f"  older intervals are too many to show: segue slots {ledger.spec.id} FROM..TO", style="dim")
        )
    if hidden:
        first, last = (wall_at(cell.slot[0], ledger.spec.timezone).date() for cell in (hidden[0], hidden[-1]))
        lines.append(Text(f"  earlier: {told}: segue slots {ledger.spec.id} {first}..{last}", style="dim"))
    return Group(*lines, Text(), grid)


# -------------------------------------------------------------------------------------------------------------- months
def _by_day(ledger: Ledger) -> dict[date, list[SlotCell]]:
    """Cells by the local day on which they begin; a retired one only where nothing else does."""
    found: dict[date, list[SlotCell]] = defaultdict(list)
    for cell in ledger.cells:
        found[wall_at(cell.slot[0], ledger.spec.timezone).date()].append(cell)
    for day, cells in found.items():
        found[day] = [cell for cell in cells if cell.state != "retired"] or cells
    return found


def _months_ago(newest: SlotCell, cell: SlotCell, ledger: Ledger) -> int:
    last, day = (wall_at(one.slot[0], ledger.spec.timezone) for one in (newest, cell))
    return (last.year - day.year) * 12 + last.month - day.month


def _months(ledger: Ledger, shown: Sequence[SlotCell], width: int) -> Iterator[Text]:
    """Months side by side, as many as fit."""
    known = {day: cells[0] for day, cells in _by_day(ledger).items()}
    starts = [wall_at(cell.slot[0], ledger.spec.timezone).date() for cell in shown]
    blocks = [_month(year, month, known) for (year, month), _ in groupby((day.year, day.month) for day in starts)]
    abreast = max(1, (width - 2 + _GAP) // (_MONTH + _GAP))
    for at in range(0, len(blocks), abreast):
        if at:
            yield Text()
        row = blocks[at : at + abreast]
        for line in range(max(map(len, row))):
            parts = [block[line] if line < len(block) else Text(" " * _MONTH) for block in row]
            text = Text("  ") + Text(" " * _GAP).join(parts)
            text.rstrip()
            yield text


def _month(year: int, month: int, known: dict[date, SlotCell]) -> list[Text]:
    first = date(year, month, 1)
    lines = [
        Text(f"{first:%B} {year}".center(_MONTH), style="bold"),
        Text("".join(f" {name} " for name in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")), style="dim"),
    ]
    line = Text(" " * 4 * first.weekday())
    for number in range(monthrange(year, month)[1]):
        day = first + timedelta(days=number)
        if day.weekday() == 0 and number:
            lines.append(line)
            line = Text()
        cell = known.get(day)
        if cell is None:
            line.append(f" {day.day:>2} ", style="dim")
        else:
            glyph, _, style = STYLES[cell.state]
            line.append(f" {day.day:>2}{glyph}", style=style)
    line.append(" " * (_MONTH - len(line)))
    return [*lines, line]


# --------------------------------------------------------------------------------------------------------------- hours
def _hours(days: dict[date, list[SlotCell]], zone: str) -> RenderableType:
    """A line for each day with a column for each hour of the wall; an autumn night has one hour with two intervals."""
    lines = [Text("  " + " " * 12 + "".join(f"{hour:<6}" for hour in range(0, 24, 3)).rstrip(), style="dim")]
    finest = 0
    for day, cells in days.items():
        line = Text.assemble("  ", (f"{day.isoformat():<12}", "dim" if day.weekday() > 4 else ""))
        for hour in range(24):
            here = [cell for cell in cells if wall_at(cell.slot[0], zone).hour == hour]
            finest = max(finest, len(here))
            marks = here if len(here) <= 2 else [min(here, key=lambda cell: _WORST.index(cell.state))]
            for cell in marks:
                line.append(STYLES[cell.state][0], style=STYLES[cell.state][2])
            line.append(" " * (2 - len(marks)))
        line.rstrip()
        lines.append(line)
    if finest > 2:
        lines.append(Text(f"  {'':12}each mark is the worst of up to {finest} intervals of that hour", style="dim"))
    return Group(*lines)


# ---------------------------------------------------------------------------------------------------------------- list
def _listed(ledger: Ledger, shown: Sequence[SlotCell]) -> RenderableType:
    """A line for each interval; where there are many, a line for each stretch of them that shows the same."""
    zone = ledger.spec.timezone
    if len(shown) <= _ROWS:
        rows = table("  interval", "until", "state", "run", ">version")
        for cell in shown:
            version = "" if cell.version is None else str(cell.version)
            run = plain(cell.run or "")
            rows.add_row(f"  {cell.key}", when(cell.slot[1], zone), state_text(cell.state), run, version)
        return rows
    rows = table("  from", "to", ">intervals", "state")
    for state, cells in groupby(shown, key=lambda cell: cell.state):
        stretch = list(cells)
        rows.add_row(f"  {stretch[0].key}", stretch[-1].key, f"{len(stretch):,}", state_text(state))
    return rows
