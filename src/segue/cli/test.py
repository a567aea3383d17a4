from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from segue.app.home import scratch_settings
from segue.cli.options import JsonOption
from segue.cli.output import Code, console, duration, plain, print_json, say_errors, state_text, table
from segue.cli.run import Words, run_target
from segue.model.errors import Refused, UsageError

if TYPE_CHECKING:
    from segue.app.owner import Foreground
    from segue.app.trial import Trial

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def test(
    target: Annotated[str, typer.Argument(metavar="DAG", help="file.py, file.py:dag_id, or the id of a known DAG")],
    date: Annotated[str | None, typer.Option("--date", metavar="D", help="the interval")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="a param of the run")] = None,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="environment: [tool.segue.env.NAME]")] = None,
    twice: Annotated[
        bool, typer.Option("--twice", help="run every task twice and say what differs; comes later")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Try a DAG in a throw-away home and storage, and say what each task made.

    What the writers of segue.data would publish is told and not published; other code does what it always does.
    """
    if twice:
        raise UsageError("--twice comes later; `segue.testing.run_twice` compares two runs in a test of yours")

    def drive(driver: Foreground, ask: Callable[[Foreground], None], ranged: bool) -> int:
        if ranged:
            raise UsageError("one interval is tried at a time: --date takes no range here")
        return _try(driver, ask, as_json)

    with scratch_settings(env) as settings:
        return run_target(settings, Words(target, date, tuple(param or ()), False, as_json), drive, rehearse=True)


def _try(driver: Foreground, ask: Callable[[Foreground], None], as_json: bool) -> int:
    import msgspec

    from segue.app.trial import trials
    from segue.cli.following import watch
    from segue.show.views.runs import run_item

    details = watch(driver, ask, as_json=as_json)
    if driver.session.refusals:
        return say_errors([Refused(text) for text in driver.session.refusals], as_json)
    [detail] = details
    tried = list(trials(detail, driver.settings.logs))
    if as_json:
        print_json(msgspec.to_builtins(run_item(detail.run)) | {"tasks": [one.row() for one in tried]})
    else:
        _show(tried)
    if driver.session.interrupts:
        return Code.CANCELLED
    return {"success": Code.GOOD, "held": Code.HELD}.get(str(detail.run.state), Code.FAILED)


def _show(tried: list[Trial]) -> None:
    screen = console()
    rows = table("task", "state", ">took", ">attempts", ">rows", "result")
    for one in tried:
        entry = one.entry
        result = str(entry.why or "") if entry.state in ("failed", "held", "upstream_failed") else one.result
        rows.add_row(
            entry.label, state_text(str(entry.state)), duration(entry.started, entry.ended), str(one.attempts or ""),
            "" if one.rows is None else f"{one.rows:,}", plain(result),
        )  # fmt: skip
    screen.print()
    screen.print(rows)
    for one in tried:
        for place in one.publishes:
            screen.print(Text.assemble("\nwould publish ", (f"({one.entry.label}) ", "dim"), plain(place)))
    for one in tried:
        if one.said:
            screen.print(Text(f"\nthe last lines of {one.entry.label}:", style="dim"))
            for line in one.said:
                screen.print(Text("  ") + plain(line))
