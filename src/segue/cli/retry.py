from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, Since, StateOption, Tag, Yes
from segue.cli.output import warn
from segue.model.errors import DefinitionError

if TYPE_CHECKING:
    from segue.app.settings import Settings
    from segue.cli.acting import Chosen

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def retry(  # noqa: PLR0913  # an option is a parameter
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [TASK]...", help="no RUN with a selection; TASK: clean, clean[3]; default: all that failed"
        ),
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="the tasks named, not what follows them")] = False,
    force: Annotated[bool, typer.Option("--force", help="even where the interval has a newer run")] = False,
    state: StateOption = None,
    since: Since = None,
    dag: DagGlob = None,
    tag: Tag = None,
    error: ErrorGlob = None,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Go on with runs: again what failed or was interrupted, with the same code; what succeeded stays."""
    from segue.cli.acting import Words, act_on, choose
    from segue.model.acts import RetryRun
    from segue.show.plans.acting import RETRY

    settings = settings_here(home=home)
    chosen = choose(settings, RETRY, given or (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    if not chosen.ranged and not as_json:
        _offer(settings, chosen)
    return act_on(settings, chosen, lambda view: [RetryRun(view.run, chosen.rest, only, force)], as_json)


def _offer(settings: Settings, chosen: Chosen) -> None:
    """A retry keeps the run's code: say so where what failed has been mended since."""
    from segue.app.acting import details_of
    from segue.app.home import Home
    from segue.app.newest import read_again
    from segue.show.plans.rerunning import newer_code

    [detail] = details_of(Home(settings.home), [view.run for view in chosen.plan.runs])
    if not detail.run.culprits:
        return
    dag = detail.run.run.dag
    try:
        specs = [one.spec for read in read_again(settings, [dag]) for one in read.definitions]
    except DefinitionError:
        return  # a retry does not need the file
    for spec in specs:
        if dag in (spec.id, spec.renamed_from) and (tasks := newer_code(detail, spec)):
            again = f"segue rerun --failed {detail.run.run}"
            warn(f"{', '.join(tasks)} has newer code, and a retry keeps the old: `{again}` takes the new")
