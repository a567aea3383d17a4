from __future__ import annotations

from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, Since, StateOption, Tag, Yes

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def release(  # noqa: PLR0913  # an option is a parameter
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN] [TASK]", help="no RUN with a selection; TASK: load or load[3]; default: all that is held"
        ),
    ] = None,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="why the data is good as it is; kept with the release")
    ],
    from_now_on: Annotated[
        bool, typer.Option("--from-now-on", help="the same task may be empty in comparable intervals to come")
    ] = False,
    state: StateOption = None,
    since: Since = None,
    dag: DagGlob = None,
    tag: Tag = None,
    error: ErrorGlob = None,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let held tasks go: publish what they staged, without running their code again."""
    from segue.cli.acting import Words, act_on, choose, held_by
    from segue.model.acts import ReleaseTask
    from segue.show.plans.acting import RELEASE

    settings = settings_here(home=home)
    chosen = choose(settings, RELEASE, given or (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    held = held_by(settings, chosen)
    return act_on(
        settings,
        chosen,
        lambda view: [ReleaseTask(view.run, task, reason, from_now_on) for task in held[view.run]],
        as_json,
    )
