"""The fields of a `Params` class as `ParamSpec`s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec

from segue.define.annotations import literals, type_text
from segue.define.params import Params
from segue.model.errors import UnstorableValue
from segue.model.spec import ParamSpec
from segue.model.value import encode

__all__ = ["param_specs"]


def param_specs(kind: type[Params] | None, report: Callable[[str], None]) -> tuple[ParamSpec, ...]:
    """Read the fields of a class of params; what cannot be read is reported."""
    if kind is None:
        return ()
    try:
        fields = msgspec.structs.fields(cast(type[msgspec.Struct], kind))
    except (NameError, TypeError, AttributeError) as why:
        report(f"params={kind.__name__}: its annotations cannot be read: {why}")
        return ()
    return tuple(_spec(kind, field, report) for field in fields)


def _spec(kind: type[Params], field: msgspec.structs.FieldInfo, report: Callable[[str], None]) -> ParamSpec:
    default: bytes | None = None
    choices: tuple[bytes, ...] = ()
    try:
        if not field.required:
            value = _default(field)
            default = encode(msgspec.convert(value, field.type))
        choices = tuple(map(encode, literals(field.type) or ()))
    except UnstorableValue as why:
        report(f"param {field.name!r} of {kind.__name__}: {str(why).replace('result', 'its default', 1)}")
    except (msgspec.ValidationError, TypeError) as why:
        report(f"param {field.name!r} of {kind.__name__}: {why}")
    return ParamSpec(field.name, type_text(field.type), default, choices)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
