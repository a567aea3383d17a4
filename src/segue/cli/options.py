"""Options that several verbs take."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

__all__ = [
    "DagGlob",
    "ErrorGlob",
    "HomeOption",
    "JsonOption",
    "OneRun",
    "RunArgument",
    "Since",
    "StateOption",
    "Tag",
    "Yes",
]

HomeOption: TypeAlias = Annotated[
    str | None, typer.Option("--home", help="the folder with database and logs; default: .segue in the project")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="print JSON on standard output")]
RunArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="daily@2026-04-01, its number, or daily@latest")
]
OneRun: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="daily@2026-04-01, its number, or daily@latest; none: a selection")
]
StateOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--state", metavar="STATE", help="runs in this state; may be given several times")
]
Since: TypeAlias = Annotated[
    str | None, typer.Option("--since", metavar="T", help="made since: 02:00, 2h, 2026-04-01, 2026-04-01T05:30")
]
DagGlob: TypeAlias = Annotated[
    str | None, typer.Option("--dag", metavar="GLOB", help="of DAGs with such an id: 'orders_*'")
]
Tag: TypeAlias = Annotated[str | None, typer.Option("--tag", metavar="TAG", help="of DAGs with this tag")]
ErrorGlob: TypeAlias = Annotated[
    str | None, typer.Option("--error", metavar="GLOB", help="that failed with such a reason: 'Connection*'")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
