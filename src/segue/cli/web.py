from __future__ import annotations

import os

import typer

from segue.cli.options import HomeOption
from segue.cli.standing import HostOption, PortOption, settle_web
from segue.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def web(home: HomeOption = None, host: HostOption = None, port: PortOption = None) -> int:
    """Serve the API of a PostgreSQL database, beside `segue scheduler`: as many as you like, on any machine."""
    from segue.app.web import serve

    if not os.environ.get("SEGUE_DATABASE_URL"):
        raise UsageError("SEGUE_DATABASE_URL names no database: `segue up` serves a home that keeps a file")
    settle_web(host, port)
    return serve(home)
