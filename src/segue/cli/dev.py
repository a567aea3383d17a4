from __future__ import annotations

import typer

from segue.cli.options import HomeOption
from segue.cli.standing import EnvOption, PathArgument, stand

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def dev(path: PathArgument = None, env: EnvOption = None, home: HomeOption = None) -> int:
    """As `up`, for whoever edits: says what was read again, and what is wrong with it, as it happens."""
    return stand("dev", path, env, home)
