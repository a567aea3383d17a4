"""Every route of the API, asked at random by its own description."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.e2e.commands import PATIENCE
from tests.e2e.served import Server

__all__ = ["Fuzz"]

LEFT_OUT = {
    ("GET", "/api/v1/events"),  # it never ends
}
"""What is not asked."""

BODIES = {"runs", "dags", "backfills"}
"""What bodies list."""

AWAY = 503
"""The one status of five hundred and more that a healthy server may give, where its machine is too slow."""


@schemathesis.serializer("application/x-tar", "application/gzip")
def _as_bytes(_: object, value: object) -> bytes:
    """An archive that is none."""
    return value if isinstance(value, bytes) else repr(value).encode()


@dataclass
class Fuzz:
    """Asks a server.

    Attributes:
        server: as an admin.
        examples: so many of each route.
        known: names that exist, by the name of a path's part or of a body's list; every second example has them.
        statuses: what came back, by route.
        wrong: what should not be.
    """

    server: Server
    examples: int
    known: Mapping[str, Sequence[str]]
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Ask all routes that OpenAPI describes."""
        document = self.server.get("/api/v1/openapi.json").json()
        schema = schemathesis.openapi.from_dict(_without_tuples(document))
        with requests.Session() as session:
            session.headers["authorization"] = f"Bearer {self.server.token}"
            for found in schema.get_all_operations():
                operation = found.ok()
                if (operation.method.upper(), operation.path) not in LEFT_OUT:
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

        import time
        a, b = time.process_time(), time.monotonic()
        ask()
        print(f"{name} cpu {time.process_time() - a:.2f} wall {time.monotonic()-b:.2f}", flush=True)

    def _name(self, case: Case, number: int) -> None:
        """Something that exists."""
        for part in case.path_parameters or ():
            if names := self.known.get(part):
                case.path_parameters[part] = names[number % len(names)]
        if isinstance(case.body, dict) and (lists := self.known.keys() & case.body.keys() & BODIES):
            kept = {key: value for at, (key, value) in enumerate(sorted(case.body.items())) if number >> at & 2}
            case.body = kept | {part: [self.known[part][number % len(self.known[part])]] for part in lists}


def _without_tuples(document: Any) -> Any:
    """Schemathesis takes `prefixItems` for something else."""
    if isinstance(document, dict):
        return {name: _without_tuples(value) for name, value in document.items() if name != "prefixItems"}
    return [_without_tuples(value) for value in document] if isinstance(document, list) else document


def _fault(case: Case, answer: Any) -> str:
    """What is wrong with an answer."""
    if answer.status_code >= 500 and answer.status_code != AWAY:
        return answer.text[:500]
    try:
        case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])
    except BaseException as why:
        return f"{why!r}"[:800]
    return ""
