"""Names of the items of a mapped task: `item_name="{customer}"` filled in from the arguments of each."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Final

from segue.define.nodes import Call

__all__ = ["filled_name", "item_name_fault"]

_LONGEST: Final = 200


def item_name_fault(call: Call, template: object) -> str | None:
    """What is wrong with an `item_name=` for a call, if anything is."""
    known = call.task.function.signature.parameters
    example = next(iter(known), "customer")
    if call.fan is None:
        return f"item_name= of task {call.id} names the items of a mapped task, and {call.id} is not mapped"
    try:
        fields = [field for _, field, _, _ in Formatter().parse(str(template)) if field is not None]
    except ValueError as why:
        return f"item_name={template!r}: {why}"
    if not isinstance(template, str) or not fields:
        return f"item_name={template!r}: it must be a text with an argument in it, '{{{example}}}'"
    for field in fields:
        name = field.replace("[", ".").partition(".")[0]
        if name not in known:
            return f"item_name={template!r}: task {call.id} has no argument {name!r}: it has {', '.join(known)}"
    return None


def filled_name(template: str, arguments: Mapping[str, object]) -> str | None:
    """The name of one item in one line; none where it cannot be made of these arguments."""
    try:
        text = template.format(**arguments)
    except (LookupError, AttributeError, TypeError, ValueError):
        return None
    return " ".join(text.split())[:_LONGEST] or None
