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
_USAGE = "write `segue secret set NAME`, `list`, `remove NAME` or `rotate`"


# One command, not a group: parsing a group loads pydantic even for `--help`.
@app.command()
def secret(
    action: Annotated[str, typer.Argument(metavar="set|list|remove|rotate", help="rotate: a new key for all")],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="as tasks name it in secrets=")] = None,
    extra: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Keep secrets in the encrypted store. The value is read from standard input, or asked for."""
    from segue.app.vault_store import keep, remove, rotate

    settings = settings_here(home=home)
    if extra:
        raise UsageError("a value on the command line is seen by every process: pipe it in, or let it be asked for")
    match action, name:
        case "set", str():
            said = keep(settings, "secret", name, read_value(f"value of secret {name}"), warn)
        case "remove", str():
            said = remove(settings, "secret", name, warn)
        case "list", None:
            return print_names(settings, "secret", as_json)
        case "rotate", None:
            done = rotate(settings, warn)
            said = f"{done.values} values are encrypted with the new key {done.key}"
        case _:
            raise UsageError(_USAGE)
    if as_json:
        print_json({"done": [said]})
    else:
        console().print(plain(said))
    return Code.GOOD
