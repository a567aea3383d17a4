"""What a body must not hold, whatever its route: keys that nobody knows, and texts that no store can keep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import is_dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

import msgspec
from fastapi import Request

from segue.model.errors import UsageError
from segue.show.api.repeating import with_body

__all__ = ["body_of", "checking"]


def body_of(function: Callable[..., Any]) -> type | None:
    """The class that a route's function takes as its body, None where it takes none."""
    if "body" not in function.__annotations__:
        return None
    hint = get_type_hints(function)["body"]
    return hint if isinstance(hint, type) and is_dataclass(hint) else None


def checking(kind: type) -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses a body that does not speak the language of its class.

    Args:
        kind: the body's dataclass.
    """

    async def check(request: Request) -> None:
        try:
            sent = msgspec.json.decode(await request.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
            raise UsageError(f"the body is no JSON that can be kept: {why}") from None
        for trouble in _troubles(sent, kind, "body"):
            raise UsageError(trouble)
        state = request.scope["state"]
        if "visit" in state:
            state["visit"] = with_body(state["visit"], msgspec.json.encode(sent, order="sorted"))

    return check


def _troubles(sent: object, kind: type | None, place: str) -> Iterator[str]:
    match sent:
        case dict():
            known = None if kind is None else get_type_hints(kind)
            for name, value in sent.items():
                if known is not None and name not in known:
                    yield f"{place} has no key {name[:100]!r}{_hint(name, known)}"
                yield from _troubles(name, None, f"a name in {place}")
                yield from _troubles(value, _inner(known, name), f"{place}.{name}")
        case list():
            for at, value in enumerate(sent):
                yield from _troubles(value, None, f"{place}[{at}]")
        case str() if "\0" in sent:
            yield f"{place} holds the character NUL, which no store keeps"
        case int() if not -(2**63) <= sent < 2**64:
            yield f"{place} is a number of more than 64 bits, which no store keeps"


def _inner(known: Mapping[str, Any] | None, name: str) -> type | None:
    if known is None:
        return None
    kinds = (known.get(name), *get_args(known.get(name)))
    return next((kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)), None)


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, 1)
    return f": did you mean {near[0]}?" if near else f": it has {', '.join(known)}"
