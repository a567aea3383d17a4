from __future__ import annotations

import typer

from segue.cli.options import HomeOption
from segue.cli.standing import EnvOption, PathArgument, stand

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def scheduler(path: PathArgument = None, env: EnvOption = None, home: HomeOption = None) -> int:
    """As `up`, on a PostgreSQL database: of several one leads, and another one takes over when it is gone."""
    return stand("scheduler", path, env, home)
