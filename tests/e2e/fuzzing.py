"""Every route of the API, asked at random by its own description."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.e2e.commands import PATIENCE, Project
from tests.e2e.served import Server
from tests.e2e.standing import eventually

__all__ = ["ACTS", "LOOKS", "check_routes"]

LOOKS, ACTS = frozenset({"get"}), frozenset({"post", "put", "delete"})
ENDLESS = "/api/v1/events"
LISTS = {"runs", "dags", "backfills"}
"""What bodies call the objects that are acted on."""
AWAY = 503
"""The one status of five hundred and more that a server without a fault may give, where its machine is too slow."""
SHOP = """
from segue import Param, dag, daily, task

@task
def extract() -> list:
    return [1, 2, 3]

@task
def load(row: int) -> int:
    print("row", row)
    return row

@task
def check(rows: list, bad: bool) -> None:
    if bad:
        raise ValueError("the warehouse is closed")

@dag(params={"bad": Param(False)}, tags=["retail"])
def shop(bad):
    check(load.map(extract()), bad)

@dag(schedule=daily(at="02:00"), start="2026-04-01")
def nightly():
    extract()
"""


@schemathesis.serializer("application/x-tar", "application/gzip")
def _as_bytes(_: object, value: object) -> bytes:
    """An archive that is none."""
    return value if isinstance(value, bytes) else repr(value).encode()


def check_routes(project: Project, server: Server, methods: frozenset[str], examples: int) -> None:
    """Furnish a home and ask so many things of each route: no fault, and answers as OpenAPI describes them."""
    fuzz = _Fuzz(server, examples, _furnished(project, server))
    fuzz.run(methods)
    assert not fuzz.wrong, "\n".join(fuzz.wrong[:20])
    assert {status for seen in fuzz.statuses.values() for status in seen} >= {200, 404, 422}
    assert set(map(Counter.total, fuzz.statuses.values())) <= {*range(1, examples + 1)}
    assert server.get("/api/v1/session").status == 200, "whoever asked was shut out meanwhile"


def _furnished(project: Project, server: Server) -> dict[str, Sequence[str]]:
    """Runs good and bad, a backfill; what they are called."""
    project.write("shop.py", SHOP)
    eventually(lambda: server.get("/api/v1/dags/nightly").status == 200, "the DAGs")
    for path, body in {
        "/dags/trigger": {"dags": ["shop"], "params": {"bad": True}},
        "/dags/nightly/backfills": {"range": "2026-04-01..2026-04-03"},
    }.items():
        eventually(lambda path=path, body=body: _act(server, path, body) == 200, path)
    eventually(lambda: len(_items(server, "/runs?state=success&state=failed")) == 4, "the ends of runs")
    runs = [str(one["run_id"]) for one in _items(server, "/runs")]
    attempts = [str(one["attempt_id"]) for run in runs for one in _items(server, f"/runs/{run}/attempts")]
    dags = ["shop", "nightly"]
    return {
        "run": runs, "runs": runs, "dag": dags, "dags": dags, "attempt": attempts, "backfill": ["1"],
        "backfills": ["1"], "name": ["first", "second"],
    }  # fmt: skip


def _act(server: Server, path: str, body: object) -> int:
    return server.post(f"/api/v1{path}", body, idempotency_key=f"furnish-{Path(path).name}").status


def _items(server: Server, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = server.get(f"/api/v1{path}").json()["items"]
    return items


@dataclass
class _Fuzz:
    """Asks a server.

    Attributes:
        server: as an admin.
        examples: of each route.
        known: names that exist, by what paths and bodies call them; every second example has them.
        statuses: what came back, by route.
        wrong: what should not be.
    """

    server: Server
    examples: int
    known: Mapping[str, Sequence[str]]
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def run(self, methods: frozenset[str]) -> None:
        """Ask all routes with these methods that OpenAPI describes."""
        document = self.server.get("/api/v1/openapi.json").json()
        schema = schemathesis.openapi.from_dict(_without_tuples(document))
        with requests.Session() as session:
            session.headers["authorization"] = f"Bearer {self.server.token}"
            for found in schema.get_all_operations():
                operation = found.ok()
                if operation.method in methods and operation.path != ENDLESS:
                    self._ask(operation, session)

    def _ask(self, operation: APIOperation, session: requests.Session) -> None:
        name = f"{operation.method.upper()} {operation.path}"
        seen = self.statuses.setdefault(name, Counter())
        cases = st.one_of(*(operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)))

        @settings(
            max_examples=self.examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(cases, st.integers(0, 1_000))
        def ask(case: Case, number: int) -> None:
            if number % 2:
                self._name(case, number)
            answer = case.call(self.server.url, session, timeout=PATIENCE)
            seen[answer.status_code] += 1
            if said := _fault(case, answer):
                self.wrong.append(f"{name}: {answer.status_code} {said}\n    {case.as_curl_command()[:600]}")

        ask()

    def _name(self, case: Case, number: int) -> None:
        """Put in what exists, and leave out some of the rest, which mostly contradicts it."""
        for part in case.path_parameters or ():
            if names := self.known.get(part):
                case.path_parameters[part] = names[number % len(names)]
        if isinstance(case.body, dict) and (lists := LISTS & case.body.keys()):
            kept = {key: value for at, (key, value) in enumerate(sorted(case.body.items())) if number >> at & 2}
            case.body = kept | {part: [self.known[part][number % len(self.known[part])]] for part in lists}


def _without_tuples(document: Any) -> Any:
    """Schemathesis takes `prefixItems` for something else."""
    if isinstance(document, dict):
        return {name: _without_tuples(value) for name, value in document.items() if name != "prefixItems"}
    return [_without_tuples(value) for value in document] if isinstance(document, list) else document


def _fault(case: Case, answer: Response) -> str:
    """What is wrong with an answer."""
    if answer.status_code >= 500 and answer.status_code != AWAY:
        return answer.text[:500]
    try:
        case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])
    except FailureGroup as why:
        return "; ".join(map(str, why.exceptions))[:1_000]
    return ""
