"""Values of params where a run is asked for: read from text, checked against their schemas, listed for a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from segue.model.errors import UsageError
from segue.model.param_schema import problem
from segue.model.spec import DagSpec, ParamSpec
from segue.model.value import decode

__all__ = ["ParamView", "param_views", "read_param", "values_from"]

_SIMPLE: Final[dict[str, dict[str, Any]]] = {
    "str": {"type": "string"}, "int": {"type": "integer"}, "float": {"type": "number"}, "bool": {"type": "boolean"},
    "list": {"type": "array"}, "dict": {"type": "object"}, "date": {"type": "string", "format": "date"},
    "None": {"type": "null"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParamView:
    """One param of a DAG, for a form.

    Attributes:
        name, type, description: as declared.
        required: a trigger must give it.
        default: what it is without that; None where it is required or secret.
        choices: the values it may have, where they are listed.
        schema: its JSON Schema (draft 2020-12).
        secret: to be asked for blindly, and never shown.
    """

    name: str
    type: str
    description: str
    required: bool
    default: object
    choices: tuple[object, ...]
    schema: Mapping[str, Any]
    secret: bool


def param_views(spec: DagSpec) -> list[ParamView]:
    """The params of a DAG in the order of their declaration."""
    return [
        ParamView(
            name=param.name,
            type=param.type,
            description=param.doc,
            required=param.default is None,
            default=None if param.default is None or param.secret else decode(param.default),
            choices=tuple(map(decode, param.choices)),
            schema=_schema_of(param),
            secret=param.secret,
        )
        for param in spec.params
    ]


def read_param(param: ParamSpec, text: str) -> object:
    """The value that a text means: the text itself where the param is one, else what it says as JSON.

    Raises:
        UsageError: it is not as the param wants it; what was given and what is allowed is named.
    """
    schema = _schema_of(param)
    why = problem(schema, text)
    if _is_text(schema, schema.get("$defs", {})):
        if why and text == "null" and problem(schema, None) is None:
            return None
        if why:
            raise _unfit(param, text, why)
        return text
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        if why is None:
            return text
        raise _unfit(param, text, param.type, ", written as JSON") from None
    wrong = problem(schema, value)
    if wrong and why:
        raise _unfit(param, text, wrong)
    return text if wrong else value


def values_from(spec: DagSpec, given: Mapping[str, object]) -> dict[str, object]:
    """All params of a run: what was given, checked, and defaults for the rest.

    Args:
        spec: the DAG.
        given: values by name, as JSON has them.

    Raises:
        UsageError: a name is unknown (the nearest is named), a value does not fit, or a required one is missing.
    """
    known = {param.name: param for param in spec.params}
    for name, value in given.items():
        if name not in known:
            near = next(iter(get_close_matches(name, list(known), 1)), None)
            hint = f": did you mean {near}?" if near else f": it has {', '.join(known) or 'none'}"
            raise UsageError(f"{spec.id} has no param {name}{hint}")
        why = problem(_schema_of(known[name]), value)
        if why:
            raise _unfit(known[name], str(value), why)
    missing = [name for name, param in known.items() if param.default is None and name not in given]
    if missing:
        raise UsageError(f"{spec.id} needs {', '.join(f'--param {name}=…' for name in missing)}")
    return {name: given[name] if name in given else _default(param) for name, param in known.items()}


def _default(param: ParamSpec) -> object:
    return None if param.default is None else decode(param.default)


def _unfit(param: ParamSpec, text: str, why: str, hint: str = "") -> UsageError:
    return UsageError(f"--param {param.name}={'…' if param.secret else text}: {why} is wanted{hint}")


def _schema_of(param: ParamSpec) -> dict[str, Any]:
    """Its schema; that of a simple type where it comes from a version that wrote none."""
    if param.schema:
        schema: dict[str, Any] = msgspec.json.decode(param.schema)
        return schema
    names = [name.strip().partition("[")[0] for name in param.type.split("|")]
    if param.choices:
        return {"enum": [decode(choice) for choice in param.choices]}
    kinds = [_SIMPLE.get(name, {}) for name in names]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _is_text(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> bool:
    """Whether all values but null are texts."""
    if "$ref" in schema:
        return _is_text(defs.get(schema["$ref"].rpartition("/")[2], {}), defs)
    if "enum" in schema:
        return all(isinstance(one, str | None) for one in schema["enum"])
    if "anyOf" in schema:
        return all(_is_text(one, defs) or one == {"type": "null"} for one in schema["anyOf"])
    return bool(schema.get("type") == "string")
