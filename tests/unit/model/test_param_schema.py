"""What a schema says about a value."""

import enum
import uuid
from datetime import date
from typing import Any, Literal

import msgspec
import pytest

from segue.model.param_schema import problem


class Size(enum.Enum):
    SMALL = "small"


class Point(msgspec.Struct, forbid_unknown_fields=True):
    x: int
    name: str = ""


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (str, ["", "x"], [1, None, True]),
        (int, [1, -1], [1.5, True, "1", None]),
        (float, [1, 1.5], [True, "1"]),
        (bool, [True], [1, "true"]),
        (None, [None], [0, ""]),
        (list[int], [[], [1]], [[1, "x"], {}, "x"]),
        (dict[str, int], [{}, {"a": 1}], [{"a": "x"}, []]),
        (tuple[int, str], [[1, "x"]], [[1], [1, "x", 2], ["x", 1]]),
        (tuple[int, ...], [[], [1, 2]], [["x"]]),
        (set[str], [["a", "b"]], [["a", "a"], [1]]),
        (int | None, [1, None], ["x", 1.5]),
        (list[int | None], [[1, None]], [["x"]]),
        (Literal["a", 1], ["a", 1], ["b", 2, True, 1.0]),
        (Size, ["small"], ["large"]),
        (Point, [{"x": 1}, {"x": 1, "name": "n"}], [{}, {"x": "1"}, {"x": 1, "y": 2}, 3]),
        (list[Point], [[{"x": 1}]], [[{"x": "1"}]]),
        (date, ["2026-04-01"], ["2026-02-30", "x", 1]),
        (uuid.UUID, [str(uuid.UUID(int=1))], ["x"]),
        (Any, [1, None, []], []),
    ],
)
def test_it_judges_as_the_type_would(kind, good, bad):
    schema = msgspec.json.schema(kind)
    assert [problem(schema, value) for value in good] == [None] * len(good)
    assert [value for value in bad if problem(schema, value) is None] == []
    for value in [*good, *bad]:  # the library that wrote the schema agrees
        try:
            msgspec.convert(value, kind, strict=True)
            fits = True
        except msgspec.ValidationError:
            fits = False
        # it takes a number for an instant of Unix time, and a list with a repetition for a set
        assert fits is (problem(schema, value) is None) or kind in (date, set[str]), value


@pytest.mark.parametrize(
    ("schema", "good", "bad", "said"),
    [
        ({"minimum": 1}, 1, 0, "1 or more"),
        ({"maximum": 1}, 1, 1.1, "1 or less"),
        ({"exclusiveMinimum": 1}, 1.1, 1, "more than 1"),
        ({"exclusiveMaximum": 1}, 0, 1, "less than 1"),
        ({"minLength": 2}, "ab", "a", "a text of 2 characters or more"),
        ({"maxLength": 2}, "ab", "abc", "a text of at most 2 characters"),
        ({"pattern": "^a+$"}, "aa", "ab", "a text that matches ^a+$"),
        ({"format": "date-time"}, "2026-04-01T00:00:00", "soon", "an instant"),
        ({"minItems": 1}, [1], [], "a list of 1 or more"),
        ({"maxItems": 1}, [1], [1, 2], "a list of at most 1"),
        ({"enum": ["dev", "prod"]}, "dev", "prd", "one of dev, prod"),
        ({"type": ["string", "null"]}, None, 1, "str or null"),
    ],
)
def test_bounds_say_what_is_allowed(schema, good, bad, said):
    assert problem(schema, good) is None
    assert said in str(problem(schema, bad))


def test_bounds_on_numbers_do_not_speak_of_other_values():
    assert problem({"minimum": 3}, "a") is None
    assert problem({"minimum": 3}, True) is None


def test_what_is_wrong_inside_a_value_is_named_with_its_path():
    assert problem(msgspec.json.schema(dict[str, list[int]]), {"a": [1, "x"]}) == "at a at [1] int"


def test_a_uuid_is_known_by_its_shape():
    schema = {"type": "string", "format": "uuid"}
    assert problem(schema, "6f1c2d3e-0000-4000-8000-0123456789AB") is None
    assert problem(schema, "6f1c2d3e") == "a UUID"
