"""What SQL statements and shell commands give away in their text."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["appends", "asks_the_clock", "date_in", "is_sql", "replaces", "runs_date"]

_SQL: Final = re.compile(
    r"\b(?:select|insert|update|delete|merge|create|copy|truncate)\b.*\b(?:from|into|set|table|where|values|view|select)\b"
    r"|^\s*select\b",
    re.IGNORECASE | re.DOTALL,
)
_ASIDE: Final = re.compile(
    r"--[^\n]*|/\*.*?\*/|\bdefault\s+\(?\s*(?:current_\w+|now\s*\(\s*\))", re.IGNORECASE | re.DOTALL
)
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'")
_CLOCK: Final = re.compile(
    r"\b(?:current_date|current_timestamp|localtimestamp|sysdate|systimestamp)\b"
    r"|\b(?:now|today|getdate|getutcdate|sysdatetime|curdate|utc_timestamp)\s*\(\s*\)",
    re.IGNORECASE,
)
_CLOCK_QUOTED: Final = re.compile(
    r"\b(?:date|datetime|strftime|julianday|timestamp)\s*\([^)]*'now'|'(?:now|today|yesterday)'\s*::|date\s+'today'",
    re.IGNORECASE,
)
_INSERT: Final = re.compile(r"\binsert\s+into\s+[\w.\"`{}\[\]]+", re.IGNORECASE)
_REPLACES: Final = re.compile(
    r"\b(?:delete\s+from|truncate|on\s+conflict|on\s+duplicate|merge\s+into|overwrite|replace\s+into|drop\s+table"
    r"|insert\s+or\s+(?:replace|ignore)|create\s+(?:or\s+replace|temp|temporary)|not\s+exists\s*\()",
    re.IGNORECASE,
)
_INTERVAL_DATE: Final = re.compile(
    r"\{\{\s*(?P<name>ds\b|ds_nodash|partition_key|interval\.(?:date|ds|key))|(?<![\w:])(?P<bind>:ds)\b"
)
_DATE: Final = re.compile(r"(?:\$\(|`)\s*date\b(?![^)`]*(?:\s-d|\s--date))[^)`]*[)`]")


def is_sql(text: str) -> bool:
    """Whether a text reads like a statement."""
    return _SQL.search(text) is not None


def asks_the_clock(text: str) -> str | None:
    """How a statement asks for the present day or moment, None where it does not."""
    text = _ASIDE.sub(" ", text)
    found = _CLOCK_QUOTED.search(text) or _CLOCK.search(_QUOTED.sub("''", text))
    return found[0] if found else None


def appends(text: str) -> bool:
    """Whether a statement adds rows."""
    return _INSERT.search(_ASIDE.sub(" ", text)) is not None


def replaces(text: str) -> bool:
    """Whether a statement makes room for rows, or adds only those that are not there."""
    return _REPLACES.search(_ASIDE.sub(" ", text)) is not None


def date_in(text: str) -> str | None:
    """The date of the interval that a template or a statement takes, None where it takes none."""
    found = _INTERVAL_DATE.search(text)
    return (found["name"] or found["bind"]) if found else None


def runs_date(text: str) -> str | None:
    """The `$(date …)` of a command that asks the clock, None where there is none."""
    found = _DATE.search(text)
    return found[0] if found else None
