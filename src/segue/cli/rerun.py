from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from segue.app.home import settings_here
from segue.app.settings import Settings
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, OneRun, Since, StateOption, Tag, Yes
from segue.cli.output import console, plain, print_json

if TYPE_CHECKING:
    from segue.cli.acting import Chosen
    from segue.model.events import Event
    from segue.model.spec import DagSpec
    from segue.show.plans.rerunning import ReusePlan

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_SHOWN = 20


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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be taken over and what would run, and do nothing")
    ] = False,
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
    from segue.cli.acting import Words, act_on, choose
    from segue.model.acts import RerunRun
    from segue.show.plans.acting import RERUN

    settings, tasks = settings_here(home=home), tuple(cut or ())
    chosen = choose(settings, RERUN, [run] if run else (), Words(state, since, dag, tag, error, yes, as_json))
    if chosen is None:
        return 0
    newest = cache(partial(_newest, settings, frozenset(view.run.dag for view in chosen.plan.runs)))
    if (failed or tasks) and (dry_run or not as_json):
        plans = _plans(settings, chosen, newest()[1], failed, tasks)
        if as_json:
            print_json({"runs": [{"run_id": run, **_shown(plan)} for run, plan in plans]})
        for run, plan in () if as_json else plans:
            _tell(run, plan)
    if dry_run:
        return 0
    return act_on(
        settings, chosen, lambda view: [RerunRun(view.run, None, replace, failed, tasks)], as_json, before=newest
    )


def _newest(settings: Settings, dags: frozenset[str]) -> tuple[Sequence[Event], Sequence[DagSpec]]:
    """The DAGs as their files say them now; a file that is gone leaves the version that the home knows."""
    from segue.app.newest import read_again
    from segue.app.owner import defined_by

    reads = read_again(settings, dags)
    return [defined_by(read) for read in reads], [one.spec for read in reads for one in read.definitions]


def _plans(
    settings: Settings, chosen: Chosen, specs: Sequence[DagSpec], failed: bool, cut: tuple[str, ...]
) -> list[tuple[str, ReusePlan]]:
    from segue.app.acting import details_of
    from segue.app.clock import SystemClock
    from segue.app.home import Home
    from segue.show.plans.rerunning import preview

    now, kept = SystemClock().now(), settings.limits(0).results
    newest = {name: spec for spec in specs for name in (spec.renamed_from, spec.id) if name}
    details = details_of(Home(settings.home), [view.run for view in chosen.plan.runs])
    return [
        (str(one.run.run), preview(one, newest.get(one.run.run.dag, one.spec), failed, cut, now, kept))
        for one in details[:_SHOWN]
    ]


def _shown(plan: ReusePlan) -> dict[str, object]:
    runs = [{"task_id": task, "why": str(why)} for task, why in plan.runs]
    return {"reused": plan.reused, "runs": runs, "new": plan.new, "gone": plan.gone, "changed": plan.changed}


def _tell(run: str, plan: ReusePlan) -> None:
    screen = console()
    screen.print(Text.assemble((run, "bold"), "  ", plan.summary))
    groups = [("reused", ((task, "") for task in plan.reused)), ("runs", ((task, str(why)) for task, why in plan.runs))]
    groups += [("new", ((task, "") for task in plan.new)), ("gone", ((task, "") for task in plan.gone))]
    groups += [("changed, reused all the same", ((task, "") for task in plan.changed))]
    for title, tasks in groups:
        for at, (task, why) in enumerate(tasks):
            if at == _SHOWN:
                screen.print("          …", style="dim")
                break
            style = "cyan" if title == "reused" else ""
            screen.print(Text.assemble((f"  {title:<7} ", style), (task, "bold"), f"  {plain(why)}"))
    screen.print()
