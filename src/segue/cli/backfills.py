from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from segue.app.home import Home, own, settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, say_errors, table, warn, when
from segue.model.errors import Refused, UsageError

if TYPE_CHECKING:
    from segue.app.settings import Settings
    from segue.model.views import BackfillView

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_VERBS = ("pause", "resume", "cancel", "retry")


@app.command()
def backfills(  # noqa: PLR0913  # an option is a parameter
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="[pause|resume|cancel|retry] [ID]", help="nothing: list them; an ID alone: show one"),
    ] = None,
    dag: Annotated[str | None, typer.Option("--dag", metavar="ID", help="of one DAG")] = None,
    code: Annotated[
        str | None, typer.Option("--code", help="newest: what is still to come, or is tried again, takes that code")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="stay until it has ended")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="so many, the newest first")] = 20,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """List backfills and how far they are; pause, resume or cancel one, or run again what failed in it."""
    words = list(given or ())
    verb = words.pop(0) if words and words[0] in _VERBS else ""
    if len(words) > 1 or (verb and not words) or (words and not words[0].isdecimal()):
        raise UsageError(f"`segue backfills`, `segue backfills ID`, or `segue backfills {verb or '|'.join(_VERBS)} ID`")
    if code not in (None, "newest") or (code is not None and verb not in ("resume", "retry")):
        raise UsageError("--code newest goes with resume and retry; all else keeps the code that it has")
    settings = settings_here(home=home)
    if verb:
        return _move(settings, verb, int(words[0]), code is not None, (follow, as_json))
    if words and follow:
        from segue.cli.filling import follow_there

        return follow_there(Home(settings.home), int(words[0]), as_json=as_json)
    return _list(settings, int(words[0]) if words else None, (dag, limit), as_json)


def _list(settings: Settings, number: int | None, which: tuple[str | None, int], as_json: bool) -> int:
    from segue.app.clock import SystemClock
    from segue.app.reading import open_reading
    from segue.cli.progress import progress_text
    from segue.show.backfilling import progress_of
    from segue.show.views.backfills import backfill_item

    now = SystemClock().now()
    with open_reading(Home(settings.home)) as reading:
        views = reading.backfills(*which) if number is None else [reading.backfill(number)]
    if as_json:
        objects = [backfill_item(view, now) for view in views]
        print_json({"backfills": objects} if number is None else objects[0])
    elif not views:
        console().print("there are none: `segue backfill DAG A..B` makes one")
    elif number is not None:
        _show(views[0], progress_text(progress_of(views[0], now)), settings.keys.timezone)
    else:
        rows = table(">id", "dag", "state", ">over", ">failed", "made", "reason")
        for view in views:
            row, progress = view.row, progress_of(view, now)
            rows.add_row(
                str(row.id), row.dag, view.state, f"{progress.over:,} of {row.total:,}", f"{progress.failed:,}",
                when(row.created, settings.keys.timezone), plain(row.reason),
            )  # fmt: skip
        console().print(rows)
    return Code.GOOD


def _show(view: BackfillView, line: Text, zone: str) -> None:
    row, screen = view.row, console()
    screen.print(line)
    screen.print(f"  order    {row.order}, {row.cap} at once, {', '.join(row.only)}, version {row.version}")
    asked = f" by {row.actor}" if row.actor else ""
    screen.print(f"  made     {when(row.created, zone)}{asked}")
    if row.reason:
        screen.print(Text.assemble("  reason   ", plain(row.reason)))
    if view.state == "proposed":
        screen.print(f"  segue backfills resume {row.id}   starts it", style="dim")
    if view.state == "stopped":
        screen.print(
            "  its DAG was gone: where it is back, a new backfill of the range fills what is missing", style="dim"
        )


# ----------------------------------------------------------------------------------------------------------------- acts
def _move(settings: Settings, verb: str, number: int, newest: bool, manner: tuple[bool, bool]) -> int:
    from segue.app.acting import ask_owner, owner_here
    from segue.app.reading import open_reading
    from segue.cli.filling import follow_there, told
    from segue.show.plans.backfilling import acts_on

    follow, as_json = manner
    home = Home(settings.home)
    owner = owner_here(home)
    if owner is None:
        return _move_here(settings, verb, number, newest, as_json)
    with owner:
        with open_reading(home) as reading:
            acts = acts_on(reading, verb, number, newest=newest)
        answers = ask_owner(owner, acts)
    if answers.refusals:
        return say_errors([Refused(text) for text in answers.refusals], as_json)
    for text in () if as_json else answers.texts:
        console().print(plain(text))
    if follow:
        return follow_there(home, number, as_json=as_json)
    return told(home, number, as_json=as_json) if as_json else Code.GOOD


def _move_here(settings: Settings, verb: str, number: int, newest: bool, as_json: bool) -> int:
    """By this process, as the owner of the home for as long as it takes."""
    from segue.app.early import DefinitionChild, early_executor, errors_of
    from segue.app.errands import run_errands
    from segue.app.owner import defined_by, foreground
    from segue.app.reading import open_reading
    from segue.cli.filling import follow_here
    from segue.cli.run import known_file
    from segue.show.plans.backfilling import acts_on

    home = Home(settings.home)
    with open_reading(home) as reading:
        acts = acts_on(reading, verb, number, newest=newest, alone=True)
        _, spec = reading.dag(reading.backfill(number).row.dag)
    if verb == "pause":
        for text in run_errands(settings, acts, warn):
            console().print(plain(text))
        return Code.GOOD
    read = None
    if newest:
        with DefinitionChild(settings) as child:
            child.ask(known_file(settings, spec.id)[0])
            read = child.answer()
        if read.errors:
            return say_errors(errors_of(read), as_json)
    with (
        own(settings, warn) as owner,
        early_executor(settings) as early,
        foreground(settings, owner, early, [spec]) as driver,
    ):
        if read is not None:
            driver.post(defined_by(read))
        return follow_here(driver, acts, number, as_json=as_json)
