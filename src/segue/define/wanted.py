from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final, Literal

from segue.define.faults import fault, nearest

__all__ = ["REQUIRED", "Param", "Wanted"]

REQUIRED: Final[Any] = object()
_BOUNDS: Final = {
    "minimum": "minimum", "maximum": "maximum", "pattern": "pattern", "min_length": "minLength",
    "max_length": "maxLength", "minLength": "minLength", "maxLength": "maxLength", "format": "format",
    "enum": "enum",
}  # fmt: skip
_TYPES: Final[dict[str, Any]] = {
    "string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict, "null": None,
}  # fmt: skip
_FORMATS: Final[dict[object, Any]] = {"date": date, "date-time": datetime, "time": time}


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
    for name in bounds:
        if name not in _BOUNDS:
            near = nearest(name, _BOUNDS)
            hint = f"write {near}=…" if near else f"it knows {', '.join(_BOUNDS)}"
            fault(f"Param has no option {name!r}: {hint}")
    for name in [type] if isinstance(type, str) else type or ():
        if name not in _TYPES:
            fault(f"Param(type={name!r}): it must be one of {', '.join(_TYPES)}")
            type = None
    if secret and default not in (REQUIRED, None):
        fault("Param(secret=True) cannot have a default: a secret does not stand in a file")
    kept = {_BOUNDS[name]: value for name, value in bounds.items() if name in _BOUNDS}
    return Wanted(default, type, description, secret, kept)
