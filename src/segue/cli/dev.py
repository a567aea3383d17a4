from __future__ import annotations

import typer

from segue.cli.options import HomeOption
from segue.cli.standing import EnvOption, HostOption, PathArgument, PortOption, settle_web, stand

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def dev(
    path: PathArgument = None, env: EnvOption = None, home: HomeOption = None, host: HostOption = None,
    port: PortOption = None,
) -> int:  # fmt: skip
    """As `up`, for whoever edits: says what was read again, and what is wrong with it, as it happens."""
    settle_web(host, port)
    return stand("dev", path, env, home)
