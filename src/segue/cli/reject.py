from __future__ import annotations

from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, Since, StateOption, Tag, Yes

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def reject(  # noqa: PLR0913  # an option is a parameter
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [TASK]", help="no RUN with a selection; TASK: load or load[3]; default: all that is held"
        ),
    ] = None,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="what is wrong with the data; kept with the rejection")
    ],
    state: StateOption = None,
    since: Since = None,
    dag: DagGlob = None,
    tag: Tag = None,
    error: ErrorGlob = None,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Fail held tasks: what they staged is thrown away."""
    from segue.cli.acting import Words, act_on, choose, held_by
    from segue.model.acts import RejectTask
    from segue.show.plans.acting import REJECT

    settings = settings_here(home=home)
    chosen = choose(settings, REJECT, given or (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    held = held_by(settings, chosen)
    return act_on(
        settings, chosen, lambda view: [RejectTask(view.run, task, reason) for task in held[view.run]], as_json
    )
