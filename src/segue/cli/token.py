from __future__ import annotations

import sys
from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.app.settings import Settings
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, table, terminal_safe, warn, when
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_USAGE = "write `segue token add [USER/]NAME --role ROLE`, `list [USER]` or `revoke [USER/]NAME`"


@app.command()
def token(
    action: Annotated[str, typer.Argument(metavar="add|list|revoke", help="add: prints it once")],
    name: Annotated[
        str | None, typer.Argument(metavar="[[USER/]NAME]", help="dana/ci; without a user: of your own name")
    ] = None,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="never more than its user may; default: viewer")
    ] = "viewer",
    on: Annotated[
        str | None, typer.Option("--on", metavar="SELECTION", help="'*', 'orders_*', tag:retail, location:finance")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", metavar="N", help="good for so many; default: 90")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make, list and end the tokens that scripts use instead of signing in."""
    settings = settings_here(home=home)
    match action, name:
        case "list", _:
            return _list(settings, name, as_json)
        case "add", str():
            return _add(settings, name, (role, on, days), as_json)
        case "revoke", str():
            return _revoke(settings, name, as_json)
    raise UsageError(_USAGE)


def _add(settings: Settings, name: str, scope: tuple[str, str | None, int | None], as_json: bool) -> int:
    from segue.app.access import grant_of, opened_keeper
    from segue.app.actor import actor_here
    from segue.app.clock import SystemClock

    (user, own), (role, on, days) = _named(name), scope
    with opened_keeper(settings, warn) as keeper:
        grant = grant_of(role, on)
        made, kept = keeper.people.add_token(user, own, grant, days, actor_here(), SystemClock().now())
    if as_json:
        print_json({"token": made, "id": kept.id, "user": kept.user, "name": kept.name, "until": when(kept.until)})
    else:
        sys.stdout.write(f"{made}\n")  # alone, for `SEGUE_TOKEN=$(segue token add …)`
        sys.stdout.flush()
        may = f"{kept.scope.role} on {kept.scope.select}, never more than {kept.user}"
        warn(f"{kept.user}/{kept.name} is {may}, until {when(kept.until)}; it is not shown again")
    return Code.GOOD


def _revoke(settings: Settings, name: str, as_json: bool) -> int:
    from segue.app.access import opened_keeper
    from segue.app.actor import actor_here
    from segue.app.clock import SystemClock

    user, own = _named(name)
    with opened_keeper(settings, warn) as keeper:
        keeper.people.revoke_token(user, own, actor_here(), SystemClock().now())
    said = f"token {user}/{own} has ended"
    if as_json:
        print_json({"done": [said]})
    else:
        console().print(plain(said))
    return Code.GOOD


def _named(name: str) -> tuple[str, str]:
    from segue.app.actor import actor_here

    user, mark, own = name.rpartition("/")
    return (user, own) if mark else (actor_here().lower(), own)


def _list(settings: Settings, user: str | None, as_json: bool) -> int:
    from segue.app.access import opened_keeper

    with opened_keeper(settings, warn) as keeper:
        found = keeper.people.tokens(user)
    if as_json:
        print_json([
            {
                "id": one.id, "user": one.user, "name": one.name, "role": one.scope.role.value,
                "select": one.scope.select, "until": when(one.until) or None, "used": when(one.used) or None,
            }
            for one in found
        ])  # fmt: skip
        return Code.GOOD
    if not found:
        console().print("there are no tokens")
        return Code.GOOD
    zone = settings.keys.timezone
    lines = table("user", "name", "may at most", "until", "used")
    for one in found:
        may = terminal_safe(f"{one.scope.role} on {one.scope.select}")
        lines.add_row(one.user, one.name, may, when(one.until, zone), when(one.used, zone))
    console().print(lines)
    return Code.GOOD
