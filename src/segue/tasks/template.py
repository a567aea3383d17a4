"""Strings of ready-made tasks are Jinja templates, rendered once per attempt, in the attempt's own process.

Only what is written in the DAG file is a template. A value that another task made, or a param formatted into a string,
is data and stays as it is, so nobody can smuggle a template in. What a template inserts is data too: every ready-made
task says how an inserted value becomes part of its text (a quoted word, a bind, a percent-encoded part of a URL).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from importlib import import_module
from typing import Any, Final

from segue.define.arguments import refers
from segue.model.context import Context
from segue.model.errors import Fail

__all__ = ["NAMES", "Raw", "places_of", "render", "render_places"]

NAMES: Final = (
    "attempt", "dag_id", "data_interval_end", "data_interval_start", "ds", "ds_nodash", "execution_date", "interval",
    "logical_date", "map_index", "params", "partition_key", "run_id", "scheduled_at", "task_id",
)  # fmt: skip
"""What a template may name; `ds_nodash` is `ds` without dashes, the others are those of `Context`."""

_LONGEST: Final = 1_000_000
_MARKS: Final = ("{{", "{%", "{#")


class Raw(str):
    """Text that has been checked and goes into the result as it is."""

    __slots__ = ()


Insert = Callable[[Any], str]


def places_of(arguments: Mapping[str, object]) -> list[str]:
    """Where the templates are among the arguments of a call: `command`, `env/TARGET`, `args/0`."""
    return [path for name, value in arguments.items() for path in _places(value, name)]


def _places(value: object, path: str) -> Iterator[str]:
    match value:
        case str():
            if not refers(value) and any(mark in value for mark in _MARKS):
                yield path
        case dict():
            for key, item in value.items():
                yield from _places(item, f"{path}/{key}")
        case list() | tuple():
            for at, item in enumerate(value):
                yield from _places(item, f"{path}/{at}")


def render_places(
    arguments: Mapping[str, Any], places: list[str], context: Context, insert: Mapping[str, Insert]
) -> dict[str, Any]:
    """The arguments with their templates rendered.

    Args:
        arguments: by name.
        places: what `places_of` gave when the DAG was read.
        context: of the attempt.
        insert: how inserted values become text, by argument name; default: `str`.

    Raises:
        Fail: a template cannot be rendered; the place and the reason are named.
    """
    wanted = frozenset(places)
    return {name: _rendered(value, name, wanted, context, insert.get(name, str)) for name, value in arguments.items()}


def _rendered(value: Any, path: str, wanted: frozenset[str], context: Context, insert: Insert) -> Any:
    if path in wanted:
        return render(value, context, insert, path)
    if isinstance(value, dict):
        return {key: _rendered(item, f"{path}/{key}", wanted, context, insert) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rendered(item, f"{path}/{at}", wanted, context, insert) for at, item in enumerate(value)]
    return value


def render(text: str, context: Context, insert: Insert = str, place: str = "template") -> str:
    """One template.

    Args:
        text: its source.
        context: of the attempt.
        insert: makes text of an inserted value.
        place: names it in errors.

    Raises:
        Fail: it is no template, names what does not exist, tries to leave the sandbox, or grows beyond 1 MB.
    """
    jinja, sandbox, meta = _jinja()
    environment = sandbox.ImmutableSandboxedEnvironment(
        undefined=jinja.StrictUndefined, finalize=lambda value: _inserted(value, insert), keep_trailing_newline=True
    )
    environment.globals = {"range": sandbox.safe_range}
    environment.filters |= {"ds_nodash": _nodash, "strftime": _strftime, "raw_int": _raw_int}
    try:
        names = meta.find_undeclared_variables(environment.parse(text))
        parts = []
        size = 0
        for part in environment.from_string(text).generate(**{name: _value(name, context) for name in names}):
            size += len(part)
            if size > _LONGEST:
                raise Fail(f"{place}: the template makes more than {_LONGEST:,} characters")
            parts.append(part)
        return "".join(parts)
    except jinja.TemplateSyntaxError as why:
        raise Fail(f"{place}: line {why.lineno} of the template: {why.message}") from None
    except sandbox.SecurityError as why:
        raise Fail(f"{place}: the template tries what it may not: {why}") from None
    except jinja.TemplateError as why:
        raise Fail(f"{place}: {why.message}; a template knows {', '.join(NAMES)}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as why:
        raise Fail(f"{place}: the template fails: {type(why).__name__}: {why}") from None


def _inserted(value: Any, insert: Insert) -> str:
    return str(value) if isinstance(value, Raw) else insert(value)


def _value(name: str, context: Context) -> Any:
    if name == "ds_nodash":
        return _nodash(context.ds)
    if name in NAMES:
        return getattr(context, name)
    raise Fail(f"a template knows {', '.join(NAMES)}; there is no {name!r}")


def _nodash(value: object) -> str:
    return str(value).replace("-", "")


def _strftime(value: object, form: str) -> str:
    if not isinstance(value, date | datetime):
        raise TypeError(f"strftime wants a date, not {value!r}")
    return value.strftime(form)


def _raw_int(value: Any) -> Raw:
    """A whole number that goes in unquoted, where a quoted word will not do: `LIMIT {{ params.n | raw_int }}`."""
    return Raw(str(int(value)))


def _jinja() -> tuple[Any, Any, Any]:
    try:
        return import_module("jinja2"), import_module("jinja2.sandbox"), import_module("jinja2.meta")
    except ImportError:
        raise Fail("templates need Jinja: pip install 'segue[templates]'") from None
