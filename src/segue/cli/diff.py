from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption, RunArgument
from segue.cli.output import Code, console, plain, print_json, table
from segue.model.duration import show_duration
from segue.model.errors import UsageError

if TYPE_CHECKING:
    from segue.app.settings import Settings
    from segue.model.api.dags import CodeDiff
    from segue.show.diffing import Side
    from segue.show.reading import Reading

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@app.command()
def diff(
    run: RunArgument,
    other: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="the run to compare with; none: the newest code")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say what lies between two runs, or between a run and the newest code: code, tasks, params, durations, rows."""
    from segue.app.bundles import BundleFiles
    from segue.app.home import Home
    from segue.app.reading import open_reading
    from segue.show.diffing import difference_of

    settings = settings_here(home=home)
    with open_reading(Home(settings.home)) as reading:
        old = _side(reading, run)
        new = _newest(settings, old) if other is None else _side(reading, other)
    found = difference_of(old, new, BundleFiles(settings.home / "bundles"))
    if as_json:
        print_json(found)
    else:
        _tell(console(), found)
    return Code.GOOD


def _side(reading: Reading, run: str) -> Side:
    from segue.show.diffing import Side

    detail = reading.detail(reading.find(run))
    row = detail.run.row
    return Side(str(row.run), detail.spec, row.bundle, row.params, detail)


def _newest(settings: Settings, old: Side) -> Side:
    """The DAG as its file says it now."""
    from segue.app.newest import read_again
    from segue.show.diffing import Side

    assert old.run is not None
    dag = old.run.run.run.dag
    for read in read_again(settings, [dag]):
        for one in read.definitions:
            if dag in (one.spec.id, one.spec.renamed_from):
                return Side("the newest code", one.spec, one.bundle, old.params)
    raise UsageError(f"{old.spec.file} is gone or no longer declares {dag}: name a second run to compare with")


def _tell(screen: Console, found: CodeDiff) -> None:
    screen.print(Text.assemble((found.old, "bold"), " → ", (found.new, "bold")))
    if found.nothing:
        screen.print("  same code, tasks and params", style="dim")
    for file in found.files:
        screen.print(Text.assemble("\n", (file.change, "yellow"), " ", (file.file, "bold")))
        for line in file.lines[2:]:
            screen.print(Text(f"  {plain(line)}", style=_COLOURS.get(line[:1], "")))
    _rows(screen, "task", [(task, change) for task, change in found.tasks])
    _rows(screen, "param", [(name, f"{one} → {other}") for name, one, other in found.params])
    lengths = [(name, f"{show_duration(one)} → {show_duration(other)}") for name, one, other in found.durations]
    _rows(screen, "took", lengths)
    _rows(screen, "rows", [(name, f"{one:,} → {other:,}") for name, one, other in found.rows])


def _rows(screen: Console, title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        grid = table(f"  {title}", "")
        for name, text in rows:
            grid.add_row(f"  {name}", plain(text))
        screen.print()
        screen.print(grid)
