from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from segue.cli.afar.acting import confirm, tell
from segue.cli.output import Code, console, plain, print_json, table
from segue.cli.sealed import read_value
from segue.client import Client
from segue.model.api.acts import DrainOwner, KeepValue, PutPool, SilenceAlerts, TryChannels
from segue.model.api.outcomes import DeployPlan, KnownName
from segue.model.errors import UsageError

__all__ = ["alerts", "connection", "deploy", "drain", "pool", "secret"]


def alerts(client: Client, words: dict[str, Any]) -> int:
    """`segue alerts`."""
    match words["action"]:
        case "silence":
            body = SilenceAlerts(words["what"] or "", words["until"] or "", words["reason"])
            return tell(client.acting.silence_alerts(body), words["as_json"])
        case "test":
            tried = client.acting.test_channels(TryChannels((words["what"],) if words["what"] else ()))
            for one in tried:
                console().print(plain(f"{one.channel}: {'arrived' if one.ok else one.text}"))
            return Code.GOOD if all(one.ok for one in tried) else Code.FAILED
    page = client.standing.alerts(unsettled=words["open_only"], limit=min(200, words["limit"]))
    if words["as_json"]:
        print_json(page.items)
        return Code.GOOD
    rows = table("at", "kind", "dag", "text")
    for alert in page.items:
        rows.add_row(alert.at, alert.kind, alert.dag_id, plain(alert.text))
    console().print(rows if page.items else "no alerts")
    return Code.GOOD


def drain(client: Client, words: dict[str, Any]) -> int:
    """`segue drain`."""
    return tell(client.acting.drain(DrainOwner(not words["off"])), words["as_json"])


def pool(client: Client, words: dict[str, Any]) -> int:
    """`segue pool`."""
    name = words["name"]
    match words["action"], name is not None, words["slots"] is not None:
        case "list", False, False:
            found = client.standing.pools()
            if words["as_json"]:
                print_json(found)
                return Code.GOOD
            rows = table("pool", ">slots", ">used", ">waiting")
            for one in found:
                slots = "?" if one.slots is None else str(one.slots)
                rows.add_row(one.name, slots, str(one.used), str(one.waiting))
            console().print(rows if found else "no pools")
            return Code.GOOD
        case "set", True, True:
            return tell(client.acting.set_pool(name, PutPool(words["slots"])), words["as_json"])
        case "remove", True, False:
            return tell(client.acting.remove_pool(name), words["as_json"])
    raise UsageError("write `segue pool list`, `segue pool set NAME SLOTS` or `segue pool remove NAME`")


def secret(client: Client, words: dict[str, Any]) -> int:
    """`segue secret`."""
    name = words["name"]
    match words["action"], name is not None:
        case "list", False:
            return _names(client.standing.secrets(), words["as_json"])
        case "set", True:
            return tell(client.acting.set_secret(name, KeepValue(read_value(f"secret {name}"))), words["as_json"])
        case "remove", True:
            return tell(client.acting.remove_secret(name), words["as_json"])
    raise UsageError("over SEGUE_URL write `segue secret list|set NAME|remove NAME`")


def connection(client: Client, words: dict[str, Any]) -> int:
    """`segue connection`."""
    name = words["name"]
    match words["action"], name is not None:
        case "list", False:
            return _names(client.standing.connections(), words["as_json"])
        case "add" | "set", True:
            value = words["uri"] or read_value(f"connection {name}")
            return tell(client.acting.set_connection(name, KeepValue(value)), words["as_json"])
        case "remove", True:
            return tell(client.acting.remove_connection(name), words["as_json"])
        case "test", True:
            console().print(plain(client.acting.test_connection(name).text))
            return Code.GOOD
    raise UsageError("over SEGUE_URL write `segue connection list|add NAME|test NAME|remove NAME`")


def _names(found: Sequence[KnownName], as_json: bool) -> int:
    if as_json:
        print_json(found)
        return Code.GOOD
    rows = table("name", "kept in")
    for one in found:
        rows.add_row(one.name, one.place)
    console().print(rows if found else "none are known there")
    return Code.GOOD


def deploy(client: Client, words: dict[str, Any]) -> int:
    """`segue deploy --to`: the whole project goes along; only the server's definition child opens it."""
    from segue.app.uploads import pack

    with TemporaryFile() as archive:
        inside = pack(Path(words["path"] or "."), archive)
        path = (inside,) if inside else ()
        archive.seek(0)
        plan = client.acting.plan_deploy(archive, path=path)
        if not words["as_json"] or words["dry_run"]:
            _print_plan(plan, words["as_json"])
        if words["dry_run"]:
            return Code.GOOD
        if any(dag.kind == "gone" for dag in plan.dags):
            confirm("DAGs go away", words["yes"])
        archive.seek(0)
        outcome = client.acting.deploy(archive, path=path, label=words["label"], yes=True)
    return tell(outcome, words["as_json"])


def _print_plan(plan: DeployPlan, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        return
    rows = table("dag", "is", "file", "what changes")
    for dag in plan.dags:
        changes = [f"{sign}{task}" for sign, task in dag.tasks]
        changes += ["code"] if dag.code else []
        changes += [f"{dag.clock[0]} → {dag.clock[1]}"] if dag.clock else []
        changes += [f"{dag.missing[0]} intervals missing"] if dag.missing else []
        changes += [f"{dag.under_way} runs in flight go on"] if dag.under_way else []
        rows.add_row(dag.dag, dag.kind, dag.file, plain(", ".join(changes)))
    console().print(rows if plan.dags else "no DAGs")
