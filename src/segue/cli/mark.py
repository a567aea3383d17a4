from __future__ import annotations

from typing import Annotated, Literal, get_args

import typer

from segue.app.home import settings_here
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, Since, StateOption, Tag, Yes
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_State = Literal["success", "failed", "skipped"]


@app.command()
def mark(  # noqa: PLR0913  # an option is a parameter
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] TASK success|failed|skipped", help="no RUN with a selection; TASK: clean or clean[3]"
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="kept with the mark")],
    state: StateOption = None,
    since: Since = None,
    dag: DagGlob = None,
    tag: Tag = None,
    error: ErrorGlob = None,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Set a task by hand; what lies below it is decided again."""
    from segue.cli.acting import Words, act_on, choose
    from segue.model.acts import MarkTask
    from segue.show.plans.acting import MARK

    settings = settings_here(home=home)
    words = Words(state, since, dag, tag, error, yes, as_json)
    task, wanted = _read(given[0 if words.selects else 1 :], words.selects)
    chosen = choose(settings, MARK, given, words)
    if chosen is None:
        return 0
    return act_on(settings, chosen, lambda view: [MarkTask(view.run, task, wanted, reason)], as_json, judged=False)


def _read(given: list[str], selects: bool) -> tuple[str, _State]:
    form = f"segue mark {'' if selects else 'RUN '}TASK success|failed|skipped --reason TEXT"
    if len(given) != 2:
        raise UsageError(f"write `{form}`")
    for state in get_args(_State):
        if state == given[1]:
            return given[0], state
    raise UsageError(f"{given[1]!r} is no state to mark a task with: `{form}`")
