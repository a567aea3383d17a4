from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from segue.app.project import make_project
from segue.cli.options import JsonOption
from segue.cli.output import Code, console, print_json

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="where; default: here")] = Path(),
    as_json: JsonOption = False,
) -> int:
    """Make a project that runs, with a test."""
    files = make_project(folder)
    if as_json:
        print_json({"files": [str(path) for path in files]})
        return Code.GOOD
    screen = console()
    for path in files:
        screen.print(Text.assemble(("✓ ", "green"), str(path)))
    steps = [
        ("segue check", "read the DAGs and say what is wrong with them"),
        ("segue run dags/daily_orders.py", "run the newest complete day"),
        ("pytest", "run the test"),
    ]
    screen.print("\nnext:")
    if folder != Path():
        screen.print(f"  cd {shlex.quote(str(folder))}", style="bold")
    for command, meaning in steps:
        screen.print(Text.assemble("  ", (f"{command:<32}", "bold"), (meaning, "dim")))
    return Code.GOOD
