from __future__ import annotations

import typer

from segue.cli.options import HomeOption
from segue.cli.standing import EnvOption, HostOption, PathArgument, PortOption, settle_web, stand

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def up(
    path: PathArgument = None, env: EnvOption = None, home: HomeOption = None, host: HostOption = None,
    port: PortOption = None,
) -> int:  # fmt: skip
    """Run every DAG by its clock, for good: reads the DAG folder, and again what changes in it; Ctrl-C ends it."""
    settle_web(host, port)
    return stand("up", path, env, home)
