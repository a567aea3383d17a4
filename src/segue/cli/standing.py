"""Becoming the owner that stays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from segue.app.home import hold, settings_here
from segue.cli.output import warn
from segue.model.errors import UsageError

__all__ = ["EnvOption", "PathArgument", "stand"]

PathArgument: TypeAlias = Annotated[
    Path | None, typer.Argument(metavar="[PATH]", help="folder or file with DAGs; default: `dags` of the settings")
]
EnvOption: TypeAlias = Annotated[
    str | None, typer.Option("--env", metavar="NAME", help="environment: [tool.segue.env.NAME]")
]


def stand(kind: str, path: Path | None, env: str | None, home: str | None) -> int:
    """Take the home and become its supervisor; does not return unless that fails.

    Raises:
        UsageError: there is no such path, no database for a scheduler, or no such channel of alerts.
        HomeBusy: another owner has the home; its pid is named.
    """
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
    lock = hold(settings, kind, warn)
    os.environ["SEGUE_HOME"] = str(settings.home)
    os.environ["SEGUE_DAGS"] = os.pathsep.join(str(one) for one in settings.dags)
    if settings.env is not None:
        os.environ["SEGUE_ENV"] = settings.env
    words = words_for(lock, kind)
    os.execv(words[0], words)
