"""JSON Schema (draft 2020-12), as much of it as the params of a DAG can say.

The place where a run is asked for never sees the user's classes, only their schema; so values are judged by that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

import msgspec

__all__ = ["problem"]

_TYPES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "string": ("str", lambda value: isinstance(value, str)),
    "integer": ("int", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "number": ("float", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "boolean": ("bool", lambda value: isinstance(value, bool)),
    "null": ("null", lambda value: value is None),
    "array": ("list", lambda value: isinstance(value, list)),
    "object": ("dict", lambda value: isinstance(value, dict)),
}
_FORMATS: Final[dict[str, tuple[str, type]]] = {
    "date": ("a date (2026-04-01)", date),
    "date-time": ("an instant (2026-04-01T02:00:00Z)", datetime),
    "time": ("a time of day (02:00:00)", time),
}
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def problem(schema: Mapping[str, Any], value: object) -> str | None:
    """What a schema wants instead of a value; None where the value is as it wants.

    Args:
        schema: as `msgspec.json.schema` writes one, its `$defs` included.
        value: as JSON has it.
    """
    return next(_problems(schema, value, schema.get("$defs", {})), None)


def _problems(schema: Any, value: Any, defs: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield from _problems(defs.get(schema["$ref"].rpartition("/")[2], {}), value, defs)
    if "anyOf" in schema:
        found = [next(_problems(one, value, defs), None) for one in schema["anyOf"]]
        if None not in found:
            yield " or ".join(dict.fromkeys(one for one in found if one is not None))
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else kind or []
    if kinds and not any(_TYPES[one][1](value) for one in kinds):
        yield " or ".join(_TYPES[one][0] for one in kinds)
    else:
        yield from _of_kind(schema, value, defs)


def _of_kind(schema: Mapping[str, Any], value: Any, defs: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema and not any(value == one and type(value) is type(one) for one in schema["enum"]):
        yield f"one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        yield from _of_text(schema, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_number(schema, value)
    elif isinstance(value, list):
        yield from _of_list(schema, value, defs)
    elif isinstance(value, dict):
        yield from _of_object(schema, value, defs)


def _of_text(schema: Mapping[str, Any], value: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield f"a text of {schema['minLength']} characters or more"
    if len(value) > schema.get("maxLength", len(value)):
        yield f"a text of at most {schema['maxLength']} characters"
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield f"a text that matches {schema['pattern']}"
    if schema.get("format") in _FORMATS:
        name, kind = _FORMATS[schema["format"]]
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            yield name
    if schema.get("format") == "uuid" and _UUID.fullmatch(value) is None:
        yield "a UUID"


def _of_number(schema: Mapping[str, Any], value: float) -> Iterator[str]:
    if value < schema.get("minimum", value):
        yield f"{schema['minimum']} or more"
    if value > schema.get("maximum", value):
        yield f"{schema['maximum']} or less"
    if value <= schema.get("exclusiveMinimum", value - 1):
        yield f"more than {schema['exclusiveMinimum']}"
    if value >= schema.get("exclusiveMaximum", value + 1):
        yield f"less than {schema['exclusiveMaximum']}"


def _of_list(schema: Mapping[str, Any], value: list[Any], defs: Mapping[str, Any]) -> Iterator[str]:
    first = schema.get("prefixItems", [])
    if len(value) < schema.get("minItems", 0):
        yield f"a list of {schema['minItems']} or more"
    if len(value) > schema.get("maxItems", len(value)):
        yield f"a list of at most {schema['maxItems']}"
    if schema.get("uniqueItems") and any(one in value[:at] for at, one in enumerate(value)):
        yield "a list that holds nothing twice"
    for at, one in enumerate(value):
        inner = first[at] if at < len(first) else schema.get("items")
        if isinstance(inner, Mapping):
            yield from (f"at [{at}] {text}" for text in _problems(inner, one, defs))


def _of_object(schema: Mapping[str, Any], value: dict[str, Any], defs: Mapping[str, Any]) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"an object with {name}"
    for name, one in value.items():
        inner = known.get(name, schema.get("additionalProperties"))
        if isinstance(inner, Mapping):
            yield from (f"at {name} {text}" for text in _problems(inner, one, defs))
        elif inner is False:
            yield f"an object without {name}"
