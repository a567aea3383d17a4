from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.text import Text

from segue.app.home import Home, own, settings_here
from segue.cli.options import HomeOption, JsonOption, Yes
from segue.cli.output import Code, console, errors, plain, print_json, say_errors, warn
from segue.model.duration import show_duration
from segue.model.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segue.app.early import Read
    from segue.app.settings import Settings
    from segue.show.backfilling import Effects, Plan, Wish

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_SHOWN = 8
_SECOND = 1_000_000


@app.command()
def backfill(  # noqa: PLR0913  # an option is a parameter
    target: Annotated[str, typer.Argument(metavar="TARGET", help="file.py, file.py:dag_id, or the id of a known DAG")],
    when: Annotated[
        str | None, typer.Argument(metavar="[A..B]", help="both ends included; a day or a month alone is a range too")
    ] = None,
    start: Annotated[str | None, typer.Option("--start-date", "-s", metavar="A", help="the first interval")] = None,
    end: Annotated[str | None, typer.Option("--end-date", "-e", metavar="B", help="the last interval")] = None,
    order: Annotated[str, typer.Option("--order", help="oldest, newest or parallel")] = "oldest",
    cap: Annotated[int, typer.Option("--cap", metavar="N", help="so many runs at once, beside the scheduled ones")] = 4,
    only: Annotated[
        str, typer.Option("--only", metavar="STATES", help="missing, failed, held, stale (joined by commas), or all")
    ] = "missing",
    code: Annotated[str, typer.Option("--code", help="the code that makes all its runs: newest")] = "newest",
    reason: Annotated[str, typer.Option("--reason", help="why: kept with it, and with each of its runs")] = "",
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="a param of its runs")
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="show what it would do, and do nothing")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="stay until it has ended, where another process runs it")
    ] = False,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="environment: [tool.segue.env.NAME]")] = None,
    yes: Yes = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run the intervals of a range: what is missing, unless --only says more. Shows first what it would do."""
    from segue.show.backfilling import Wish, range_of, read_only

    if order not in ("oldest", "newest", "parallel"):
        raise UsageError(f"--order {order}: there are oldest, newest and parallel")
    if code != "newest":
        raise UsageError(f"--code {code}: a backfill begins with the newest code, and keeps it")
    if cap < 1:
        raise UsageError(f"--cap {cap}: the least is 1")
    wish = Wish(range_of(when, start, end), order, cap, read_only(only), reason=reason)  # type: ignore[arg-type]
    words = _Words(target, wish, tuple(param or ()), _Manner(dry, follow, yes, as_json))
    return _carry_out(settings_here(home=home, env=env), words)


class _Manner(NamedTuple):
    dry: bool
    follow: bool
    yes: bool
    as_json: bool


class _Words(NamedTuple):
    target: str
    wish: Wish
    params: tuple[str, ...]
    manner: _Manner


def _carry_out(settings: Settings, words: _Words) -> int:
    from segue.app.acting import standing_here
    from segue.app.asking import read_target
    from segue.app.early import DefinitionChild, errors_of
    from segue.cli.run import known_file

    file, wanted = read_target(words.target)
    stands = (settings.home / "owner.json").exists() and standing_here(Home(settings.home)) is not None
    if file is None and stands:
        return _there(settings, words, None, words.target)
    if file is None:
        file, wanted = known_file(settings, words.target)
    with DefinitionChild(settings) as child:
        child.ask(file)
        read = child.answer()
    if read.errors:
        return say_errors(errors_of(read), words.manner.as_json)
    return _there(settings, words, read, wanted) if stands else _here(settings, words, (file, read), wanted)


# ------------------------------------------------------------------------------------------------------------ the plan
def _planned(settings: Settings, words: _Words, read: Read | None, wanted: str | None) -> Plan | None:
    """The plan, shown and agreed to; None: there is nothing to do, or nothing shall be done."""
    from segue.app.asking import chosen_dag
    from segue.app.clock import SystemClock
    from segue.app.reading import open_reading
    from segue.cli.run import sealed
    from segue.cli.sealed import read_value
    from segue.model.timing import Foretold
    from segue.show.backfilling import UNASKED, effects_object, effects_of, plan_backfill
    from segue.show.plans.triggering import params_of, read_params

    manner = words.manner
    with open_reading(Home(settings.home)) as reading:
        if read is None:
            view, spec = reading.declared(words.target)
            foretold = view.foretold
        else:
            name = words.target.rpartition(":")[0] if wanted and ":" in words.target else words.target
            spec = chosen_dag([definition.spec for definition in read.definitions], wanted, name)
            foretold = next((view.foretold for view in reading.dags() if view.dag == spec.id), Foretold())
        given = read_params(spec, words.params, lambda name: read_value(f"param {name}"))
        wish = replace(words.wish, params=params_of(spec, given, partial(sealed, settings)))
        plan = plan_backfill(
            spec, foretold, reading.slots(spec.id), wish, SystemClock().now(), lambda count: _ask(count, manner)
        )
        effects = effects_of(plan, reading.durations(spec.id), settings.workers, settings.keys.backfill_reserve)
    if manner.dry and manner.as_json:
        print_json({"plan": effects_object(plan, effects)})
    if not manner.as_json:
        _show(plan, effects, settings.workers)
    if manner.dry:
        return None
    if not plan.slots:
        if manner.as_json:
            print_json({"plan": effects_object(plan, effects), "backfill": None})
        return None
    if len(plan.slots) > UNASKED:
        _ask(len(plan.slots), manner)
    return plan


def _ask(count: int, manner: _Manner) -> None:
    if manner.yes or manner.dry:
        return
    asked = f"run {count:,} intervals"
    if not sys.stdin.isatty():
        raise UsageError(f"{asked}: so many need a yes: add --yes. Nothing was done")
    errors().print(f"{asked}? \\[y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise typer.Abort


def _show(plan: Plan, effects: Effects, workers: int) -> None:
    screen, spec, slots = console(), plan.spec, plan.slots
    count = f"{len(slots):,} interval{'' if len(slots) == 1 else 's'}"
    if not slots:
        screen.print(Text.assemble(("nothing to run", "bold"), f": in {plan.wish.when} {_listed(plan.alone)}"))
    else:
        first, last = plan.key(slots[0]), plan.key(slots[-1])
        span = first if first == last else f"{first} to {last}"
        screen.print(
            Text.assemble(
                (f"backfill {spec.id}", "bold"), f"  {count}, {span}, {_ordered(plan)}, {plan.wish.cap} at once"
            )
        )
        if plan.alone:
            screen.print(f"  left alone    {_listed(plan.alone)}")
    if plan.more:
        screen.print(f"  to add those  --only {','.join((*plan.wish.only, *plan.more))}", style="dim")
    if plan.coming is not None:
        screen.print(f"  left out      {plan.key(plan.coming)}, which has not ended yet")
    if slots:
        _show_effects(plan, effects, workers)


def _show_effects(plan: Plan, effects: Effects, workers: int) -> None:
    screen = console()
    more = f", and {len(effects.tasks) - _SHOWN} more" if len(effects.tasks) > _SHOWN else ""
    screen.print(f"  tasks         {', '.join(effects.tasks[:_SHOWN])}{more}, in each run")
    for name, most in effects.connections:
        limit = plan.spec.run_limit
        screen.print(f"  connection    {name}: {most} runs at most use it at once ({limit} + {plan.wish.cap})")
    if effects.risky:
        names = ", ".join(effects.risky)
        screen.print(f"  idempotent    not: {names}; what they wrote already is written once more", style="yellow")
    else:
        screen.print("  idempotent    no task says that it is not; nothing has tried it", style="dim")
    if plan.serial is not None:
        screen.print(
            f"  one by one    {plan.serial} depends on the past; in {plan.key(plan.slots[0])} it looks back at nothing"
        )
    ends = effects.outlook
    if ends is not None and ends.finish:
        latest = f", {_rough(ends.late)} at the slowest" if ends.late > ends.finish else ""
        screen.print(f"  takes         about {_rough(ends.finish)}{latest}")
    if ends is not None:
        screen.print(Text.assemble("  verdict       ", (ends.verdict, "bold red" if ends.never else "")))
    if effects.wait:
        wait = _rough(effects.wait)
        screen.print(
            f"  waiting       with {workers} workers none is kept free: scheduled work may wait {wait} for one"
        )


def _rough(span: int) -> str:
    return show_duration(max(_SECOND, span // _SECOND * _SECOND))


def _ordered(plan: Plan) -> str:
    return {"oldest": "oldest first", "newest": "newest first", "parallel": "in any order"}[plan.wish.order]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in counts.items()) or "there is nothing"


# ------------------------------------------------------------------------------------------------------ carrying it out
def _there(settings: Settings, words: _Words, read: Read | None, wanted: str | None) -> int:
    """By the owner of the home."""
    from segue.app.acting import ask_owner, owner_here
    from segue.app.actor import actor_here, new_id
    from segue.app.control_client import OwnerGone
    from segue.app.owner import defined_by
    from segue.app.reading import open_reading
    from segue.cli.filling import follow_there, told
    from segue.model.acts import Deploy
    from segue.model.events import Request
    from segue.show.plans.backfilling import number_of

    plan = _planned(settings, words, read, wanted)
    if plan is None:
        return Code.GOOD
    home, manner = Home(settings.home), words.manner
    owner = owner_here(home)
    if owner is None:
        raise OwnerGone("the owner of this home has ended: ask again")
    with owner:
        if read is not None and (taken := ask_owner(owner, [Deploy((defined_by(read),))])).refusals:
            return say_errors([Refused(text) for text in taken.refusals], manner.as_json)
        request = Request(new_id(), actor_here(), plan.act)
        reply = owner.ask(request)
    if not reply.ok:
        return say_errors([Refused(reply.text)], manner.as_json)
    with open_reading(home) as reading:
        number = number_of(reading, plan.act, request.id)
    if not manner.as_json:
        console().print(plain(reply.text))
    if manner.follow:
        return follow_there(home, number, as_json=manner.as_json)
    return told(home, number, as_json=manner.as_json)


def _here(settings: Settings, words: _Words, found: tuple[Path, Read], wanted: str | None) -> int:
    """By this process, as the owner of the home for as long as it takes."""
    from segue.app.early import early_executor

    file, read = found
    if words.manner.dry:
        _planned(settings, words, read, wanted)
        return Code.GOOD
    with own(settings, warn) as owner:
        plan = _planned(settings, words, read, wanted)
        if plan is None:
            return Code.GOOD
        with early_executor(settings, file) as early:
            import segue.app.owner
            from segue.cli.filling import follow_here

            with segue.app.owner.foreground(settings, owner, early, [plan.spec]) as driver:
                driver.post(segue.app.owner.defined_by(read))
                return follow_here(driver, [plan.act], as_json=words.manner.as_json)
