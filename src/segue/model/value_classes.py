"""Dataclasses, msgspec structs, pydantic models and named tuples: their fields, and back."""

from __future__ import annotations

import dataclasses
import typing
from functools import lru_cache
from typing import Any

import msgspec

__all__ = ["class_path", "fields_of", "hints_of", "is_model", "restore"]

_BUILTIN = (int, float, complex, str, bytes, bytearray, list, dict, set, frozenset, BaseException, type)


def class_path(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def is_model(kind: type) -> bool:
    """Say whether instances are nothing but their fields; one that is a list as well is not."""
    if issubclass(kind, tuple):
        return hasattr(kind, "_fields") and hasattr(kind, "_make")
    known = dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct) or _is_pydantic(kind)
    return known and not issubclass(kind, _BUILTIN)


def fields_of(value: Any) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Fields of a model instance by name, and what pydantic keeps beside them.

    Raises `AttributeError` where a field was never set.
    """
    kind = type(value)
    if _is_pydantic(kind):
        state = dict(value.__getstate__())  # the state that copy and pickle use
        return state.pop("__dict__"), state
    return {name: getattr(value, name) for name in _names(kind)}, None


def restore(kind: Any, fields: dict[str, Any], rest: Any, *, as_it_was: bool) -> Any:
    """Put an instance together.

    `as_it_was`: of the class that was stored, every field as it was, whatever its constructor would make of it; else
    through the constructor of another class, which may refuse with `TypeError` or `ValueError`.
    """
    if not as_it_was:
        return kind.model_validate(fields) if _is_pydantic(kind) else kind(**fields)
    if _is_pydantic(kind):
        model = kind.__new__(kind)
        model.__setstate__({"__dict__": fields, **rest})
        return model
    if set(fields) != set(_names(kind)):
        raise ValueError(f"it has the fields {', '.join(fields)}")
    if issubclass(kind, tuple):
        return tuple.__new__(kind, (fields[name] for name in _names(kind)))
    if issubclass(kind, msgspec.Struct):
        instance = kind(**fields)  # cannot be made otherwise; what its __post_init__ changes is put right below
        put: Any = msgspec.structs.force_setattr
    else:
        instance = kind.__new__(kind)
        put = object.__setattr__
    for name, item in fields.items():
        put(instance, name, item)
    return instance


@lru_cache(maxsize=256)
def hints_of(kind: type) -> dict[str, Any]:
    """Annotations of the fields; none where they name what is not there at run time."""
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {}


def _names(kind: Any) -> tuple[str, ...]:
    if issubclass(kind, tuple):
        return tuple(kind._fields)
    if issubclass(kind, msgspec.Struct):
        return tuple(kind.__struct_fields__)
    return tuple(field.name for field in dataclasses.fields(kind))


def _is_pydantic(kind: type) -> bool:
    return hasattr(kind, "__pydantic_validator__") and hasattr(kind, "model_validate")
