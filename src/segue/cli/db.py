from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, warn

__all__ = ["app"]

app = typer.Typer(add_completion=False, help="Look after the database.")


@app.command()
def upgrade(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """Bring the database to the newest version; a copy is made before."""
    from segue.app.upkeep import upgrade_home

    said = upgrade_home(settings_here(home=home), warn)
    if as_json:
        print_json({"done": said})
    else:
        for text in said:
            console().print(plain(text))
    return Code.GOOD


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the copy to make")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Copy the database, also while runs go on."""
    from segue.app.upkeep import backup_home

    size = backup_home(settings_here(home=home), file)
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        console().print(plain(f"{file}: {size:,} bytes"))
    return Code.GOOD
