from __future__ import annotations

from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, warn
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)


# One command, not a group: parsing a group loads pydantic even for `--help`.
@app.command()
def pool(
    action: Annotated[str, typer.Argument(metavar="set|remove", help="give a pool slots; forget it")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="of the pool")],
    slots: Annotated[int | None, typer.Argument(metavar="[SLOTS]", help="what its tasks may use at once")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Set how many slots a pool has; pools of the settings file are a start that this overrides."""
    from segue.app.pools import set_pool
    from segue.model.events import SetPool

    if (action, slots is None) not in (("set", False), ("remove", True)):
        raise UsageError("write `segue pool set NAME SLOTS` or `segue pool remove NAME`")
    said = set_pool(settings_here(home=home), SetPool(name, slots), warn)
    if as_json:
        print_json({"done": [said]})
    else:
        console().print(plain(said))
    return Code.GOOD
