from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final, Literal

from segue.define.faults import fault, nearest

__all__ = ["REQUIRED", "Param", "Wanted"]

REQUIRED: Final[Any] = object()
_FORMATS: Final[dict[object, Any]] = {"date": date, "date-time": datetime, "time": time}
_TYPES: Final[dict[str, Any]] = {
    "string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict, "null": None,
}  # fmt: skip


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _pattern(value: Any) -> bool:
    try:
        return bool(re.compile(value))
    except (re.error, TypeError):
        return False


def _choices(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0


_BOUNDS: Final[dict[str, tuple[str, Callable[[Any], bool], str]]] = {
    "minimum": ("minimum", _number, "a number"),
    "maximum": ("maximum", _number, "a number"),
    "min_length": ("minLength", _length, "a whole number, 0 or more"),
    "max_length": ("maxLength", _length, "a whole number, 0 or more"),
    "minLength": ("minLength", _length, "a whole number, 0 or more"),
    "maxLength": ("maxLength", _length, "a whole number, 0 or more"),
    "pattern": ("pattern", _pattern, "a regular expression"),
    "enum": ("enum", _choices, "a list of values"),
    "format": ("format", _FORMATS.__contains__, f"one of {', '.join(map(str, _FORMATS))}"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `Param(...)` says about a param beside its annotation; `bounds` in the words of JSON Schema."""

    default: Any = REQUIRED
    type: str | Sequence[str] | None = None
    description: str = ""
    secret: bool = False
    bounds: Mapping[str, Any] = field(default_factory=dict)

    @property
    def annotation(self) -> Any:
        """The Python type that `type=` or the default means."""
        if self.type is None:
            plain = self.default is REQUIRED or self.default is None
            choices = tuple(self.bounds.get("enum", ()))
            return Literal[choices] if choices else Any if plain else type(self.default)
        names = [self.type] if isinstance(self.type, str) else list(self.type)
        found: Any = _TYPES[names[0]] if names[0] != "string" else _FORMATS.get(self.bounds.get("format"), str)
        for name in names[1:]:
            found = found | _TYPES[name] if found is not None else _TYPES[name] | None
        return found


def Param(  # noqa: N802 - a field of a class, as others call theirs
    default: Any = REQUIRED,
    *,
    type: str | Sequence[str] | None = None,
    description: str = "",
    secret: bool = False,
    **bounds: Any,
) -> Any:
    """A param with more than a type: `env: str = Param("prod", enum=["dev", "prod"])`.

    Args:
        default: its value where a trigger gives none; without one, or with None where None does not fit, the trigger
            must give it.
        type: JSON Schema's name of its type, where no annotation says it.
        description: for the form.
        secret: kept encrypted and never shown; it can have no default.
        bounds: `enum minimum maximum pattern min_length max_length format`, as JSON Schema means them.

    Raises:
        DefinitionError: a bound or a type does not exist; the nearest is named.
    """
    kept = {}
    for name, value in bounds.items():
        if name not in _BOUNDS:
            near = nearest(name, _BOUNDS)
            hint = f"write {near}=…" if near else f"it knows {', '.join(_BOUNDS)}"
            fault(f"Param has no option {name!r}: {hint}")
            continue
        word, fits, wanted = _BOUNDS[name]
        if not fits(value):
            fault(f"Param({name}={value!r}): it must be {wanted}")
            continue
        kept[word] = value
    for name in [type] if isinstance(type, str) else type or ():
        if name not in _TYPES:
            fault(f"Param(type={name!r}): it must be one of {', '.join(_TYPES)}")
            type = None
    if secret and default not in (REQUIRED, None):
        fault("Param(secret=True) cannot have a default: a secret does not stand in a file")
    return Wanted(default, type, description, secret, kept)
