"""Params with more than a type: declared, listed for a form, and checked where a run is asked for."""

import json
from datetime import date
from types import SimpleNamespace

import msgspec
import pytest

from segue import Dag, DefinitionError, Param, Params
from segue.define.params import params_from
from segue.model.errors import UsageError
from segue.model.params import param_views, read_param, values_from
from segue.model.spec import DagSpec, ParamSpec, spec_digest
from segue.model.value import encode

HEAD = """from __future__ import annotations
from datetime import date
from pathlib import Path
from typing import Literal
from segue import Param, Params, daily, dag, task
@task
def a(x=0): ...
"""
PULL = """class P(Params):
    env: Literal["dev", "prod"] = "prod"
    day: date = Param(description="Which day.")
    rows: int = Param(100, minimum=1, maximum=1000)
    like: str | None = Param(None, pattern="^[a-z]+$")
    kind: str = Param("csv", enum=["csv", "json"])
    limits: list[int] = Param([1, 2])
@dag(params=P)
def d(day): a(day)
"""


def spec(load, text=PULL):
    loaded = load(HEAD + text)
    assert [str(error) for error in loaded.errors] == []
    return loaded.specs[0]


def error(load, text):
    (found,) = load(HEAD + text).errors
    return found


def test_params_are_listed_for_a_form(load):
    views = {view.name: view for view in param_views(spec(load))}
    assert [name for name, view in views.items() if view.required] == ["day"]
    assert (views["env"].default, views["env"].choices) == ("prod", ("dev", "prod"))
    assert views["day"].description == "Which day."
    assert views["rows"].schema == {"type": "integer", "minimum": 1, "maximum": 1000}
    assert views["kind"].choices == ("csv", "json")
    assert views["limits"].default == [1, 2]
    assert views["day"].schema == {"type": "string", "format": "date", "description": "Which day."}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("env", "dev", "dev"), ("day", "2026-04-01", "2026-04-01"), ("rows", "7", 7), ("like", "abc", "abc"),
     ("kind", "json", "json"), ("limits", "[3]", [3]), ("like", "null", "null")],
)  # fmt: skip
def test_a_text_is_read_by_the_schema(load, name, text, value):
    (param,) = [one for one in spec(load).params if one.name == name]
    assert read_param(param, text) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("env", "prd", "--param env=prd: one of dev, prod is wanted"), ("day", "2026-02-30", "a date (2026-04-01)"),
     ("rows", "0", "--param rows=0: 1 or more is wanted"), ("rows", "many", "int is wanted"),
     ("rows", "1001", "1000 or less"), ("like", "A1", "matches ^[a-z]+$"), ("kind", "xml", "one of csv, json"),
     ("limits", '["x"]', "at [0] int"), ("limits", "1 2", "list[int] is wanted, written as JSON")],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_what_was_given_and_what_is_allowed(load, name, text, said):
    (param,) = [one for one in spec(load).params if one.name == name]
    with pytest.raises(UsageError) as caught:
        read_param(param, text)
    assert said in str(caught.value)


def test_a_secret_param_has_no_default(load):
    text = "@dag(params={'key': Param('sesame-open', secret=True, type='string')})\ndef d(key): a(key)\n"
    said = error(load, text).message
    assert "Param(secret=True) cannot have a default" in said and "sesame" not in said


def test_a_secret_is_not_repeated_in_a_message_and_not_listed():
    param = ParamSpec("key", "str", encode("sesame"), schema='{"type": "string", "minLength": 9}', secret=True)
    with pytest.raises(UsageError, match="key=…: a text of 9 characters or more") as caught:
        read_param(param, "hunter2")
    assert "hunter2" not in str(caught.value)
    (view,) = param_views(DagSpec("d", params=(param,)))
    assert (view.secret, view.default) == (True, None)


def test_values_of_a_run_are_checked_and_filled(load):
    one = spec(load)
    assert values_from(one, {"day": "2026-04-01"})["rows"] == 100
    with pytest.raises(UsageError, match="no param rwos: did you mean rows"):
        values_from(one, {"rwos": 1})
    with pytest.raises(UsageError, match="0: 1 or more"):
        values_from(one, {"day": "2026-04-01", "rows": 0})
    with pytest.raises(UsageError, match="needs --param day"):
        values_from(one, {"rows": 1})


def test_null_may_be_written_where_a_date_may_be_missing(load):
    one = spec(load, "class P(Params):\n    until: date | None = None\n@dag(params=P)\ndef d(): a()\n")
    assert read_param(one.params[0], "null") is None
    assert read_param(one.params[0], "2026-04-01") == "2026-04-01"


@pytest.mark.parametrize("kind", ["datetime", "datetime | None", "time"])
def test_an_instant_is_checked_before_the_run_exists(load, kind):
    text = f"from datetime import datetime, time\nclass P(Params):\n    at: {kind}\n@dag(params=P)\ndef d(): a()\n"
    (param,) = spec(load, text).params
    good = "02:00:00" if kind == "time" else "2026-04-01T02:00:00Z"
    assert read_param(param, good) == good
    with pytest.raises(UsageError, match="at=soon: a"):
        read_param(param, "soon")


