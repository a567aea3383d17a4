from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from segue.cli.options import JsonOption
from segue.cli.output import Code, console, errors, print_json, terminal_safe
from segue.model.errors import UsageError

if TYPE_CHECKING:
    from segue.app.crontab_file import Imported

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_ANSWERS = (
    ("it fails", "its run fails and says why, nothing after it starts; `segue retry` goes on from there"),
    ("it overlaps", "one run at a time: today's waits for yesterday's, and says so"),
    ("data is late", "give the first task retry=Retry(12, delay='5m') and let it fail while the data is not there"),
    ("a year again", "let the command take {{{{ ds }}}}, then `segue backfill {dag} 2025-01-01..2025-12-31`"),
    ("what ran", "`segue runs {dag}`, `segue slots {dag}`, `segue logs`"),
)


@app.command(name="import")
def import_(
    kind: Annotated[str, typer.Argument(metavar="crontab", help="what it is")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="the crontab; - for `crontab -l | segue import crontab -`")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="DAG file; default: print it")
    ] = None,
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="the zone of the machine whose crontab it is")] = "",
    system: Annotated[
        bool | None, typer.Option("--system/--user", help="with a user in each line; default: see")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite the DAG file")] = False,
    as_json: JsonOption = False,
) -> int:
    """Make a DAG file of a crontab: orders guessed from times, paths and names, each with its reason."""
    from segue.app.crontab import read_crontab
    from segue.app.crontab_file import import_crontab

    if kind == "airflow":
        raise UsageError("import airflow comes later; `segue import crontab FILE` is there")
    if kind != "crontab":
        raise UsageError(f"nothing is imported from {kind!r}: write `segue import crontab FILE`")
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise UsageError(f"{file} cannot be read: {why}") from None
    if output is not None and output.exists() and not force:
        raise UsageError(f"{output} is there already: another -o, or --force")
    in_system = file.resolve().as_posix().startswith(("/etc/crontab", "/etc/cron.d/"))
    name = "a crontab" if str(file) == "-" else str(file)
    found = import_crontab(read_crontab(text, True if in_system and system is None else system), name, timezone)
    if output is not None:
        output.write_text(found.text, encoding="utf-8")
    elif not as_json:
        sys.stdout.write(found.text)
    if as_json:
        print_json(_plain(found))
    else:
        _tell(console() if output is not None else errors(), found, output)
    return Code.GOOD


def _plain(found: Imported) -> dict[str, object]:
    return {
        "text": found.text,
        "dags": [
            {"id": dag.id, "schedule": dag.schedule, "jobs": [job.name for job in dag.jobs]} for dag in found.dags
        ],
        "edges": [
            {"upstream": one.upstream.name, "downstream": one.downstream.name, "reason": one.reason, "minutes": one.gap}
            for one in found.edges
        ],
        "risks": [{"line": risk.line or None, "kind": risk.kind, "text": risk.text} for risk in found.risks],
    }


def _tell(screen: Console, found: Imported, output: Path | None) -> None:
    for dag in found.dags:
        count = f"{len(dag.jobs)} job{'' if len(dag.jobs) == 1 else 's'}"
        screen.print(Text.assemble(("✓ ", "green"), (dag.id, "bold"), f"  {count}, {dag.schedule}"))
    for edge in found.edges:
        order = f"{edge.upstream.name} >> {edge.downstream.name}"
        screen.print(Text.assemble(("guess ", "cyan"), (order, "bold"), f"  {terminal_safe(edge.reason)}; "
                                   f"{edge.gap} min of safety gap go"))  # fmt: skip
    for risk in found.risks:
        where = f"line {risk.line}: " if risk.line else ""
        screen.print(Text.assemble((f"{risk.kind} ", "yellow"), where, terminal_safe(risk.text)))
    screen.print("\nwhat happens when")
    for question, answer in _ANSWERS:
        screen.print(Text.assemble(f"  {question:<13}", (answer.format(dag=found.dags[0].id), "dim")))
    if output is not None:
        screen.print(f"\nnext: segue check {output}", style="bold")
