from __future__ import annotations

from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, Since, StateOption, Tag, Yes

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
    from segue.app.acting import RETRY
    from segue.cli.acting import Words, act_on, choose
    from segue.model.events import RetryRun

    settings = settings_here(home=home)
    chosen = choose(settings, RETRY, given or (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    return act_on(settings, chosen, lambda view: [RetryRun(view.run, chosen.rest, only, force)], as_json)
