from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.home import Home, settings_here
from segue.cli.options import HomeOption, JsonOption, RunArgument
from segue.cli.output import STYLES, Code, console, print_json, terminal_safe, when
from segue.model.moment import zone_named

if TYPE_CHECKING:
    from segue.app.logs import AttemptLog, Line, TaskLogs

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_PAUSE = 0.2
_COLOURS = {"err": "yellow", "segue": "magenta", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}


@app.command()
def logs(
    run: RunArgument,
    task: Annotated[str, typer.Argument(metavar="TASK", help="clean, or clean[3] for one item")],
    attempt: Annotated[int | None, typer.Option("--attempt", metavar="N", help="this attempt only", min=1)] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on until the task has ended")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Print what a task wrote: standard output and error, log records, tracebacks."""
    from segue.app.logs import TaskLogs
    from segue.app.reading import open_reading

    settings = settings_here(home=home)
    with open_reading(Home(settings.home)) as reading:
        view = reading.find(run)
        found = TaskLogs(reading, settings, view, task, attempt)
        printer = _Printer(as_json, reading.spec(view).timezone)
        _print_all(found, printer, follow)
    if not printer.printed and not as_json:
        console().print(Text(_nothing(found, attempt)))
    return Code.GOOD


def _print_all(found: TaskLogs, printer: _Printer, follow: bool) -> None:
    while True:
        # Asked before reading: what is written until the end is then certainly read.
        more = found.refresh() if follow else False
        for log in found.all():
            printer.print(log, several=len(found.all()) > 1 or follow)
        if not more:
            return
        SystemClock().sleep(_PAUSE)


def _nothing(found: TaskLogs, attempt: int | None) -> str:
    if found.all():
        return f"{found.label} wrote nothing"
    return f"{found.label} has not begun" if attempt is None else f"{found.label} has no attempt {attempt}"


class _Printer:
    def __init__(self, as_json: bool, zone: str) -> None:
        self.printed = False
        self._as_json, self._zone = as_json, zone
        self._screen = console()
        self._headed: object = None

    def print(self, log: AttemptLog, several: bool) -> None:
        write: Callable[[AttemptLog, Line], None] = self._json if self._as_json else self._text
        for line in log.lines():
            self.printed = True
            if several and not self._as_json and self._headed != log.attempt.key:
                self._head(log)
            write(log, line)

    def _head(self, log: AttemptLog) -> None:
        one = log.attempt
        glyph, word, style = STYLES[str(one.state)]
        began = when(one.began or one.created, self._zone)
        self._screen.print(
            Text.assemble((f"{log.label} #{one.key.number}", "bold"), f"  {began}  ", (f"{glyph} {word}", style))
        )
        self._headed = one.key

    def _text(self, log: AttemptLog, line: Line) -> None:
        mark = line.level or line.stream
        at = ""
        if line.t:
            at = datetime.fromisoformat(line.t).astimezone(zone_named(self._zone)).strftime("%H:%M:%S.%f")[:-3]
        head = f"{at}  {mark:<7}  "
        body = terminal_safe(line.msg, colours=True).replace("\n", "\n" + " " * len(head))
        text = Text.assemble((f"{at}  ", "dim"), (f"{mark:<7}  ", _COLOURS.get(mark, "dim")), Text.from_ansi(body))
        self._screen.print(text, soft_wrap=True)

    def _json(self, log: AttemptLog, line: Line) -> None:
        key = log.attempt.key
        print_json(
            {
                "run_id": str(key.run),
                "task_id": key.task,
                "map_index": key.index,
                "attempt": key.number,
                "time": line.t,
                "stream": line.stream,
                "level": line.level,
                "message": line.msg,
                "fields": line.fields,
            }  # fmt: skip
        )
