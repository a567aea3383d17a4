from __future__ import annotations

from typing import Annotated

import typer

from segue.app.clock import SystemClock
from segue.app.home import Home, settings_here
from segue.cli.options import DagGlob, ErrorGlob, HomeOption, JsonOption, Since, StateOption, Tag
from segue.cli.output import Code, console, duration, print_json, state_text, table, terminal_safe, when

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def runs(  # noqa: PLR0913  # an option is a parameter
    dag: Annotated[str | None, typer.Argument(metavar="[DAG]", help="of DAGs with such an id; a glob")] = None,
    state: StateOption = None,
    since: Since = None,
    glob: DagGlob = None,
    tag: Tag = None,
    error: ErrorGlob = None,
    limit: Annotated[int, typer.Option(help="at most so many", min=1, max=1_000_000)] = 30,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """List runs, newest first."""
    from segue.app.reading import open_reading
    from segue.show.selecting import read_selection
    from segue.show.usual import Usual
    from segue.show.views.runs import run_item

    settings = settings_here(home=home)
    now, zone = SystemClock().now(), settings.keys.timezone
    words = {"dag": dag or glob, "since": since, "tag": tag, "error": error}
    with open_reading(Home(settings.home)) as reading:
        views = reading.runs(read_selection(words, state, now, zone), limit)
        if as_json:
            print_json([run_item(view, reading.state(view), reading.zone(view)) for view in views])
            return Code.GOOD
        usual = Usual(reading, now)
        rows = table(">no", "run", "state", "started", ">took", "why")
        for view in views:
            shown = reading.state(view)
            held = str(view.why) if shown == "held" and view.why is not None else ""
            why = ", ".join(f"{label}: {reason}" for label, reason in view.culprits[:2]) or held or usual.run(view)
            rows.add_row(
                str(view.number), str(view.run), state_text(shown), when(view.started, reading.spec(view).timezone),
                duration(view.started, view.ended or (now if shown == "running" else None)), terminal_safe(why),
            )  # fmt: skip
    console().print(rows if views else "no runs" if any(words.values()) or state else f"no runs yet in {settings.home}")
    return Code.GOOD
