"""What retry, rerun, cancel and mark share: whom they mean, the plan, the question, and who carries it out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer
from rich.text import Text

from segue.app.acting import ask_owner, details_of, owner_here
from segue.app.clock import SystemClock
from segue.app.early import early_executor
from segue.app.home import Home, own
from segue.app.interrupts import interrupts_held
from segue.app.owner import Foreground, foreground
from segue.app.reading import open_reading
from segue.app.settings import Settings
from segue.app.table_client import Asked
from segue.cli.following import follow, follow_there
from segue.cli.output import Code, console, errors, plain, print_json, say_errors, warn, when
from segue.model.acts import Act
from segue.model.errors import Refused, UsageError
from segue.model.events import Event
from segue.model.ids import RunKey
from segue.model.spec import DagSpec
from segue.model.views import RunView
from segue.show.plans.acting import Plan, Verb, held_tasks, plan_of
from segue.show.selecting import read_selection

__all__ = ["Chosen", "Words", "act_on", "choose", "held_by"]

_UNASKED = 10
_CAUSES = 5


@dataclass(frozen=True, slots=True)
class Words:
    """The options that every acting verb takes, as written."""

    state: Sequence[str] | None
    since: str | None
    dag: str | None
    tag: str | None
    error: str | None
    yes: bool
    as_json: bool

    @property
    def selects(self) -> bool:
        """Whether they select runs."""
        return any((self.state, self.since, self.dag, self.tag, self.error))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The runs that are meant, whether by a selection, and what else stood on the command line."""

    plan: Plan
    ranged: bool
    rest: tuple[str, ...]


def choose(settings: Settings, verb: Verb, given: Sequence[str], words: Words) -> Chosen | None:
    """Find the runs that are meant, show the plan, and ask where there are many. None: there is nothing to do.

    Args:
        settings: in force.
        verb: what is to be done.
        given: positional words: the run first, unless options select runs.
        words: options.

    Raises:
        UsageError: neither run nor selection, no such run, or nobody can be asked.
    """
    ranged = words.selects
    if not ranged and not given:
        raise UsageError(f"which runs? `segue {verb.name} RUN`, or a selection: --state failed --since 02:00")
    if ranged and verb.alone and given:
        raise UsageError(f"either a run or a selection, not both: {given[0]} and the options select different runs")
    named = {"dag": words.dag, "since": words.since, "tag": words.tag, "error": words.error}
    selection = read_selection(named, words.state, SystemClock().now(), settings.keys.timezone)
    with open_reading(Home(settings.home)) as reading:
        plan = plan_of(reading, verb, None if ranged else given[0], selection)
    if ranged and not words.as_json:
        _show(plan, settings.keys.timezone)
    if not plan.runs:
        if words.as_json:
            print_json({"runs": []})
        return None
    if len(plan.runs) > _UNASKED and not words.yes:
        _ask(plan)
    return Chosen(plan, ranged, tuple(given[0 if ranged else 1 :]))


def _show(plan: Plan, zone: str) -> None:
    screen = console()
    if not plan.runs:
        screen.print(f"nothing to {plan.verb.name}: no run fits")
        return
    tasks = f", {_count(plan.tasks, 'task')}" if plan.tasks else ""
    screen.print(
        Text.assemble(
            (f"{plan.verb.name} {_count(len(plan.runs), 'run')}{tasks}", "bold"), f", since {when(plan.since, zone)}"
        )
    )
    for view in plan.runs[:_UNASKED]:
        screen.print(f"  {view.run}")
    if len(plan.runs) > _UNASKED:
        screen.print(f"  … and {len(plan.runs) - _UNASKED:,} more", style="dim")
    for cause, times in plan.causes[:_CAUSES]:
        screen.print(Text.assemble((f"  {times:,} × ", "dim"), plain(cause)))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _ask(plan: Plan) -> None:
    asked = f"{plan.verb.name} {_count(len(plan.runs), 'run')}"
    if not sys.stdin.isatty():
        raise UsageError(f"{asked}: more than {_UNASKED} need a yes: add --yes. Nothing was done")
    errors().print(f"{asked}? \\[y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise typer.Abort


def held_by(settings: Settings, chosen: Chosen) -> dict[RunKey, list[str]]:
    """The held tasks that are meant, by run.

    Raises:
        UsageError: more than one task is named, or it is not held.
    """
    if len(chosen.rest) > 1:
        raise UsageError(f"one TASK at most, not {', '.join(chosen.rest)}: leave it out for all that is held")
    task = chosen.rest[0] if chosen.rest else None
    details = details_of(Home(settings.home), [view.run for view in chosen.plan.runs])
    return {detail.run.run: held_tasks(detail, task) for detail in details}


def act_on(
    settings: Settings, chosen: Chosen, acts: Callable[[RunView], Sequence[Act]], as_json: bool, *, judged: bool = True,
    before: Callable[[], tuple[Sequence[Event], Sequence[DagSpec]]] = lambda: ((), ()),
) -> int:  # fmt: skip
    """Carry it out: by the owner there is on this home, else as its owner for as long as it takes.

    Args:
        settings: in force.
        chosen: the runs.
        acts: what is asked for each.
        as_json: print one JSON object on the last line and nothing else.
        judged: the runs are driven, or waited for, to their end, which decides the exit code.
        before: where this process becomes the owner: what is posted first, and DAGs whose runs are created.
    """
    home = Home(settings.home)
    views = chosen.plan.runs[::-1]
    if (owner := owner_here(home)) is not None:
        with owner:
            return _through(
                owner, home, [act for view in views for act in acts(view)], _Manner(as_json, chosen.ranged, judged)
            )
    with own(settings, warn) as mine:
        events, specs = before()
        details = details_of(home, [view.run for view in views])
        seen = [*(detail.spec for detail in details), *specs]
        with early_executor(settings) as early, foreground(settings, mine, early, seen) as driver:
            for detail in details:
                driver.picture.open(detail)

            def ask(driver: Foreground) -> None:
                for event in events:
                    driver.post(event)
                for view in views:
                    for act in acts(view):
                        driver.ask(act)

            return follow(driver, ask, as_json=as_json, ranged=chosen.ranged, judged=judged)


@dataclass(frozen=True, slots=True)
class _Manner:
    as_json: bool
    ranged: bool
    judged: bool


def _through(owner: Asked, home: Home, acts: Sequence[Act], manner: _Manner) -> Code:
    with interrupts_held(patient=False) as ready:
        answers = ask_owner(owner, acts)
        if not manner.as_json:
            for text in answers.texts:
                console().print(plain(text))
        if manner.judged:
            return follow_there(
                home, answers.runs, answers.refusals, as_json=manner.as_json, ranged=manner.ranged, ready=ready
            )
    if answers.refusals:
        return say_errors([Refused(text) for text in answers.refusals], manner.as_json)
    if manner.as_json:
        print_json({"done": answers.texts, "runs": [str(run) for run in answers.runs]})
    return Code.GOOD
