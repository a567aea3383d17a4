from __future__ import annotations

from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, say_errors
from segue.model.errors import EnvironmentFault, Refused

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def trigger(  # noqa: PLR0913  # an option is a parameter
    dag: Annotated[str, typer.Argument(metavar="DAG", help="its id")],
    date: Annotated[str | None, typer.Option("--date", metavar="D", help="the interval that this names")] = None,
    interval: Annotated[
        str | None, typer.Option("--interval", metavar="A..B", help="the interval that begins at A and ends at B")
    ] = None,
    param: Annotated[list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="a param of the run")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="cancel an active run of the interval first")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="follow it; the exit code tells how it ended")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Have the owner of this home run a DAG now, with the version that it knows."""
    from segue.app.acting import ask_owner, owner_here
    from segue.app.home import Home
    from segue.app.triggering import Wanted, read_triggers
    from segue.cli.following import follow_there
    from segue.cli.sealed import read_value

    settings = settings_here(home=home)
    place = Home(settings.home)
    wanted = Wanted(dag, date, interval, tuple(param or ()), replace)
    acts, named = read_triggers(settings, wanted, lambda name: read_value(f"param {name}"))
    if named and not as_json:
        console().print(plain(named))
    owner = owner_here(place)
    if owner is None:
        raise EnvironmentFault(f"nobody owns {place.path}: start `segue up`, or `segue run {dag}` runs it now")
    with owner:
        answers = ask_owner(owner, acts)
    if wait:
        return follow_there(place, answers.runs, answers.refusals, as_json=as_json, ranged=len(acts) > 1)
    if answers.refusals:
        return say_errors([Refused(text) for text in answers.refusals], as_json)
    if as_json:
        print_json({"done": answers.texts, "runs": [str(run) for run in answers.runs]})
    for text in () if as_json else answers.texts:
        console().print(plain(text))
    return Code.GOOD
