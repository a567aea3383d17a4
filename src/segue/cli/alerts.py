from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from segue.app.home import settings_here
from segue.app.settings import Settings
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, minute, plain, print_json, table, warn
from segue.model.errors import UsageError
from segue.model.moment import iso_utc
from segue.model.views import AlertView

__all__ = ["app"]

app = typer.Typer(add_completion=False)


# One command, not a group: parsing a group loads pydantic even for `--help`.
@app.command()
def alerts(  # noqa: PLR0913  # an option is a parameter
    action: Annotated[str, typer.Argument(metavar="list|silence|test", help="what to do")] = "list",
    what: Annotated[
        str | None,
        typer.Argument(metavar="[SELECTION|CHANNEL]", help="silence: orders_*, tag:retail; test: one channel"),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="18:00, 2h, 2026-04-01; now: no more")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="why it is silent")] = "",
    open_only: Annotated[bool, typer.Option("--open", help="only those that have not arrived everywhere")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="so many of the newest")] = 50,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """List alerts and what has become of them, silence some for a while, or try whether they arrive."""
    settings = settings_here(home=home)
    match action, what:
        case "list", None:
            return _list(settings, open_only, limit, as_json)
        case "test", _:
            return _test(settings, what, as_json)
        case "silence", str() if until is not None:
            return _silence(settings, (what, until, reason), as_json)
        case _:
            raise UsageError(
                "write `segue alerts list`, `segue alerts silence SELECTION --until T` or `segue alerts test [CHANNEL]`"
            )


def _list(settings: Settings, open_only: bool, limit: int, as_json: bool) -> int:
    from segue.app.alerting import alerts_of

    views, silences = alerts_of(settings, open_only=open_only, limit=limit)
    if as_json:
        print_json([_plain(view) for view in views])
        return Code.GOOD
    for silence in silences:
        why = f": {silence.reason}" if silence.reason else ""
        console().print(plain(f"silent until {minute(silence.until)}: {silence.selection}{why}"))
    _show(views)
    return Code.GOOD


def _show(views: Sequence[AlertView]) -> None:
    if not views:
        console().print("no alerts")
        return
    rows = table("since", "kind", "about", "sent", "what")
    for view in views:
        alert = view.alert
        rows.add_row(minute(view.at, "UTC"), alert.kind, plain(_about(view)), plain(_fate(view)), plain(alert.text))
    console().print(rows)
    for view in views:
        for one in view.deliveries:
            if one.state in ("failed", "parked"):
                console().print(plain(f"{_about(view)}: {one.target} {one.state}: {one.text}"))


def _about(view: AlertView) -> str:
    return view.alert.thing or view.alert.dag or "several DAGs"


def _fate(view: AlertView) -> str:
    fate = ", ".join(f"{one.target} {one.state}" for one in view.deliveries) or "not yet"
    return f"{fate}; over" if view.over else fate


def _plain(view: AlertView) -> dict[str, object]:
    alert = view.alert
    return {
        "thing": alert.thing, "kind": alert.kind, "episode": alert.episode, "raised_at": iso_utc(view.at),
        "dag_id": alert.dag, "run_id": None if alert.run is None else str(alert.run), "task_id": alert.task,
        "date": alert.key, "owner": alert.owner, "text": alert.text, "causes": [list(one) for one in alert.causes],
        "folded": list(view.folded), "command": alert.command, "over": view.over,
        "deliveries": [
            {"target": one.target, "state": one.state, "tries": one.tries, "text": one.text, "at": iso_utc(one.at)}
            for one in view.deliveries
        ],
    }  # fmt: skip


def _silence(settings: Settings, words: tuple[str, str, str], as_json: bool) -> int:
    from segue.app.clock import SystemClock
    from segue.app.errands import run_errands
    from segue.app.home import Home
    from segue.app.reading import open_reading
    from segue.show.plans.alerting import silenced

    with open_reading(Home(settings.home)) as reading:
        act = silenced(reading, *words, SystemClock().now(), settings.keys.timezone)
    [said] = run_errands(settings, [act], warn)
    if as_json:
        print_json({"done": [said]})
    else:
        console().print(plain(said))
    return Code.GOOD


def _test(settings: Settings, channel: str | None, as_json: bool) -> int:
    from segue.app.actor import actor_here
    from segue.app.alerting import try_channels

    told = try_channels(settings, [channel] if channel else [], actor_here())
    if as_json:
        print_json([{"channel": name, "ok": not trouble, "text": trouble} for name, trouble in told])
    else:
        for name, trouble in told:
            console().print(plain(f"{name}: {trouble or 'sent'}"))
    return Code.FAILED if any(trouble for _, trouble in told) else Code.GOOD
