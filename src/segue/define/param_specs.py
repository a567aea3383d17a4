"""The fields of a `Params` class as `ParamSpec`s."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from datetime import datetime, time
from typing import Any, Final, cast

import msgspec

from segue.define.annotations import literals, type_text
from segue.define.params import Params, required_names, wanted_of
from segue.define.wanted import Wanted
from segue.model.errors import UnstorableValue
from segue.model.param_schema import problem
from segue.model.spec import ParamSpec
from segue.model.value import encode

__all__ = ["param_specs"]

_INSTANTS: Final[dict[Any, str]] = {datetime: "date-time", time: "time"}
_encoder: Final = msgspec.json.Encoder(order="sorted")


def param_specs(kind: type[Params] | None, report: Callable[[str], None]) -> tuple[ParamSpec, ...]:
    """Read the fields of a class of params; what cannot be read is reported."""
    if kind is None:
        return ()
    try:
        fields = msgspec.structs.fields(cast(type[msgspec.Struct], kind))
        required = required_names(kind)
    except (NameError, TypeError, AttributeError) as why:
        report(f"params={kind.__name__}: its annotations cannot be read: {why}")
        return ()
    wanted = wanted_of(kind)
    return tuple(_spec(field, field.name in required, wanted.get(field.name, Wanted()), report) for field in fields)


def _spec(field: msgspec.structs.FieldInfo, required: bool, wanted: Wanted, report: Callable[[str], None]) -> ParamSpec:
    default: bytes | None = None
    choices: tuple[bytes, ...] = ()
    schema = _schema(field.type, wanted)
    try:
        if not required:
            value = msgspec.convert(_default(field), field.type)
            default = encode(value)
            _check_bounds(schema, value)
        choices = tuple(map(encode, wanted.bounds.get("enum") or literals(field.type) or ()))
    except UnstorableValue as why:
        report(f"param {field.name!r}: {str(why).replace('result', 'its default', 1)}")
    except (ValueError, TypeError) as why:
        report(f"param {field.name!r}: its default {_default(field)!r} does not fit: {why}")
    return ParamSpec(
        field.name,
        type_text(field.type),
        default,
        choices,
        doc=wanted.description,
        schema=_encoder.encode(schema).decode(),
        secret=wanted.secret,
    )


def _schema(kind: Any, wanted: Wanted) -> dict[str, Any]:
    schema = {**_of_type(kind), **wanted.bounds}
    choices = wanted.bounds.get("enum") or literals(kind)
    if choices and "items" not in schema:
        nothing = [None] if {"type": "null"} in schema.get("anyOf", ()) or None in schema.get("enum", ()) else []
        schema["enum"] = list(dict.fromkeys([*choices, *nothing]))
    if wanted.description:
        schema["description"] = wanted.description
    if wanted.secret:
        schema["writeOnly"] = True
    return schema


def _of_type(kind: Any) -> dict[str, Any]:
    inner = typing.get_args(kind)
    if kind in _INSTANTS:  # with and without zone; the library says only that they are texts
        return {"type": "string", "format": _INSTANTS[kind]}
    if typing.get_origin(kind) in (typing.Union, types.UnionType) and not _INSTANTS.keys().isdisjoint(inner):
        return {"anyOf": [_of_type(one) for one in inner]}
    try:
        schema: dict[str, Any] = msgspec.json.schema(kind, schema_hook=lambda _: {})
    except TypeError:  # a type that JSON cannot say: only the attempt can judge it
        return {}
    return schema


def _check_bounds(schema: dict[str, Any], value: object) -> None:
    try:
        plain = msgspec.to_builtins(value)
    except TypeError:
        return
    if value is not None and (why := problem(schema, plain)):
        raise ValueError(f"{why} is wanted")


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
