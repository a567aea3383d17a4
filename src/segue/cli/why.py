from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich.text import Text

from segue.app.home import home_here
from segue.cli.options import HomeOption, JsonOption, RunArgument
from segue.cli.output import Code, console, plain, print_json, reason, state_text, table
from segue.model.errors import UsageError
from segue.model.state import FINAL

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_SHOWN = 40


@app.command()
def why(
    run: RunArgument,
    task: Annotated[str | None, typer.Argument(metavar="[TASK]", help="clean or clean[3]; default: all")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say for every task of a run why it waits, or how it ended."""
    from segue.app.reading import open_reading

    with open_reading(home_here(home)) as reading:
        view = reading.find(run)
        lines = reading.why(reading.detail(view))
    head, items = lines[0], lines[1:]
    if task is not None:
        items = [line for line in items if line[0] == task or line[0].startswith(f"{task}[")]
        if not items:
            raise UsageError(f"{view.run} has no task {task}: it has {', '.join(line[0] for line in lines[1:20])}")
    if as_json:
        print_json(
            {
                "run_id": str(view.run),
                "state": head[1],
                "why": head[2],
                "tasks": [{"task": label, "state": state, "why": text} for label, state, text in items],
            }  # fmt: skip
        )
        return Code.GOOD
    screen = console()
    cause = plain(reason(head[1], head[2]))
    screen.print(Text.assemble((str(view.run), "bold"), "  ", state_text(head[1]), "  ", cause))
    rows = table("", "", "")
    rows.show_header = False
    folded = list(_folded(items))
    waiting = [line for line in folded if line[1] not in FINAL]
    shown = folded if len(folded) <= _SHOWN else (waiting or folded)[:_SHOWN]
    for label, state, text in shown:
        rows.add_row(f"  {label}", state_text(state), plain(text))
    screen.print(rows)
    if len(shown) < len(folded):
        screen.print(f"  … and {len(folded) - len(shown):,} more: name a task, or take --json", style="dim")
    return Code.GOOD


def _folded(lines: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Items of one mapped task that say the same, one after the other, as one line: `clean[0..39]`."""
    for (_, state, text), group in groupby(lines, key=lambda line: (line[0].partition("[")[0], line[1], line[2])):
        labels = [label for label, _, _ in group]
        first, last = labels[0], labels[-1]
        yield (first if first == last else f"{first[:-1]}..{last.partition('[')[2]}"), state, text
