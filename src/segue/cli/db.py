from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, warn
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)


# One command, not a group of two: parsing a group loads pydantic even for `--help`.
@app.command()
def db(
    action: Annotated[str, typer.Argument(metavar="upgrade|backup", help="to the newest version; or copy it")],
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="the copy to make by backup")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Look after the database: upgrade it (a copy is made before), or back it up, also while runs go on."""
    from segue.app.upkeep import backup_home, upgrade_home

    settings = settings_here(home=home)
    if action == "upgrade" and file is None:
        said = upgrade_home(settings, warn)
    elif action == "backup" and file is not None:
        said = [f"{file}: {backup_home(settings, file):,} bytes"]
    else:
        raise UsageError("write `segue db upgrade` or `segue db backup FILE`")
    if as_json:
        print_json({"done": said})
    else:
        for text in said:
            console().print(plain(text))
    return Code.GOOD
