"""Becoming the owner that stays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from segue.app.home import hold, settings_here
from segue.cli.output import warn
from segue.model.errors import UsageError

__all__ = ["EnvOption", "HostOption", "PathArgument", "PortOption", "settle_web", "stand"]

PathArgument: TypeAlias = Annotated[
    Path | None, typer.Argument(metavar="[PATH]", help="folder or file with DAGs; default: `dags` of the settings")
]
EnvOption: TypeAlias = Annotated[
    str | None, typer.Option("--env", metavar="NAME", help="environment: [tool.segue.env.NAME]")
]


HostOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--host", metavar="ADDRESS", help="where the web server listens; default: this machine only"),
]
PortOption: TypeAlias = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="port of the web server, 0 for any; default: 8321")
]


def settle_web(host: str | None, port: int | None) -> None:
    """Put into the environment, which children inherit, where the web server is to listen."""
    if host is not None:
        os.environ["SEGUE_WEB_HOST"] = host
    if port is not None:
        os.environ["SEGUE_WEB_PORT"] = str(port)


def stand(kind: str, path: Path | None, env: str | None, home: str | None) -> int:
    """Take the home and become its supervisor; does not return unless that fails.

    Raises:
        UsageError: there is no such path, no database for a scheduler, or no such channel of alerts.
        HomeBusy: another owner has the home; its pid is named.
    """
    from segue.app.hosting import exposure
    from segue.app.journal import pass_on
    from segue.app.routing import outbound_of, routes_of
    from segue.app.supervisor import words_for

    settings = settings_here(home=home, env=env, dags=None if path is None else str(path.resolve()))
    routes_of(settings)
    outbound_of(settings)
    for one in settings.dags:
        if not one.exists():
            raise UsageError(f"there is no file or folder {one}")
    if kind == "scheduler" and not os.environ.get("SEGUE_DATABASE_URL"):
        why = "SEGUE_DATABASE_URL names no database: a scheduler needs PostgreSQL, `segue up` keeps a file"
        raise UsageError(why)
    if settings.web is not None and kind != "scheduler" and (why := exposure(settings.web, users=True)):
        raise UsageError(why)
    lock = hold(settings, kind, warn)
    os.environ["SEGUE_HOME"] = str(settings.home)
    os.environ["SEGUE_DAGS"] = os.pathsep.join(str(one) for one in settings.dags)
    pass_on(settings.logs, settings.keys.log_format, settings.keys.log_level)
    if settings.env is not None:
        os.environ["SEGUE_ENV"] = settings.env
    words = words_for(lock, kind, web=settings.web is not None and kind != "scheduler")
    os.execv(words[0], words)
