from __future__ import annotations

from typing import Annotated

import typer

from segue.cli.clocks import AllOption, ConnectionOption, DagsArgument, TagOption, Words, act_on_dags
from segue.cli.options import HomeOption, JsonOption

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def pause(  # noqa: PLR0913  # an option is a parameter
    given: DagsArgument = None,
    every: AllOption = False,
    tag: TagOption = None,
    connection: ConnectionOption = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="goes on by itself: 18:00, 2h, 2026-04-01")
    ] = None,
    hard: Annotated[bool, typer.Option("--hard", help="also start nothing more of runs in flight")] = False,
    reason: Annotated[str, typer.Option("--reason", help="shown wherever the DAG is")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Stop the clocks of DAGs; runs in flight finish, and what people ask for still runs."""
    from segue.app.clock import SystemClock
    from segue.app.settings import Settings
    from segue.model.acts import PauseDags
    from segue.show.selecting import read_until

    def act(settings: Settings, dags: tuple[str, ...]) -> PauseDags:
        zone = settings.keys.timezone
        end = None if until is None else read_until(until, SystemClock().now(), zone)
        return PauseDags(dags, hard, end, reason)

    return act_on_dags("pause", Words(given, every, tag, connection), act, home, as_json)
