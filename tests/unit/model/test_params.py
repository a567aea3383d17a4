"""Values of params, judged by their schemas alone; how DAGs declare them is tested in `tests/unit/define`."""

import json

import pytest

from segue.model.errors import UsageError
from segue.model.params import param_views, read_param, values_from
from segue.model.spec import DagSpec, ParamSpec
from segue.model.value import encode


def _param(name: str = "p", default: object = ..., **schema: object) -> ParamSpec:
    kept = None if default is ... else encode(default)
    return ParamSpec(name, str(schema.get("type", "any")), kept, schema=json.dumps(schema))


TEXT = _param(type="string", pattern="^[a-z]+$")
OPTIONAL = _param(anyOf=[{"type": "string", "pattern": "^[a-z]+$"}, {"type": "null"}])
NAMED = ParamSpec("p", "Kind", schema=json.dumps({"$ref": "#/$defs/Kind", "$defs": {"Kind": {"enum": ["a", None]}}}))


@pytest.mark.parametrize(
    ("param", "text", "value"),
    [
        (TEXT, "abc", "abc"), (OPTIONAL, "null", "null"), (_param(type="integer"), "7", 7),
        (_param(anyOf=[{"type": "string", "format": "date"}, {"type": "null"}]), "null", None),
        (_param(anyOf=[{"type": "integer"}, {"type": "string"}]), "seven", "seven"),
        (_param(anyOf=[{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]), "7", "7"),
        (NAMED, "a", "a"), (_param(type="array"), "[1]", [1]),
    ],
)  # fmt: skip
def test_a_text_means_what_the_schema_makes_of_it(param: ParamSpec, text: str, value: object):
    assert read_param(param, text) == value


@pytest.mark.parametrize(
    ("param", "text", "said"),
    [
        (TEXT, "A1", "a text that matches"), (_param(type="integer"), "many", "written as JSON"),
        (_param(type="integer", minimum=5), "3", "5 or more"), (NAMED, "z", "one of a, None"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(param: ParamSpec, text: str, said: str):
    with pytest.raises(UsageError, match=said):
        read_param(param, text)


@pytest.mark.parametrize(
    ("param", "good", "bad"),
    [
        (ParamSpec("p", "int"), 1, "x"), (ParamSpec("p", "str | None"), None, 1),
        (ParamSpec("p", "Kind", choices=(encode("a"), encode("b"))), "a", "c"),
    ],
)  # fmt: skip
def test_a_version_without_schema_is_judged_by_its_types(param: ParamSpec, good: object, bad: object):
    assert values_from(DagSpec("d", params=(param,)), {"p": good}) == {"p": good}
    with pytest.raises(UsageError, match="is wanted"):
        values_from(DagSpec("d", params=(param,)), {"p": bad})


def test_a_run_has_every_param_once():
    spec = DagSpec("d", params=(_param("day", type="string"), _param("rows", 100, type="integer")))
    assert values_from(spec, {"day": "x"}) == {"day": "x", "rows": 100}
    for given, said in [
        ({"rwos": 1}, "did you mean rows"),
        ({"zzzzzz": 1}, "it has day, rows"),
        ({}, "needs --param day"),
    ]:
        with pytest.raises(UsageError, match=said):
            values_from(spec, given)
    with pytest.raises(UsageError, match="it has none"):
        values_from(DagSpec("d"), {"x": 1})


def test_a_secret_is_listed_without_its_value():
    secret = ParamSpec("key", "str", encode("sesame"), secret=True)
    required, plain = param_views(DagSpec("d", params=(TEXT, _param("rows", 100, type="integer"))))
    assert (required.required, required.default, plain.default) == (True, None, 100)
    [view] = param_views(DagSpec("d", params=(secret,)))
    assert (view.secret, view.default, view.schema) == (True, None, {"type": "string"})
