from __future__ import annotations

from dataclasses import asdict

import typer
from rich.text import Text

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, print_json, terminal_safe

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_GLYPHS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("!", "yellow")}


@app.command()
def doctor(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """Say what is wrong with this home and machine, and what helps; exit 1 where something is wrong."""
    from segue.app.doctor import examine

    findings = list(examine(settings_here(home=home)))
    wrong = [finding for finding in findings if finding.good is False]
    if as_json:
        print_json({"ok": not wrong, "findings": [asdict(finding) for finding in findings]})
        return Code.FAILED if wrong else Code.GOOD
    screen = console()
    for finding in findings:
        topic = Text.assemble(_GLYPHS[finding.good], f" {finding.topic:<9} ")
        screen.print(Text.assemble(topic, terminal_safe(finding.text)))
        if finding.fix:
            screen.print(Text(f"            {terminal_safe(finding.fix)}", style="bold"))
    if wrong:
        screen.print(Text(f"\n{len(wrong)} wrong", style="bold red"))
        return Code.FAILED
    screen.print(Text("\nnothing is wrong", style="green"))
    return Code.GOOD
