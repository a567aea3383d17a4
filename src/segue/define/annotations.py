"""Annotations as text that is the same under every Python version."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

__all__ = ["literals", "type_text"]


def type_text(annotation: Any) -> str:
    """Write an annotation: `int | None`, `list[str]`, `Literal['a', 'b']`."""
    if isinstance(annotation, str):
        return annotation
    if annotation is types.NoneType or annotation is None:
        return "None"
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(type_text, inner))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, inner))}]"
    if origin is typing.Annotated:
        return type_text(inner[0])
    name = getattr(origin or annotation, "__qualname__", None) or str(annotation).removeprefix("typing.")
    if not inner:
        return str(name)
    return f"{name}[{', '.join('...' if one is ... else _inner(one) for one in inner)}]"


def literals(annotation: Any) -> tuple[Any, ...] | None:
    """The values an annotation allows, where it is a `Literal`, also beside None or in a list; else None."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return inner
    if origin in (typing.Union, types.UnionType):
        inner = tuple(one for one in inner if one is not types.NoneType)
        found = [literals(one) for one in inner]
        return None if None in found else tuple(value for values in found if values is not None for value in values)
    return literals(inner[0]) if origin in (list, tuple) and inner and set(inner[1:]) <= {...} else None


def _inner(one: Any) -> str:
    return f"[{', '.join(map(type_text, one))}]" if isinstance(one, list) else type_text(one)
