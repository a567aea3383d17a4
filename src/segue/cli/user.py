from __future__ import annotations

import sys
from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.app.settings import Settings
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, table, terminal_safe, warn, when
from segue.cli.sealed import read_value
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_USAGE = (
    "write `segue user add NAME [ROLE] [--on SELECTION] [--by link]`, `list`, `password NAME`, `role NAME ROLE [--on "
    "SELECTION]`, `link NAME`, `disable NAME`, `enable NAME` or `remove NAME`"
)


@app.command()
def user(
    action: Annotated[
        str, typer.Argument(metavar="add|list|password|role|link|disable|enable|remove", help="link: lets in once")
    ],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="lower case")] = None,
    role: Annotated[
        str | None, typer.Argument(metavar="[ROLE]", help="viewer, operator, author, admin; none takes it away")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="SELECTION", help="'*', 'orders_*', tag:retail, location:finance")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="password|link|oidc", help="how a new user enters; link: print one")
    ] = "password",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say who may enter the page and the API, and what they may do. A password is asked for, or read from standard
    input; changes end their sessions at once."""
    settings = settings_here(home=home)
    if action == "list" and name is None:
        return _list(settings, as_json)
    fits = role is None if action not in ("add", "role") else action == "add" or role is not None
    if name is None or not fits or by not in ("password", "link", "oidc"):
        raise UsageError(_USAGE)
    said = _done(settings, action, name, role or "viewer", on, by)
    if as_json:
        print_json({"done": said})
    else:
        for line in said:
            console().print(plain(line))
    return Code.GOOD


def _done(settings: Settings, action: str, name: str, role: str, on: str | None, by: str) -> list[str]:
    from segue.app.access import changed_grants, grant_of, opened_keeper
    from segue.app.actor import actor_here
    from segue.app.clock import SystemClock

    now, actor = SystemClock().now(), actor_here()
    with opened_keeper(settings, warn) as keeper:
        people = keeper.people
        match action:
            case "add":
                password = _password(name) if by == "password" else None
                people.add_user(name, [grant_of(role, on)], password, actor, now, elsewhere=by == "oidc")
                said = [f"{name} is {role} on {on or '*'}"]
                return [*said, _line(settings, keeper.entering.invite(name, actor, now))] if by == "link" else said
            case "password":
                people.user(name)
                people.set_password(name, _password(name), actor, now)
                return [f"{name} has another password; their sessions have ended"]
            case "role":
                grants = people.set_grants(name, changed_grants(people.user(name).grants, role, on), actor, now).grants
                shown = ", ".join(f"{grant.role} on {grant.select}" for grant in grants)
                now_is = f"is {shown}" if shown else "has no role any more"
                return [f"{name} {now_is}; their sessions have ended"]
            case "link":
                return [_line(settings, keeper.entering.invite(name, actor, now))]
            case "disable":
                people.set_disabled(name, True, actor, now)
                return [f"{name} cannot enter any more; their sessions have ended and their tokens stopped"]
            case "enable":
                people.set_disabled(name, False, actor, now)
                return [f"{name} may enter again"]
            case "remove":
                people.remove_user(name, actor, now)
                return [f"{name} is removed, with sessions and tokens"]
    raise UsageError(_USAGE)


def _password(name: str) -> str:
    first = read_value(f"password of {name}")
    if sys.stdin.isatty() and read_value("once more") != first:
        raise UsageError("these are two different passwords: nothing was changed")
    return first


def _line(settings: Settings, link: str) -> str:
    from segue.app.access import link_here

    return f"within a day this lets them in once: {link_here(settings, link)}"


def _list(settings: Settings, as_json: bool) -> int:
    from segue.app.access import opened_keeper

    with opened_keeper(settings, warn) as keeper:
        found = keeper.people.users()
    if as_json:
        print_json([
            {
                "name": one.name, "disabled": one.disabled, "password": one.password is not None,
                "outside": bool(one.subject), "made": when(one.made),
                "grants": [{"role": grant.role.value, "select": grant.select} for grant in one.grants],
            }
            for one in found
        ])  # fmt: skip
        return Code.GOOD
    if not found:
        console().print("nobody may enter yet: `segue user add NAME admin`, or the link that `segue up` prints")
        return Code.GOOD
    lines = table("name", "may", "since", "")
    for one in found:
        may = ", ".join(f"{grant.role} on {grant.select}" for grant in one.grants) or "nothing"
        state = "disabled" if one.disabled else "" if one.password or one.subject else "no password yet"
        lines.add_row(one.name, terminal_safe(may), when(one.made, settings.keys.timezone), state)
    console().print(lines)
    return Code.GOOD
