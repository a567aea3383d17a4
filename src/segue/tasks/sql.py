"""SQL through DB-API drivers. What a template inserts becomes a bind, never text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple, Unpack
from urllib.parse import unquote, urlsplit

from segue.define.injection import injected
from segue.define.nodes import Node
from segue.define.options import TaskOptions
from segue.define.tasks import task
from segue.model.context import Context
from segue.model.errors import Fail
from segue.tasks.declare import call
from segue.tasks.template import render

__all__ = ["sql"]

Fetch = Literal["all", "one", "value", "none"]

_NAMED: Final = re.compile(
    r"""
    (?P<skip> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | :: )
    | (?<![:\w]) : (?P<name> [A-Za-z_]\w* )
    """,
    re.VERBOSE | re.DOTALL,
)
_BIND: Final = "segue_value_"


class _Driver(NamedTuple):
    connect: Callable[[str], Any]
    mark: Callable[[str], str]
    plain: Callable[[str], str] = str


def _sqlite(uri: str) -> Any:
    return import_module("sqlite3").connect(_path(uri), timeout=30)


def _duckdb(uri: str) -> Any:
    return import_module("duckdb").connect(_path(uri))


def _postgres(uri: str) -> Any:
    return import_module("psycopg").connect(uri)


def _path(uri: str) -> str:
    """`sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` for one in memory."""
    return unquote(urlsplit(uri).path)[1:] or ":memory:"


_POSTGRES: Final = _Driver(_postgres, lambda name: f"%({name})s", lambda text: text.replace("%", "%%"))
_DRIVERS: Final = {
    "sqlite": _Driver(_sqlite, lambda name: f":{name}"),
    "duckdb": _Driver(_duckdb, lambda name: f"${name}"),
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
}
_STATEMENT: Final = frozenset({
    "BinderException", "CatalogException", "DataError", "InsufficientPrivilege", "InvalidPassword", "ParserException",
    "ProgrammingError", "SyntaxError", "UndefinedColumn", "UndefinedTable",
})  # fmt: skip
"""What another attempt cannot mend: the statement or the credentials are wrong, not the moment."""
_MISSING: Final = re.compile(r"no such (table|column|function)|near .*syntax error")


def sql(
    statement: str, *, connection: str, parameters: Mapping[str, Any] | None = None, fetch: Fetch = "all",
    **options: Unpack[TaskOptions],
) -> Node[Any]:  # fmt: skip
    """Run one SQL statement in a transaction of its own.

    Args:
        statement: with named binds, `:start`; those of the interval (`start end ds execution_date`) are there without
            being given. A template too: what `{{ … }}` inserts is passed as a bind, so write it without quotes.
        connection: name of a connection: `sqlite:///…`, `duckdb:///…`, `postgresql://…`.
        parameters: binds by name; values of other tasks belong here.
        fetch: *all* rows as a list of dicts, *one* row, *value*: its only column, *none*: the number of rows changed.
        options: as for `@task`.

    Raises:
        Fail: the statement is wrong, or a bind has no value.
    """
    known: Any = {**options, "connections": [*options.get("connections", ()), connection]}
    given = {"statement": statement, "connection": connection, "parameters": parameters, "fetch": fetch}
    return call(_sql, given, known)


@task(id="sql")
def _sql(
    statement: str, connection: str, parameters: Mapping[str, Any] | None, fetch: Fetch, templates: list[str],
    context: Context = injected,
) -> Any:  # fmt: skip
    uri = context.connection(connection).uri
    scheme = uri.partition(":")[0].partition("+")[0]
    driver = _DRIVERS.get(scheme)
    if driver is None:
        raise Fail(f"connection {connection} is {scheme}://…, and t.sql knows {', '.join(_DRIVERS)}")
    values = dict(parameters or {})
    if "statement" in templates:
        statement = _with_binds(statement, values, context)
        context.log.info("statement: %s", statement)
    text, binds = _bound(statement, values, driver, context)
    return _execute(driver, uri, text, binds, fetch)


def _with_binds(statement: str, values: dict[str, Any], context: Context) -> str:
    def insert(value: Any) -> str:
        name = f"{_BIND}{len(values)}"
        values[name] = value
        return f":{name}"

    text = render(statement, context, insert, "statement")
    for found in _NAMED.finditer(text):
        if found["skip"] and f":{_BIND}" in found["skip"] and found["skip"][0] in "'\"":
            raise Fail(
                f"statement: write {{{{ … }}}} without quotes around it, it is passed as a bind: {found['skip']}"
            )
    return text


def _bound(statement: str, values: Mapping[str, Any], driver: _Driver, context: Context) -> tuple[str, dict[str, Any]]:
    binds: dict[str, Any] = {}
    parts, end = [], 0
    for found in _NAMED.finditer(statement):
        parts.append(driver.plain(statement[end : found.start()]))
        if name := found["name"]:
            binds[name] = values[name] if name in values else _of_interval(name, context)
            parts.append(driver.mark(name))
        else:
            parts.append(driver.plain(found[0]))
        end = found.end()
    return "".join([*parts, driver.plain(statement[end:])]), binds


def _of_interval(name: str, context: Context) -> Any:
    binds = context.interval.binds() if name in ("start", "end", "ds", "execution_date") else {}
    if name not in binds:
        raise Fail(f"statement: the bind :{name} has no value: give parameters={{'{name}': …}}")
    return binds[name]


def _execute(driver: _Driver, uri: str, text: str, binds: dict[str, Any], fetch: Fetch) -> Any:
    try:
        connection = driver.connect(uri)
    except ImportError as why:
        raise Fail(f"the driver for this connection is not installed: {why.name}") from None
    with closing(connection):
        cursor = connection.cursor()
        try:
            cursor.execute(text, binds)
        except Exception as why:
            if type(why).__name__ in _STATEMENT or _MISSING.match(str(why)):
                raise Fail(f"{type(why).__name__}: {str(why).strip()}") from why
            raise
        result = _fetched(cursor, fetch)
        connection.commit()
        return result


def _fetched(cursor: Any, fetch: Fetch) -> Any:
    if fetch == "none" or cursor.description is None:
        return max(cursor.rowcount, 0)
    names = [column[0] for column in cursor.description]
    if fetch == "all":
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    row = cursor.fetchone()
    if fetch == "one" or row is None:
        return None if row is None else dict(zip(names, row, strict=True))
    return row[0]
