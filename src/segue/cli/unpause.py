from __future__ import annotations

from typing import Annotated

import typer

from segue.cli.clocks import AllOption, ConnectionOption, DagsArgument, TagOption, Words, act_on_dags
from segue.cli.options import HomeOption, JsonOption
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def unpause(  # noqa: PLR0913  # an option is a parameter
    given: DagsArgument = None,
    every: AllOption = False,
    tag: TagOption = None,
    connection: ConnectionOption = None,
    run: Annotated[
        str, typer.Option("--run", metavar="latest|missed", help="of the intervals of the pause; default: none")
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let the clocks of DAGs go on."""
    from segue.app.settings import Settings
    from segue.model.acts import UnpauseDags

    def act(settings: Settings, dags: tuple[str, ...]) -> UnpauseDags:
        match run:
            case "" | "latest" | "missed":
                return UnpauseDags(dags, run)
            case _:
                raise UsageError(f"--run {run}: write latest or missed, or leave it out")

    return act_on_dags("unpause", Words(given, every, tag, connection), act, home, as_json)
