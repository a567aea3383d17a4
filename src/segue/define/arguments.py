"""Arguments of a call as canonical text: what the digest of a spec is taken over, and what people see."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from segue.define.injection import injected
from segue.define.nodes import Call, Part
from segue.define.params import ParamRef, has_markers, show_markers
from segue.model.errors import UnstorableValue
from segue.model.value import encode

__all__ = ["argument_texts", "refers"]

_LONGEST = 80
_PLAIN = (str, int, float, bool, bytes, type(None))


def argument_texts(bound: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
    """Texts of the arguments by parameter, and for those that cannot be stored why."""
    texts, errors = {}, {}
    for name, value in bound.items():
        if value is not injected:
            try:
                texts[name] = _text(value)
            except UnstorableValue as why:
                errors[name] = str(why).replace("result", name, 1)
    return texts, errors


def refers(value: object) -> bool:
    """Say whether a value holds something that exists only in a run."""
    if isinstance(value, Call | Part | ParamRef):
        return True
    if isinstance(value, str):
        return has_markers(value)
    if isinstance(value, dict):
        return any(map(refers, value.values()))
    return isinstance(value, list | tuple) and any(map(refers, value))


def _text(value: Any) -> str:
    if not refers(value):
        return _constant(value)
    match value:
        case Call():
            return f"@{value.id}"
        case Part():
            return f"@{value.of.id}{''.join(f'[{_constant(key)}]' for key in value.keys)}"
        case ParamRef():
            return f"${value.name}"
        case str():
            return f"f{show_markers(value)!r}"
        case dict():
            return "{" + ", ".join(f"{_constant(key)}: {_text(item)}" for key, item in value.items()) + "}"
        case tuple():
            return "(" + "".join(f"{_text(item)}, " for item in value) + ")"
        case _:
            return "[" + ", ".join(map(_text, value)) + "]"


def _constant(value: object) -> str:
    data = encode(value)
    if type(value) in _PLAIN and len(text := repr(value)) <= _LONGEST:
        return text
    return f"{type(value).__qualname__}:{blake2b(data, digest_size=16).hexdigest()}"
