from __future__ import annotations

from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, OneRun, Since, StateOption, Tag, Yes

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def cancel(  # noqa: PLR0913  # an option is a parameter
    run: OneRun = None,
    now: Annotated[bool, typer.Option("--now", help="kill at once: no TERM, no grace")] = False,
    state: StateOption = None,
    since: Since = None,
    dag: DagGlob = None,
    tag: Tag = None,
    error: ErrorGlob = None,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Stop runs: what waits at once, what works by TERM, a grace period, then KILL."""
    from segue.cli.acting import Words, act_on, choose
    from segue.model.acts import CancelRun
    from segue.show.plans.acting import CANCEL

    settings = settings_here(home=home)
    chosen = choose(settings, CANCEL, [run] if run else (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    return act_on(settings, chosen, lambda view: [CancelRun(view.run, now)], as_json, judged=False)
