"""The words of answers: parts of a request are named as a request has them, and a wrong one in words of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["fault_in", "plain"]

_OPTION: Final = re.compile(r"--(date|interval|failed|force|from|only|param|replace|since|until)\b")
_KEYS: Final = {"from": "tasks", "param": "params"}
_A_NUMBER, _A_TEXT, _A_LIST, _AN_OBJECT = "a whole number", "a text", "a list", "an object"
_WANTED: Final = {
    "int_parsing": _A_NUMBER, "int_parsing_size": _A_NUMBER, "int_type": _A_NUMBER, "int_from_float": _A_NUMBER,
    "float_parsing": "a number", "float_type": "a number", "finite_number": "a number",
    "bool_parsing": "true or false", "bool_type": "true or false",
    "string_type": _A_TEXT, "tuple_type": _A_LIST, "list_type": _A_LIST,
    "dict_type": _AN_OBJECT, "dataclass_type": _AN_OBJECT, "dataclass_exact_type": _AN_OBJECT,
    "model_attributes_type": _AN_OBJECT, "none_required": "null",
    "literal_error": "{expected}", "enum": "{expected}",
    "greater_than_equal": "{ge} or more", "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less", "less_than": "less than {lt}",
    "string_too_long": "at most {max_length} characters", "string_too_short": "at least {min_length} characters",
    "too_long": "at most {max_length} of them", "too_short": "at least {min_length} of them",
}  # fmt: skip
_SHOWN: Final = 80


def plain(text: str) -> str:
    """A sentence that names keys of a body where it named options of a command line; commands stay as they are."""
    parts = text.split("`")
    parts[::2] = [_OPTION.sub(lambda found: f"`{_KEYS.get(found[1], found[1])}`", part) for part in parts[::2]]
    return "`".join(parts)


def fault_in(error: Mapping[str, Any]) -> str:
    """What is wrong with one part of a request, as a sentence.

    Args:
        error: as the library that checks types tells it.
    """
    kind = str(error["type"])
    if kind == "missing":
        return "it is needed, and missing"
    if kind == "json_invalid":
        return f"this is no JSON: {error['ctx']['error']}"
    wanted = _WANTED.get(kind)
    if wanted is None:
        return str(error["msg"])
    shown = _kind(error["input"]) if error["loc"][0] == "body" else repr(error["input"])[:_SHOWN]
    return f"{wanted.format(**error.get('ctx', {}))} is wanted, not {shown}"


def _kind(value: object) -> str:
    """What a body has there; it may be a secret."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "this number"
        case str():
            return "this text"
        case list() | tuple():
            return "a list"
        case bytes():
            return "text of no kind: send it with `Content-Type: application/json`"
        case _:
            return "an object"
