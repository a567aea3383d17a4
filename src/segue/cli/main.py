"""The command line. A verb's module is imported when the verb is used, so that `--help` costs nothing it need not."""

from __future__ import annotations

import difflib
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

import typer
from rich.text import Text
from typer.exceptions import TyperException

from segue.cli.output import Code, console, errors, print_json, say_error
from segue.model.errors import SegueError, UsageError

__all__ = ["VERBS", "main"]

VERBS: Final = {
    "init": "make a project that runs, with a test",
    "check": "load DAG files and print every error and warning in them",
    "run": "run a DAG now, in the foreground",
    "up": "run every DAG by its clock, for good",
    "dev": "the same, and say what was read again as it happens",
    "scheduler": "the same on PostgreSQL, where one leads and another takes over",
    "web": "serve the API of a PostgreSQL database, beside its schedulers",
    "deploy": "take DAG files as they are now in one step, and say what changes",
    "drain": "start nothing more and wait until what runs has ended",
    "trigger": "have the owner of this home run a DAG now",
    "pause": "stop the clocks of DAGs",
    "unpause": "let the clocks of DAGs go on",
    "backfill": "run the intervals of a range, so many at once",
    "backfills": "list backfills, pause, resume, cancel or retry one",
    "test": "try a DAG in a throw-away home, publish nothing, and say what each task made",
    "runs": "list runs, newest first",
    "slots": "show every interval of a DAG: fresh, failed, missing, …",
    "next": "say what will run when, and what it covers",
    "forecast": "say how long runs take, and whether the next ones are in time",
    "simulate": "play the coming month in seconds: what is late, what waits",
    "show": "show one run: its tasks and attempts, with causes",
    "logs": "print what a task wrote",
    "why": "say for every task of a run why it waits, or how it ended",
    "diff": "say what lies between two runs, or a run and the newest code",
    "retry": "go on with a run: again what failed, with the same code",
    "rerun": "run a slot anew, with the newest code",
    "cancel": "stop runs",
    "mark": "set a task of a run to success, failed or skipped by hand",
    "release": "let a held task go: publish what it staged",
    "reject": "fail a held task",
    "alerts": "list alerts, silence some for a while, try whether they arrive",
    "pool": "list pools, give one slots, remove one",
    "connection": "keep addresses of systems outside, list, try and remove them",
    "secret": "keep secrets, list and remove them, change their key",
    "user": "say who may enter the page and the API, and what they may do",
    "token": "make, list and end the tokens that scripts use",
    "import": "make a DAG file of a crontab",
    "doctor": "say what is wrong with this home and machine, and what helps",
    "db": "upgrade or back up the database",
}

_HERE: Final = frozenset({
    "init", "check", "run", "up", "dev", "scheduler", "web", "test", "simulate", "import", "doctor", "db",
})  # fmt: skip
"""Verbs of this machine, whatever SEGUE_URL says."""

_MODULES: Final = {"import": "importing"}
"""Where a verb is a word that Python keeps for itself."""

_ELSEWHERE: Final = {
    "clear": "did you mean retry, rerun or rerun --failed?",
    "execute": "did you mean run?",
    "status": "did you mean show or runs?",
    "list": "did you mean runs?",
    "ls": "did you mean runs?",
    "dags": "did you mean check, runs, trigger or backfill? (`airflow dags backfill` is `segue backfill`)",
    "tasks": "did you mean show?",
    "log": "did you mean logs?",
    "kill": "did you mean cancel --now?",
    "stop": "did you mean cancel, pause or drain? (`segue up` itself ends with Ctrl-C, or with TERM)",
    "resume": "did you mean unpause or retry?",
    "lint": "did you mean check?",
    "validate": "did you mean check?",
    "parse": "did you mean check?",
    "migrate": "did you mean db upgrade?",
    "serve": "did you mean up?",
    "start": "did you mean up?",
    "standalone": "did you mean up?",
    "webserver": "did you mean up? It serves the page too",
    "variables": "did you mean connection or secret? (for settings of a DAG: its params)",
    "info": "did you mean doctor?",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and give its exit code.

    Args:
        arguments: what stands after `segue` on the command line.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without our glyphs is no reason to stop
    try:
        return _dispatch(given)
    except SegueError as error:
        return say_error(error, "--json" in given)
    except TyperException as error:
        return _wrong_usage(error, given)
    except (KeyboardInterrupt, typer.Abort):
        return Code.CANCELLED
    except BrokenPipeError:
        # Whoever read our output has gone; so must what is still buffered.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _dispatch(given: list[str]) -> int:
    if not given or given[0] in ("-h", "--help", "help"):
        _overview()
        return Code.GOOD if given else Code.USAGE
    if given[0] in ("-V", "--version", "version"):
        console().print(f"segue {version('segue')}")
        return Code.GOOD
    verb = given[0]
    for word in given:
        if not word.isascii() and (broken := word.encode(errors="replace").decode()) != word:
            raise UsageError(f"{broken!r} is not UTF-8")  # a lone surrogate, which neither JSON nor a database takes
    if verb not in VERBS:
        raise UsageError(f"no command {verb!r}: {_suggestion(verb)}")
    module: Any = importlib.import_module(f"segue.cli.{_MODULES.get(verb, verb)}")
    command = typer.main.get_command(module.app)
    if verb not in _HERE and _names_server(given):
        # The verb's own options, and another who carries it out.
        with command.make_context(f"segue {verb}", given[1:]) as context:
            url = context.params.get("to") or os.environ.get("SEGUE_URL", "")
            return int(importlib.import_module("segue.cli.afar.verbs").carry_out(verb, context.params, url))
    return int(command.main(given[1:], prog_name=f"segue {verb}", standalone_mode=False) or 0)


def _names_server(given: list[str]) -> bool:
    if "--help" in given:
        return False
    return bool(os.environ.get("SEGUE_URL")) or (
        given[0] == "deploy" and any(word.partition("=")[0] == "--to" for word in given)
    )


def _suggestion(verb: str) -> str:
    if verb in _ELSEWHERE:
        return _ELSEWHERE[verb]
    if verb.startswith("-"):
        return "options stand after the command; `segue --help` lists the commands"
    near = difflib.get_close_matches(verb, VERBS, 2)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(VERBS)}"


def _overview() -> None:
    screen = console()
    screen.print("[bold]segue[/] COMMAND [OPTIONS]\n")
    screen.print("Runs what is ready, when it is ready, and says why the rest waits.\n")
    for verb, meaning in VERBS.items():
        screen.print(f"  [cyan]{verb:<10}[/] {meaning}")
    screen.print("\n  segue COMMAND --help   what a command takes")


def _wrong_usage(error: TyperException, given: Sequence[str]) -> int:
    message = error.format_message().rstrip(".")
    if "--json" in given:
        print_json({"error": {"code": "usage_error", "message": message, "where": None, "hint": None}})
    else:
        hint = f": `segue {given[0]} --help` says what it takes"
        errors().print(Text.assemble(("error: ", "bold red"), message, hint))
    return Code.USAGE
