from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from segue.app.home import settings_here
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
    failed: Annotated[
        bool, typer.Option("--failed", help="take over every green task that has not changed, and run the rest")
    ] = False,
    cut: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="TASK", help="run this task and what follows it; take over the rest"),
    ] = None,
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
    """Run intervals anew with the newest code, all tasks or only what failed; the old runs stay as they are."""
    from segue.app.acting import RERUN
    from segue.cli.acting import Words, act_on, choose
    from segue.model.events import RerunRun

    settings = settings_here(home=home)
    chosen = choose(settings, RERUN, [run] if run else (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    dags = {view.run.dag for view in chosen.plan.runs}
    return act_on(
        settings, chosen, lambda view: [RerunRun(view.run, None, replace, failed, tuple(cut or ()))], as_json,
        before=lambda: _newest(settings, dags),
    )  # fmt: skip


def _newest(settings: Settings, dags: set[str]) -> tuple[Sequence[Event], Sequence[DagSpec]]:
    """The DAGs as their files say them now; a file that is gone leaves the version that the home knows."""
    from segue.app.newest import read_again
    from segue.app.owner import defined_by

    reads = read_again(settings, dags)
    return [defined_by(read) for read in reads], [one.spec for read in reads for one in read.definitions]
