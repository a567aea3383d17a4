"""What goes over the wire: values that cannot change, and that come back as they were sent."""

import dataclasses
import importlib
import inspect
import pkgutil
import typing

import msgspec
import pytest

import segue.model.api
from segue.model.access import Grant, Role
from segue.model.api.dags import CodeDiff

KINDS = [
    kind
    for module in pkgutil.iter_modules(segue.model.api.__path__)
    for _, kind in inspect.getmembers(importlib.import_module(f"segue.model.api.{module.name}"), inspect.isclass)
    if dataclasses.is_dataclass(kind) and not getattr(kind, "__parameters__", ())
]


def _made(hint: object) -> object:
    """A value of a type."""
    plain = {str: "x", int: 1, float: 0.5, bool: True, typing.Any: 7, object: 7}
    if hint in plain:
        return plain[hint]
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return parts[0]
    if origin is tuple:
        return (_made(parts[0]),) if parts[-1] is Ellipsis else tuple(map(_made, parts))
    if origin is not None and parts[-1] is type(None):
        return _made(parts[0])
    if origin is not None:
        return {"x": _made(parts[1])} if len(parts) == 2 else ()
    return _whole(hint)


def _whole(kind: typing.Any) -> object:
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: _made(hints[field.name]) for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__qualname__)
def test_a_value_cannot_change_and_comes_back_as_it_was_sent(kind: typing.Any):
    value = _whole(kind)
    assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value
    assert kind.__dataclass_params__.frozen
    assert not hasattr(value, "__dict__")


def test_a_comparison_says_whether_anything_differs():
    same = CodeDiff("a@1", "a@2", (), (), ())
    assert same.nothing
    assert not dataclasses.replace(same, tasks=(("load", "its code"),)).nothing


def test_roles_are_in_order_and_each_contains_those_before_it():
    assert [role.rank for role in Role] == [0, 1, 2, 3]
    assert sorted(Role, key=lambda role: role.rank)[-1] is Role.ADMIN
    assert Grant(Role.VIEWER).select == "*"
