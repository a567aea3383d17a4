from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from segue.app.home import settings_here
from segue.cli.options import JsonOption
from segue.cli.output import Code, console, print_json, terminal_safe
from segue.model.errors import UsageError

if TYPE_CHECKING:
    from segue.app.checking import CheckedFile, Problem

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_STYLES = {"error": "bold red", "warning": "yellow"}


@app.command()
def check(
    path: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="files and folders; default: the project's DAGs")
    ] = None,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="environment: [tool.segue.env.NAME]")] = None,
    as_json: JsonOption = False,
) -> int:
    """Load DAG files and print every error and warning in them; exit 1 where there is an error."""
    from segue.app.checking import check_files, files_of

    settings = settings_here(env=env)
    files = files_of(path or settings.dags)
    if not files:
        where = ", ".join(map(str, path or settings.dags))
        raise UsageError(f"no DAG file in {where}: a DAG file is a Python file that imports segue and declares a DAG")
    checked = list(check_files(settings, files))
    failed = any(problem.severity == "error" for one in checked for problem in one.problems)
    if as_json:
        print_json({"ok": not failed, "files": [asdict(one) for one in checked]})
    else:
        _tell(console(), checked)
    return Code.FAILED if failed else Code.GOOD


def _tell(screen: Console, checked: list[CheckedFile]) -> None:
    for one in checked:
        for problem in one.problems:
            _tell_problem(screen, problem)
        for dag in one.dags:
            tasks = f"{dag.tasks:,} task{'' if dag.tasks == 1 else 's'}"
            screen.print(
                Text.assemble(("✓ ", "green"), (dag.dag, "bold"), f"  {tasks}, {dag.schedule}  ", (one.file, "dim"))
            )
            if dag.next_runs:
                screen.print(Text(f"    next: {', '.join(dag.next_runs)}", style="dim"))
            for note in dag.notes:
                screen.print(Text(f"    {note}", style="dim"))
    counts = {
        severity: sum(problem.severity == severity for one in checked for problem in one.problems)
        for severity in ("error", "warning")
    }
    dags = sum(len(one.dags) for one in checked)
    files = len({one.file for one in checked if one.file.endswith(".py")})  # a problem may be one of the settings
    parts = [f"{files} file{'' if files == 1 else 's'}", f"{dags} DAG{'' if dags == 1 else 's'} good"]
    parts += [f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items() if count]
    screen.print(Text(", ".join(parts), style="dim"))


def _tell_problem(screen: Console, problem: Problem) -> None:
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    about = " ".join(filter(None, [problem.dag, problem.task]))
    said = f"{problem.severity}[{problem.code}]" if problem.code else problem.severity
    head = Text.assemble((place, "bold"), ": ", (said, _STYLES.get(problem.severity, "")), ": ")
    screen.print(Text.assemble(head, terminal_safe(problem.message), (f"  [{about}]" if about else "", "dim")))
    if problem.hint:
        screen.print(Text(f"    {terminal_safe(problem.hint)}", style="dim"))
