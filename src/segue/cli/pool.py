from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from msgspec.structs import asdict

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, table, warn
from segue.model.errors import UsageError
from segue.model.views import PoolView

__all__ = ["app"]

app = typer.Typer(add_completion=False)


# One command, not a group: parsing a group loads pydantic even for `--help`.
@app.command()
def pool(
    action: Annotated[str, typer.Argument(metavar="list|set|remove", help="all; give one slots; forget one")] = "list",
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="of the pool")] = None,
    slots: Annotated[int | None, typer.Argument(metavar="[SLOTS]", help="what its tasks may use at once")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """List pools, or set how many slots one has; those of the settings file are a start that this overrides."""
    from segue.app.errands import run_errands
    from segue.app.pools import pools_of
    from segue.model.acts import SetPool

    settings = settings_here(home=home)
    if action == "list" and name is None:
        views = pools_of(settings)
        if as_json:
            print_json([asdict(view) for view in views])
        else:
            _tell(views)
        return Code.GOOD
    if name is None or (action, slots is None) not in (("set", False), ("remove", True)):
        raise UsageError("write `segue pool list`, `segue pool set NAME SLOTS` or `segue pool remove NAME`")
    [said] = run_errands(settings, [SetPool(name, slots)], warn)
    if as_json:
        print_json({"done": [said]})
    else:
        console().print(plain(said))
    return Code.GOOD


def _tell(views: Sequence[PoolView]) -> None:
    if not views:
        console().print("no pools: `segue pool set NAME SLOTS`, or [tool.segue.pools] in the settings")
        return
    rows = table("pool", ">slots", ">used", ">waiting")
    for view in views:
        rows.add_row(view.name, "?" if view.slots is None else str(view.slots), str(view.used), str(view.waiting))
    console().print(rows)
