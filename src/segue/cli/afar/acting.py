from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from json import JSONDecodeError, loads
from typing import Any, Final

import typer

from segue.cli.output import Code, console, errors, plain, print_json, say_errors
from segue.client import Client
from segue.client.acting import OnRuns
from segue.model.api.acts import (
    CancelRuns,
    MarkRuns,
    PauseClocks,
    RejectRuns,
    ReleaseRuns,
    RerunRuns,
    RetryRuns,
    SelectRuns,
    TriggerDags,
    UnpauseClocks,
)
from segue.model.api.outcomes import Outcome, RunPlan
from segue.model.errors import Refused, UsageError

__all__ = [
    "cancel", "confirm", "counted", "mark", "params_of", "pause", "reject", "release", "rerun", "retry", "tell",
    "trigger", "unpause",
]  # fmt: skip

_UNASKED: Final = 10


def retry(client: Client, words: dict[str, Any]) -> int:
    """`segue retry`."""
    runs, rest, select = _meant(words, words["given"])
    return _act(client, words, RetryRuns(runs, select, tasks=rest, only=words["only"], force=words["force"]))


def rerun(client: Client, words: dict[str, Any]) -> int:
    """`segue rerun`."""
    runs, _, select = _meant(words, [words["run"]] if words["run"] else [])
    body = RerunRuns(runs, select, failed=words["failed"], tasks=tuple(words["cut"] or ()), replace=words["replace"])
    return _act(client, words, body, dry=words["dry_run"])


def cancel(client: Client, words: dict[str, Any]) -> int:
    """`segue cancel`."""
    runs, _, select = _meant(words, [words["run"]] if words["run"] else [])
    return _act(client, words, CancelRuns(runs, select, now=words["now"]))


def mark(client: Client, words: dict[str, Any]) -> int:
    """`segue mark`."""
    runs, rest, select = _meant(words, words["given"])
    match rest:
        case (task, ("success" | "failed" | "skipped") as state):
            return _act(client, words, MarkRuns(task, state, words["reason"], runs, select))
    raise UsageError("write `segue mark RUN TASK success|failed|skipped --reason TEXT`")


def release(client: Client, words: dict[str, Any]) -> int:
    """`segue release`."""
    runs, rest, select = _meant(words, words["given"])
    task = rest[0] if rest else None
    body = ReleaseRuns(words["reason"], runs, select, task=task, from_now_on=words["from_now_on"])
    return _act(client, words, body)


def reject(client: Client, words: dict[str, Any]) -> int:
    """`segue reject`."""
    runs, rest, select = _meant(words, words["given"])
    return _act(client, words, RejectRuns(words["reason"], runs, select, task=rest[0] if rest else None))


def _meant(
    words: dict[str, Any], given: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...], SelectRuns | None]:
    """The run that is named, the words after it, or the selection."""
    states = tuple(name.strip() for text in words["state"] or () for name in text.split(","))
    select = SelectRuns(words["dag"], states, words["since"], words["tag"], words["error"])
    named = tuple(given or ())
    if select != SelectRuns():
        return (), named, select
    if not named:
        raise UsageError("which runs? Name one, or select: --state failed --since 02:00")
    return named[:1], named[1:], None


def _act(client: Client, words: dict[str, Any], body: OnRuns, *, dry: bool = False) -> int:
    if dry or (body.select is not None and not words["as_json"]):
        plan = client.acting.plan_runs(replace(body, dry_run=True))
        _print_plan(plan, words["as_json"])
        if dry or not plan.total:
            return Code.GOOD
        if plan.total > _UNASKED:
            confirm(f"{plan.act} {counted(plan.total, 'run')}", words["yes"])
    return tell(client.acting.do(body), words["as_json"])


def _print_plan(plan: RunPlan, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        return
    screen = console()
    screen.print(f"{plan.act} {counted(plan.total, 'run')}, {counted(plan.tasks, 'task')}", style="bold")
    for run in plan.runs[:_UNASKED]:
        screen.print(f"  {run}")
    if plan.total > _UNASKED:
        screen.print(f"  … and {plan.total - _UNASKED:,} more", style="dim")
    for one in plan.reuse:
        screen.print(f"  {one.run_id} takes over {', '.join(one.reused) or 'nothing'}")
        for task in one.runs:
            screen.print(plain(f"    {task.task_id} runs: {task.text}"))
    for cause in plan.causes[:5]:
        screen.print(plain(f"  {cause.count:,} × {cause.text}"))
    for refusal in plan.refused:
        screen.print(plain(f"  left out: {refusal.object}: {refusal.why}"))


def counted(number: int, what: str) -> str:
    """A number and a noun: `1 run`, `3 runs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def confirm(what: str, yes: bool) -> None:
    """Ask before much is done.

    Raises:
        UsageError: nobody can be asked.
        Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what}: this needs a yes: add --yes. Nothing was done")
    errors().print(f"{what}? \\[y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise typer.Abort


def tell(outcome: Outcome, as_json: bool) -> int:
    """Print what has become of an act; gives the exit code."""
    if as_json:
        print_json(outcome)
    else:
        for done in outcome.done:
            console().print(plain(done.text))
        for one in outcome.pending:
            console().print(plain(f"{one.object}: not answered yet, see {one.url}"))
    if outcome.refused and not as_json:
        return say_errors([Refused(f"{one.object}: {one.why}") for one in outcome.refused], False)
    return Code.FAILED if outcome.refused else Code.GOOD


def trigger(client: Client, words: dict[str, Any]) -> int:
    """`segue trigger`."""
    if words["wait"]:
        raise UsageError("--wait follows a run on this machine: leave it out, `segue show` says how it stands")
    dag = words["dag"]
    body = TriggerDags(
        (dag,), date=words["date"], interval=words["interval"], params=params_of(client, dag, words["param"]),
        reason=words["reason"], replace=words["replace"],
    )  # fmt: skip
    return tell(client.acting.do(body), words["as_json"])


def params_of(client: Client, dag: str, given: Sequence[str] | None) -> dict[str, Any]:
    """Values of params as written: JSON where the type is not `str`; the server compares them with their schema.

    Raises:
        UsageError: one has no `=`.
    """
    if not given:
        return {}
    texts = {param.name for param in client.dags.get(dag).params if param.type == "str"}
    values: dict[str, Any] = {}
    for word in given:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"--param {word}: write name=value")
        values[name] = text if name in texts else _read(text)
    return values


def _read(text: str) -> Any:
    try:
        return loads(text)
    except JSONDecodeError:
        return text


def pause(client: Client, words: dict[str, Any]) -> int:
    """`segue pause`."""
    body = PauseClocks(select=_selection(words), hard=words["hard"], until=words["until"], reason=words["reason"])
    return tell(client.acting.do(body), words["as_json"])


def unpause(client: Client, words: dict[str, Any]) -> int:
    """`segue unpause`."""
    return tell(client.acting.do(UnpauseClocks(select=_selection(words), run=words["run"])), words["as_json"])


def _selection(words: dict[str, Any]) -> str:
    parts = [*(words["given"] or ())]
    parts += [f"tag:{words['tag']}"] if words["tag"] else []
    parts += [f"connection:{words['connection']}"] if words["connection"] else []
    parts += ["*"] if words["every"] else []
    if not parts:
        raise UsageError("which DAGs? Name some, or --tag, --connection, --all")
    return ",".join(parts)
