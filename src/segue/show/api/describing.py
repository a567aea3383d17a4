from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.routing import BaseRoute

from segue.model.version import VERSION
from segue.show.api.problems import Problem

__all__ = ["described"]

_ABOUT: Final = (
    "Everything that the terminal can do. A list is paged: `next` of an answer is the `cursor` of the next question. "
    "What acts takes `dry_run`, and an `Idempotency-Key`: sent again within a day it gives the same answer, and "
    "another request under it is refused. An error is problem+json (RFC 9457)."
)
_SCHEMES: Final[dict[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer", "description": "a token of `segue token create`"},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "segue_…",
        "description": "a session's cookie; what changes something needs `X-Segue-CSRF` besides",
    },
}  # fmt: skip


def described(routes: Iterable[BaseRoute], cookie: str) -> dict[str, Any]:
    """The whole API as an OpenAPI 3.1 document.

    Args:
        routes: of the application.
        cookie: the name of a session's cookie.
    """
    routes = tuple(routes)
    document: dict[str, Any] = get_openapi(
        title="Segue", version=VERSION, openapi_version="3.1.0", description=_ABOUT, routes=routes
    )
    schemes = {**_SCHEMES, "session": {**_SCHEMES["session"], "name": cookie}}
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = schemes
    parts.setdefault("schemas", {}).update(_problems())
    for path in document["paths"].values():
        for operation in path.values():
            operation["security"] = _security(operation)
    return document


def _problems() -> dict[str, Any]:
    """What errors look like; no route returns them, so nobody else describes them."""
    whole = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    inner: dict[str, Any] = whole.pop("$defs", {})
    return {"Problem": whole, **inner}


def _security(operation: dict[str, Any]) -> Sequence[dict[str, list[str]]]:
    return [] if operation.get("x-segue-role") == "public" else [{name: []} for name in _SCHEMES]
