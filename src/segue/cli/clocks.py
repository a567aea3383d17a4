"""What `pause` and `unpause` share: the DAGs that are meant, and who carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeAlias

import typer

from segue.app.home import settings_here
from segue.app.settings import Settings
from segue.cli.output import Code, console, plain, print_json, warn
from segue.model.acts import Act
from segue.model.errors import UsageError

__all__ = ["AllOption", "ConnectionOption", "DagsArgument", "TagOption", "Words", "act_on_dags"]

DagsArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="SELECTION", help="ids, globs, tag:x, owner:x, connection:x; `,` joins, `&` keeps both"),
]
AllOption: TypeAlias = Annotated[bool, typer.Option("--all", help="every DAG")]
TagOption: TypeAlias = Annotated[str | None, typer.Option("--tag", metavar="TAG", help="DAGs with this tag")]
ConnectionOption: TypeAlias = Annotated[
    str | None, typer.Option("--connection", metavar="NAME", help="DAGs with a task that uses this connection")
]


class Words:
    """What a command line says of the DAGs that are meant.

    Args:
        given: selections.
        every: all DAGs.
        tag, connection: of DAGs.
    """

    def __init__(self, given: Sequence[str] | None, every: bool, tag: str | None, connection: str | None) -> None:
        self.texts = [*(given or ()), *(["*"] if every else [])]
        self.texts += [f"{sort}:{name}" for sort, name in (("tag", tag), ("connection", connection)) if name]


def act_on_dags(
    verb: str, words: Words, act: Callable[[Settings, tuple[str, ...]], Act], home: str | None, as_json: bool
) -> int:
    """Find the DAGs and have it done, by the owner there is or by this process.

    Args:
        verb: its name.
        words: of the command line.
        act: made of the ids.
        home: as given.
        as_json: print one JSON object.

    Raises:
        UsageError: no DAG is named, or none fits.
        Refused: it was not done.
    """
    from segue.app.errands import run_errands
    from segue.app.home import Home
    from segue.app.reading import open_reading
    from segue.show.selecting import meant_dags

    if not words.texts:
        raise UsageError(f"which DAGs? `segue {verb} daily_orders`, 'orders_*', --tag retail, or --all")
    settings = settings_here(home=home)
    with open_reading(Home(settings.home)) as reading:
        dags = tuple(meant_dags(reading, words.texts))
    said = run_errands(settings, [act(settings, dags)], warn)
    if as_json:
        print_json({"dags": list(dags), "done": said})
    for line in () if as_json else said[0].splitlines():
        console().print(plain(line))
    return Code.GOOD
