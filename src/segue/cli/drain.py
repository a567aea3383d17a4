from __future__ import annotations

import time
from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json
from segue.model.errors import EnvironmentFault

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_LOOK = 0.1  # seconds between two looks at what still runs


@app.command()
def drain(
    off: Annotated[bool, typer.Option("--off", help="go on: tasks are started again")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Start nothing more and wait until what runs has ended, so that the owner can be restarted without harm."""
    from segue.app.acting import ask_owner, owner_here
    from segue.app.home import Home
    from segue.model.acts import Drain

    place = Home(settings_here(home=home).home)
    owner = owner_here(place)
    if owner is None:
        raise EnvironmentFault(f"nobody owns {place.path}: there is nothing to drain, and it is safe to restart")
    with owner:
        [said] = ask_owner(owner, [Drain(not off)]).texts
        alive = 0 if off else owner.health()["alive"]
        if alive and not as_json:
            console().print(plain(f"{said}; {alive} {'task runs' if alive == 1 else 'tasks run'} to the end"))
        while not off and owner.health()["alive"]:
            time.sleep(_LOOK)
    said = said if off else "nothing runs any more: it is safe to restart (`segue drain --off` goes on)"
    if as_json:
        print_json({"done": said})
    else:
        console().print(plain(said))
    return Code.GOOD
