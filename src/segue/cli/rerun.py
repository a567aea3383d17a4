from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.app.home import Home, settings_here
from segue.app.settings import Settings
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, OneRun, Since, StateOption, Tag, Yes

if TYPE_CHECKING:
    from segue.model.events import Event
    from segue.model.spec import DagSpec

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def rerun(  # noqa: PLR0913  # an option is a parameter
    run: OneRun = None,
    replace: Annotated[bool, typer.Option("--replace", help="cancel the run first where it has not ended")] = False,
    state: StateOption = None,
    since: Since = None,
    dag: DagGlob = None,
    tag: Tag = None,
    error: ErrorGlob = None,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run intervals anew, all tasks, with the newest code; the old runs stay as they are."""
    from segue.app.acting import RERUN
    from segue.cli.acting import Words, act_on, choose
    from segue.model.events import RerunRun

    settings = settings_here(home=home)
    chosen = choose(settings, RERUN, [run] if run else (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    dags = {view.run.dag for view in chosen.plan.runs}
    return act_on(
        settings, chosen, lambda view: [RerunRun(view.run, replace=replace)], as_json,
        before=lambda: _newest(settings, dags),
    )  # fmt: skip


def _newest(settings: Settings, dags: set[str]) -> tuple[Sequence[Event], Sequence[DagSpec]]:
    """The DAGs as their files say them now; a file that is gone leaves the version that the home knows.

    Raises:
        DefinitionError: a file cannot be read.
    """
    from segue.app.early import DefinitionChild, errors_of
    from segue.app.owner import defined_by
    from segue.app.reading import open_reading

    with open_reading(Home(settings.home)) as reading:
        places = {Path(view.location) / view.file for view in reading.dags() if view.dag in dags}
    files = sorted(place for place in places if place.is_file())
    with DefinitionChild(settings) as child:
        for file in files:
            child.ask(file)
        reads = [child.answer() for _ in files]
    for read in reads:
        for error in errors_of(read):
            raise error
    return [defined_by(read) for read in reads], [one.spec for read in reads for one in read.definitions]
