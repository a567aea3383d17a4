from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from segue.app.home import Home, settings_here
from segue.cli.options import HomeOption, JsonOption, Yes
from segue.cli.output import Code, console, errors, plain, print_json, say_errors, warn
from segue.model.errors import UsageError

if TYPE_CHECKING:
    from segue.app.deploying import Plan
    from segue.model.api.outcomes import DagChange

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_SIGNS = {"new": ("+", "green"), "changed": ("~", "yellow"), "renamed": ("→", "yellow"), "gone": ("-", "red")}


@app.command()
def deploy(  # noqa: PLR0913  # an option is a parameter
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="folder or file with DAGs; default: `dags` of the settings")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="URL", help="a server, with a token of an author in SEGUE_TOKEN")
    ] = None,
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="kept with it: v42, a commit")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would change, and do nothing")] = False,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check DAG files, say what changes, and take them in one step: all of them or none."""
    from segue.app.acting import owner_here
    from segue.app.checking import files_of
    from segue.app.clock import SystemClock
    from segue.app.deploying import plan_deploy, plan_object, read_files
    from segue.app.early import errors_of
    from segue.app.errands import run_errands
    from segue.app.reading import open_reading

    if to is not None:  # the dispatcher has seen it, unless it is empty
        raise UsageError("--to wants the address of a server: https://segue.example.org")
    settings = settings_here(home=home)
    paths = [one.resolve() for one in ([path] if path is not None else settings.dags)]
    reads = read_files(settings, files_of(paths))
    faults = [error for read in reads for error in errors_of(read)]
    if faults:
        return say_errors(faults, as_json)
    place = Home(settings.home)
    with open_reading(place) as reading:
        plan = plan_deploy(reading, reads, paths, settings.home / "bundles", SystemClock().now())
    if not as_json:
        _show(plan)
    said = ""
    if not dry_run:
        if plan.asks and not yes and owner_here(place) is not None:  # without, `segue up` asks: by a proposed backfill
            _ask(plan.asks)
        [said] = run_errands(settings, [plan.act(label)], warn)
    if as_json:
        print_json({**plan_object(plan), "done": said})
    elif said:
        console().print(plain(said))
    return Code.GOOD


def _show(plan: Plan) -> None:
    screen = console()
    shown = [one for one in plan.changes if one.kind != "same"]
    for one in shown:
        sign, style = _SIGNS[one.kind]
        screen.print(Text.assemble((f"{sign} {one.dag}", style), f"  {one.kind}  ", (one.file, "dim")))
        for line in _lines(one):
            screen.print(Text.assemble("    ", plain(line)))
    same = len(plan.changes) - len(shown)
    if same:
        screen.print(
            f"{'' if shown else 'nothing changes: '}{same} DAG{'' if same == 1 else 's'} as before", style="dim"
        )


def _lines(one: DagChange) -> Sequence[str]:
    lines = []
    if one.former:
        lines.append(f"was called {one.former}: its history comes along")
    for old in one.suspects:
        lines.append(f"{old} has gone and looks like it: was it renamed? then write renamed_from={old!r}")
    if one.tasks:
        lines.append("tasks: " + ", ".join(f"{sign}{name}" for sign, name in one.tasks))
    elif one.code:
        lines.append("the code that it imports has changed")
    if one.clock is not None:
        before, after, coming = one.clock
        lines.append(f"{after}{f', until now {before}' if before else ''}")
        lines += [f"next runs: {', '.join(coming)}"] if coming else ["no run comes any more"]
    if one.missing is not None:
        count, first, last = one.missing
        what = f"{count:,} intervals that have ended are" if count > 1 else "an interval that has ended is"
        lines.append(f"{what} missing: `segue backfill {one.dag} {first}..{last}` runs {'them' if count > 1 else 'it'}")
    if one.catch_up:
        lines.append(f"catches up: {one.catch_up:,} intervals that have ended run by themselves")
    if one.under_way:
        lines.append(f"{one.under_way} of its runs {'goes' if one.under_way == 1 else 'go'} on with the version before")
    return lines


def _ask(asks: Sequence[DagChange]) -> None:
    what = ", ".join(f"{one.dag} runs {one.catch_up:,} intervals of the past" for one in asks)
    if not sys.stdin.isatty():
        raise UsageError(f"{what}: that needs a yes, add --yes. Nothing was done")
    errors().print(f"{what}: deploy? \\[y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise typer.Abort
