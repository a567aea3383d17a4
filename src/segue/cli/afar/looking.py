from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from time import sleep
from typing import Any, Final

from rich.text import Text

from segue.cli.output import Code, console, duration, plain, print_json, state_text, table, terminal_safe, when
from segue.client import Client
from segue.model.api.logs import LogLine
from segue.model.api.runs import AttemptItem, RunItem

__all__ = ["diff", "instant", "logs", "next_fires", "runs", "show", "slots", "why"]

_MANY: Final = 200
_PAUSE: Final = 0.5


def instant(text: str | None) -> int | None:
    """An instant of the API, in microseconds."""
    return None if text is None else int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def runs(client: Client, words: dict[str, Any]) -> int:
    """`segue runs`."""
    query = {
        "dag": words["dag"] or words["glob"], "state": _states(words["state"]), "since": words["since"],
        "tag": words["tag"], "error": words["error"], "limit": min(_MANY, words["limit"]),
    }  # fmt: skip
    found = list(islice(client.each(client.runs.list, **query), words["limit"]))
    if words["as_json"]:
        print_json(found)
        return Code.GOOD
    rows = table(">no", "run", "state", "started", ">took", "why")
    for run in found:
        rows.add_row(
            str(run.number), run.run_id, state_text(run.state), when(instant(run.started_at)),
            duration(instant(run.started_at), instant(run.ended_at)), terminal_safe(_reason(run)),
        )  # fmt: skip
    console().print(rows if found else "no runs")
    return Code.GOOD


def _states(given: list[str] | None) -> list[str]:
    return [name.strip() for text in given or () for name in text.split(",")]


def _reason(run: RunItem) -> str:
    culprits = ", ".join(f"{_label(one.task_id, one.map_index)}: {one.reason}" for one in run.culprits[:2])
    return culprits or (run.why if run.state in ("held", "interrupted") else "")


def _label(task: str, index: int | None) -> str:
    return task if index is None else f"{task}[{index}]"


def show(client: Client, words: dict[str, Any]) -> int:
    """`segue show`."""
    run = client.runs.get(words["run"])
    if words["as_json"]:
        print_json(run)
        return Code.GOOD
    screen = console()
    screen.print(Text.assemble((run.run_id, "bold"), "  ", state_text(run.state), "  ", plain(run.why)))
    rows = table("  task", "state", ">took", ">attempts", "why")
    for task in run.tasks:
        took = duration(instant(task.started_at), instant(task.ended_at))
        said = plain(task.why or "") if task.state != "success" else Text()
        label = f"  {_label(task.task_id, task.map_index)}"
        rows.add_row(label, state_text(task.state), took, str(task.attempts or ""), said)
    screen.print(rows)
    if run.left_out:
        screen.print(f"  … and {run.left_out:,} more", style="dim")
    return Code.GOOD


def why(client: Client, words: dict[str, Any]) -> int:
    """`segue why`."""
    page = client.runs.why(words["run"], task=words["task"])
    if words["as_json"]:
        print_json(page)
        return Code.GOOD
    screen = console()
    screen.print(Text.assemble((page.run_id, "bold"), "  ", state_text(page.state), "  ", plain(page.why)))
    rows = table("", "", "")
    rows.show_header = False
    for task in page.tasks:
        rows.add_row(f"  {task.task}", state_text(task.state), plain(task.why))
    screen.print(rows)
    return Code.GOOD


def logs(client: Client, words: dict[str, Any]) -> int:
    """`segue logs`."""
    task, _, index = words["task"].rstrip("]").partition("[")
    query = {"task": task, "map_index": int(index) if index.isdigit() else None}
    printed = dict[str, int]()
    while True:
        found = list(client.each(client.runs.attempts, words["run"], **query))
        found = [one for one in found if words["attempt"] in (None, one.attempt)]
        for attempt in found:
            for line in _new_lines(client, attempt, printed):
                _print_line(attempt, line, words["as_json"])
        if not words["follow"] or client.runs.get(words["run"]).ended_at is not None:
            break
        sleep(_PAUSE)
    if not printed and not words["as_json"]:
        console().print(f"{words['task']} wrote nothing, or has not begun")
    return Code.GOOD


def _new_lines(client: Client, attempt: AttemptItem, printed: dict[str, int]) -> Iterator[LogLine]:
    more = True
    while more:
        page = client.attempts.log(int(attempt.attempt_id), offset=printed.get(attempt.attempt_id, 0))
        yield from page.lines
        more = page.more and bool(page.lines)
        if page.end:
            printed[attempt.attempt_id] = page.end


def _print_line(attempt: AttemptItem, line: LogLine, as_json: bool) -> None:
    if as_json:
        print_json({
            "run_id": attempt.run_id, "task_id": attempt.task_id, "map_index": attempt.map_index,
            "attempt": attempt.attempt, "time": line.t, "stream": line.stream, "level": line.level,
            "message": line.msg, "fields": line.fields,
        })  # fmt: skip
        return
    level = f"{line.level} " if line.level else ""
    console().print(Text.assemble((f"{line.t}  ", "dim"), level, Text(terminal_safe(line.msg))))


def slots(client: Client, words: dict[str, Any]) -> int:
    """`segue slots`."""
    page = client.dags.slots(words["dag"], when=words["span"])
    if words["as_json"]:
        print_json(page)
        return Code.GOOD
    screen = console()
    screen.print(Text.assemble((page.dag_id, "bold"), "  ", plain(page.schedule), f"  {page.timezone}"))
    rows = table("  interval", "state", "run")
    for slot in page.slots:
        rows.add_row(f"  {slot.key}", state_text(slot.state), slot.run_id or "")
    screen.print(rows)
    screen.print(f"  {', '.join(f'{count} {state}' for state, count in page.counts.items())}")
    if page.command:
        screen.print(f"  to fill them: {page.command}", style="dim")
    return Code.GOOD


def next_fires(client: Client, words: dict[str, Any]) -> int:
    """`segue next`."""
    if words["dag"]:
        found = [client.dags.next(words["dag"], days=words["days"])]
    else:
        found = list(client.each(client.dags.next_fires))
    if words["as_json"]:
        print_json(found)
        return Code.GOOD
    rows = table("dag", "state", "next", "schedule")
    for clock in found:
        rows.add_row(clock.dag_id, clock.state, clock.next[0].due if clock.next else "", plain(clock.schedule))
    console().print(rows)
    return Code.GOOD


def diff(client: Client, words: dict[str, Any]) -> int:
    """`segue diff`."""
    found = client.runs.compare_runs(words["run"], other=words["other"])
    if words["as_json"]:
        print_json(found)
        return Code.GOOD
    screen = console()
    screen.print(f"{found.old} → {found.new}")
    for task, text in found.tasks:
        screen.print(Text.assemble(f"  {task}  ", plain(text)))
    for name, old, new in found.params:
        screen.print(Text.assemble(f"  param {name}  ", plain(f"{old} → {new}")))
    for file in found.files:
        screen.print(f"  {file.change} {file.file}")
        for line in file.lines:
            screen.print(Text(f"    {terminal_safe(line)}"))
    if not (found.tasks or found.params or found.files):
        screen.print("  nothing differs")
    return Code.GOOD
