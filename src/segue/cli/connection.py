from __future__ import annotations

from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, warn
from segue.cli.sealed import print_names, read_value
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_USAGE = "write `segue connection add NAME URI`, `list`, `test NAME` or `remove NAME`"


@app.command()
def connection(
    action: Annotated[str, typer.Argument(metavar="add|list|test|remove", help="test: really connect")],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="as tasks name it in connections=")] = None,
    uri: Annotated[
        str | None, typer.Argument(metavar="[URI]", help="scheme://user:password@host:port/database?extra=…")
    ] = None,
    prompt: Annotated[bool, typer.Option("--prompt", help="ask for the address, so that nobody sees it")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Keep addresses of systems outside in the encrypted store, and try them. Without URI it is read from standard
    input."""
    from segue.app.safe import HomeSafe
    from segue.app.vault_store import keep, remove

    settings = settings_here(home=home)
    match action, name, uri:
        case "add", str(), _:
            if uri is not None and prompt:
                raise UsageError("either the address or --prompt, not both")
            said = keep(settings, "connection", name, uri or read_value(f"address of connection {name}"), warn)
        case "remove", str(), None:
            said = remove(settings, "connection", name, warn)
        case "test", str(), None:
            said = HomeSafe(settings).test(name)
        case "list", None, None:
            return print_names(settings, "connection", as_json)
        case _:
            raise UsageError(_USAGE)
    if as_json:
        print_json({"done": [said]})
    else:
        console().print(plain(said))
    return Code.GOOD