def test_a_number_or_a_text_is_read_as_json_where_that_fits(load):
    one = spec(load, "class P(Params):\n    size: int | str = 'all'\n@dag(params=P)\ndef d(): a()\n")
    assert [read_param(one.params[0], text) for text in ("3", "some", "[1]")] == [3, "some", "[1]"]


def test_params_may_be_a_dict_and_none_means_required_where_the_type_has_no_none(load):
    one = spec(load, """@dag(params={"date": Param(default=None, type="string"),
    "env": Param(default="prod", enum=["dev", "staging", "prod"]), "sample": 0.5, "cut": Param(None, type="integer"),
    "until": Param(None, type=["string", "null"], format="date"), "from_": Param("2026-04-01", type="string",
    format="date"), "any": Param()})
def d(date, env): a(f"s3://{env}-data/trades/date={date}/")
""")  # fmt: skip
    assert [(param.name, param.type, param.default is None) for param in one.params] == [
        ("date", "str", True), ("env", "Literal['dev', 'staging', 'prod']", False), ("sample", "float", False),
        ("cut", "int", True), ("until", "date | None", False), ("from_", "date", False), ("any", "Any", True),
    ]  # fmt: skip


def test_a_scheduled_dag_with_a_param_that_must_be_given_is_refused(load):
    text = "@dag(schedule=daily(), params={'date': Param(default=None, type='string')})\ndef d(date): a(date)\n"
    assert "nobody is there to give them" in error(load, text).message


def test_none_is_no_default_of_a_class_whose_type_has_no_none(load):
    one = spec(load, "class P(Params):\n    day: str = Param(None)\n@dag(params=P)\ndef d(day): a(day)\n")
    assert one.params[0].default is None


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("rows: int = Param(0, minimum=1)", "param 'rows': its default 0 does not fit: 1 or more is wanted"),
        ("rows: int = Param('x')", "its default 'x' does not fit"),
        ("rows: int = Param(1, minimun=1)", "Param has no option 'minimun': write minimum=…"),
        ("rows: int = Param(1, zzz=1)", "it knows minimum"),
        ("rows: int = Param(1, minimum='0')", "Param(minimum='0'): it must be a number"),
        ("name: str = Param('', max_length=-1)", "it must be a whole number, 0 or more"),
        ("name: str = Param('', pattern='[')", "it must be a regular expression"),
        ("name: str = Param('', enum=[])", "it must be a list of values"),
        ("name: str = Param('', format='day')", "it must be one of date, date-time, time"),
        ("rows: int = Param(1, type='int')", "Param(type='int'): it must be one of string, integer"),
    ],
)
def test_a_param_that_makes_no_sense_is_an_error(load, declared, said):
    assert said in error(load, f"class P(Params):\n    {declared}\n@dag(params=P)\ndef d(): a()\n").message


def test_a_secret_has_no_default():
    with pytest.raises(DefinitionError, match="a secret does not stand in a file"):
        Param("hunter2", secret=True)


def test_a_name_of_a_param_is_a_name(load):
    assert "'a b' cannot be the name" in error(load, "@dag(params={'a b': 1})\ndef d(): a()\n").message


def test_a_type_that_json_cannot_say_is_judged_by_the_attempt(load):
    one = spec(load, "class P(Params):\n    where: Path = Param(Path('x'))\n@dag(params=P)\ndef d(): a()\n")
    assert json.loads(one.params[0].schema) == {}


class Pull(Params):
    rows: int = Param(3, minimum=1)
    day: date | None = None
    name: str = Param(None)
    key: str = Param("", max_length=3)


class More(Pull):
    extra: int = Param(1, maximum=2)


def test_an_attempt_gets_values_of_their_types_and_a_copy_of_each_default():
    made = params_from(More, {"day": "2026-04-01", "name": "x"})
    assert (made.rows, made.day, made.extra) == (3, date(2026, 4, 1), 1)

    class Lists(Params):
        xs: list[int] = Param([1])

    params_from(Lists, {}).xs.append(2)
    assert params_from(Lists, {}).xs == [1]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"name": "x", "rows": 0}, "param 'rows' is 0: 1 or more is wanted"), ({}, "param 'name' is missing"),
     ({"name": "x", "extra": 3}, "param 'extra' is 3: 2 or less is wanted")],
)  # fmt: skip
def test_an_attempt_refuses_what_a_trigger_would(given, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        params_from(More, given)


def test_an_attempt_does_not_repeat_a_secret():
    class Keys(Params):
        key: str = Param(secret=True, min_length=9)

    with pytest.raises(msgspec.ValidationError, match="param 'key' is …: a text of 9"):
        params_from(Keys, {"key": "hunter2"})


def test_a_schema_does_not_count_in_the_digest_and_choices_do(load):
    bounds, other, choices = (
        spec(load, f"@dag(params={{'n': Param(1, type='integer', {more})}})\ndef d(): a()\n")
        for more in ("minimum=0", "minimum=1", "enum=[1, 2]")
    )
    assert spec_digest(bounds) == spec_digest(other) != spec_digest(choices)


def test_params_that_are_none_are_refused_at_once_outside_a_load():
    with pytest.raises(DefinitionError, match="write a class of Params"):
        Dag("d", params=SimpleNamespace)
