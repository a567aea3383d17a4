from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, say_errors
from segue.model.errors import EnvironmentFault, Refused

if TYPE_CHECKING:
    from segue.app.settings import Settings
    from segue.model.acts import TriggerRun
    from segue.show.plans.triggering import Wanted

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
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="why: kept with the run")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="cancel an active run of the interval first")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="follow it; the exit code tells how it ended")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Have the owner of this home run a DAG now, with the version that it knows."""
    from segue.app.acting import ask_owner, owner_here
    from segue.app.home import Home
    from segue.app.interrupts import interrupts_held
    from segue.cli.following import follow_there
    from segue.model.acts import TriggerRun
    from segue.show.plans.triggering import Wanted

    settings = settings_here(home=home)
    place = Home(settings.home)
    like = TriggerRun(dag, "", reason=reason, replace=replace)
    acts, named = _read(settings, like, Wanted(date, interval), param or ())
    if named and not as_json:
        console().print(plain(named))
    owner = owner_here(place)
    if owner is None:
        raise EnvironmentFault(f"nobody owns {place.path}: start `segue up`, or `segue run {dag}` runs it now")
    with owner, interrupts_held(patient=False) as ready:
        answers = ask_owner(owner, acts)
        if wait:
            ranged = len(acts) > 1
            return follow_there(place, answers.runs, answers.refusals, as_json=as_json, ranged=ranged, ready=ready)
    if answers.refusals:
        return say_errors([Refused(text) for text in answers.refusals], as_json)
    if as_json:
        print_json({"done": answers.texts, "runs": [str(run) for run in answers.runs]})
    for text in () if as_json else answers.texts:
        console().print(plain(text))
    return Code.GOOD


def _read(settings: Settings, like: TriggerRun, wanted: Wanted, params: Sequence[str]) -> tuple[list[TriggerRun], str]:
    """The acts that make the runs, with the version that the home knows, and a sentence about what is meant."""
    from functools import partial

    from msgspec.structs import replace

    from segue.app.actor import new_id
    from segue.app.clock import SystemClock
    from segue.app.home import Home
    from segue.app.reading import open_reading
    from segue.app.vault_store import seal_param
    from segue.cli.sealed import read_value
    from segue.show.plans.triggering import meant_slots, params_of, read_params, triggers_for

    with open_reading(Home(settings.home)) as reading:
        view, spec = reading.declared(like.dag)
    slots, named = meant_slots(spec, wanted, SystemClock().now(), view.foretold)
    given = read_params(spec, params, lambda name: read_value(f"param {name}"))
    like = replace(like, params=params_of(spec, given, partial(seal_param, settings)))
    return [act for _, act in triggers_for(spec, slots, like, lambda _: new_id())], named
