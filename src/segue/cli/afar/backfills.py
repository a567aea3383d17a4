from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from segue.cli.afar.acting import confirm, counted, params_of, tell
from segue.cli.output import Code, console, plain, print_json, state_text, table
from segue.client import Client
from segue.model.api.acts import AgainBackfills, MoveBackfills, NewBackfill
from segue.model.api.outcomes import BackfillPlan, Outcome
from segue.model.errors import UsageError
from segue.show.backfilling import range_of

__all__ = ["backfill", "backfills"]

_UNASKED: Final = 10


def backfill(client: Client, words: dict[str, Any]) -> int:
    """`segue backfill`."""
    dag = words["target"].rpartition(":")[2]
    if dag.endswith(".py"):
        raise UsageError(f"{dag}: a server knows DAGs by their id, not by their file")
    body = NewBackfill(
        range_of(words["when"], words["start"], words["end"]), words["order"], words["cap"],
        tuple(words["only"].split(",")), params_of(client, dag, words["param"]), words["reason"],
    )  # fmt: skip
    plan = client.acting.plan_backfill(dag, replace(body, dry_run=True))
    if words["dry"] or not words["as_json"]:
        _print_plan(plan, words["as_json"])
    if words["dry"] or not plan.intervals:
        return Code.GOOD
    if len(plan.intervals) > _UNASKED:
        confirm(f"run {counted(len(plan.intervals), 'interval')}", words["yes"])
    return tell(client.acting.start_backfill(dag, body), words["as_json"])


def _print_plan(plan: BackfillPlan, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        return
    screen = console()
    screen.print(f"{plan.dag_id}: {counted(len(plan.intervals), 'interval')}, {plan.order} first, {plan.cap} at once")
    if plan.intervals:
        screen.print(f"  {plan.intervals[0]} to {plan.intervals[-1]}, tasks: {', '.join(plan.tasks)}")
    for state, count in plan.left_alone.items():
        screen.print(f"  left alone: {count} {state}")
    if plan.verdict:
        screen.print(plain(f"  {plan.verdict}"))


def backfills(client: Client, words: dict[str, Any]) -> int:
    """`segue backfills`."""
    given = [word for word in words["given"] or () if word != "list"]
    if given and not given[0].isdigit():
        return _move(client, given, words)
    if given:
        found = client.standing.backfill(int(given[0]))
        if words["as_json"]:
            print_json(found)
            return Code.GOOD
        console().print(f"backfill {found.id} of {found.dag_id}: {found.state}, {found.over} of {found.intervals} over")
        if found.verdict:
            console().print(plain(f"  {found.verdict}"))
        return Code.GOOD
    items = list(islice(client.each(client.standing.backfills, dag=words["dag"]), words["limit"]))
    if words["as_json"]:
        print_json({"backfills": items})
        return Code.GOOD
    rows = table(">id", "dag", "state", ">over", ">intervals", "reason")
    for one in items:
        rows.add_row(one.id, one.dag_id, state_text(one.state), str(one.over), str(one.intervals), plain(one.reason))
    console().print(rows if items else "no backfills")
    return Code.GOOD


def _move(client: Client, given: list[str], words: dict[str, Any]) -> int:
    verb, ids = given[0], tuple(given[1:])
    newest = words["code"] == "newest"
    moves: dict[str, Callable[[], Outcome]] = {
        "pause": lambda: client.acting.pause_backfills(MoveBackfills(ids)),
        "resume": lambda: client.acting.resume_backfills(AgainBackfills(ids, newest=newest)),
        "cancel": lambda: client.acting.cancel_backfills(MoveBackfills(ids)),
        "retry": lambda: client.acting.repeat_backfills(AgainBackfills(ids, newest=newest)),
    }
    if verb not in moves or not ids:
        raise UsageError(f"write `segue backfills {'|'.join(moves)} ID`")
    return tell(moves[verb](), words["as_json"])
