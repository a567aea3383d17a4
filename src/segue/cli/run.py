from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeAlias

import typer

from segue.app.home import Home, own, scratch_settings, settings_here
from segue.app.settings import Settings
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import console, say_errors, warn
from segue.model.errors import Refused, UsageError

if TYPE_CHECKING:
    from segue.app.early import Read
    from segue.app.owner import Foreground
    from segue.model.acts import TriggerRun
    from segue.model.spec import DagSpec

    Drive: TypeAlias = Callable[[Foreground, Callable[[Foreground], None], bool], int]

__all__ = ["Words", "app", "known_file", "run_target", "sealed"]

app = typer.Typer(add_completion=False)


@app.command()
def run(  # noqa: PLR0913  # an option is a parameter
    target: Annotated[str, typer.Argument(metavar="TARGET", help="file.py, file.py:dag_id, or the id of a known DAG")],
    date: Annotated[
        str | None, typer.Option("--date", metavar="D | A..B", help="the interval, or a range: both ends included")
    ] = None,
    param: Annotated[list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="a param of the run")] = None,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="environment: [tool.segue.env.NAME]")] = None,
    scratch: Annotated[bool, typer.Option("--scratch", help="in a throw-away home: counts for no interval")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="cancel an active run of the interval first")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a DAG now, in the foreground: one interval, or a range of them."""

    def drive(driver: Foreground, ask: Callable[[Foreground], None], ranged: bool) -> int:
        from segue.cli.following import follow  # it imports SQLAlchemy: children start first

        return follow(driver, ask, as_json=as_json, ranged=ranged)

    words = Words(target, date, tuple(param or ()), replace, as_json)
    with scratch_settings(env) if scratch else nullcontext(settings_here(home=home, env=env)) as settings:
        return run_target(settings, words, drive)


class Words(NamedTuple):
    """What the command line says of the runs that are wanted."""

    target: str
    date: str | None
    params: tuple[str, ...]
    replace: bool
    as_json: bool


def run_target(settings: Settings, words: Words, drive: Drive, *, rehearse: bool = False) -> int:
    """Read the file that the target names, own the home, and drive the runs.

    Args:
        settings: in force.
        words: of the command line.
        drive: given the owner, what asks for the runs, and whether a range was named; gives the exit code.
        rehearse: writers publish nothing.
    """
    from segue.app.asking import read_target
    from segue.app.early import DefinitionChild, early_executor, errors_of

    file, wanted = read_target(words.target)
    if file is None:
        file, wanted = known_file(settings, words.target)
    if not rehearse and _stands(settings):
        return _run_there(settings, words, file, wanted)
    with own(settings, warn) as owner, DefinitionChild(settings) as child:
        child.ask(file)
        with early_executor(settings, file, rehearse=rehearse) as early:
            import segue.app.owner  # while children start: SQLAlchemy takes half a second

            read = child.answer()
            if read.errors:
                return say_errors(errors_of(read), words.as_json)
            spec, triggers = _asked(settings, words, read, wanted)

            def ask(driver: Foreground) -> None:
                driver.post(segue.app.owner.defined_by(read))
                for request, act in triggers:
                    driver.ask(act, request)

            with segue.app.owner.foreground(settings, owner, early, [spec]) as driver:
                return drive(driver, ask, len(triggers) > 1)


def _stands(settings: Settings) -> bool:
    """Whether an owner that stays may have the home; a run alone need not pay for the question."""
    if not (settings.home / "owner.json").exists():
        return False
    from segue.app.acting import standing_here

    return standing_here(Home(settings.home)) is not None


def _run_there(settings: Settings, words: Words, file: Path, wanted: str | None) -> int:
    """Have the owner of the home take the file as it is now and run it, and follow."""
    from segue.app.acting import ask_owner, owner_here
    from segue.app.control_client import OwnerGone
    from segue.app.early import DefinitionChild, errors_of
    from segue.app.interrupts import interrupts_held
    from segue.app.owner import defined_by
    from segue.cli.following import follow_there
    from segue.model.acts import Deploy

    home = Home(settings.home)
    with DefinitionChild(settings) as child:
        child.ask(file)
        read = child.answer()
    if read.errors:
        return say_errors(errors_of(read), words.as_json)
    _, triggers = _asked(settings, words, read, wanted)
    owner = owner_here(home)
    if owner is None:
        raise OwnerGone("the owner of this home has ended: ask again")
    with owner:
        taken = ask_owner(owner, [Deploy((defined_by(read),))])
        if taken.refusals:
            return say_errors([Refused(text) for text in taken.refusals], words.as_json)
        with interrupts_held(patient=False) as ready:  # a run that was asked for is to be cancelled
            answers = ask_owner(owner, [act for _, act in triggers])
            ranged = len(triggers) > 1
            return follow_there(home, answers.runs, answers.refusals, as_json=words.as_json, ranged=ranged, ready=ready)


def _asked(
    settings: Settings, words: Words, read: Read, wanted: str | None
) -> tuple[DagSpec, list[tuple[str, TriggerRun]]]:
    from segue.app.actor import new_id
    from segue.app.asking import chosen_dag
    from segue.app.clock import SystemClock
    from segue.app.declared import missing_names
    from segue.cli.sealed import read_value
    from segue.model.acts import TriggerRun
    from segue.show.plans.triggering import Wanted, meant_slots, params_of, read_params, triggers_for

    name = words.target.rpartition(":")[0] if wanted and ":" in words.target else words.target
    spec = chosen_dag([definition.spec for definition in read.definitions], wanted, name)
    for missing in missing_names(settings, os.environ, spec):
        warn(f"task {missing.task}: {missing.text}")
    given = read_params(spec, words.params, lambda name: read_value(f"param {name}"))
    params = params_of(spec, given, partial(sealed, settings))
    foretold = next(one.foretold for one in read.definitions if one.spec is spec)
    slots, named = meant_slots(spec, Wanted(words.date), SystemClock().now(), foretold)
    if named and not words.as_json:
        console().print(named)
    like = TriggerRun(spec.id, "", params=params, replace=words.replace)
    return spec, list(triggers_for(spec, slots, like, lambda _: new_id()))


def sealed(settings: Settings, name: str, value: object) -> bytes:
    """The value of a secret param, encrypted."""
    from segue.app.vault_store import seal_param

    return seal_param(settings, name, value)


def known_file(settings: Settings, dag: str) -> tuple[Path, str]:
    """The file of a DAG that the home knows, and the DAG's id.

    Raises:
        UsageError: the home knows none of that name, or its file is gone.
    """
    from segue.app.reading import open_reading

    with open_reading(Home(settings.real_home)) as reading:
        known = {view.dag: view for view in reading.dags()}
    if dag not in known:
        heirs = [view.dag for view in known.values() if dag in view.former]
        near = heirs or difflib.get_close_matches(dag, known, 1)
        hint = f": did you mean {near[0]}?" if near else ": name its file, `segue run file.py`"
        raise UsageError(f"this home knows no DAG {dag}{hint}")
    file = Path(known[dag].location) / known[dag].file
    if not file.is_file():
        raise UsageError(f"the file of DAG {dag} is gone: {file}")
    return file, dag
