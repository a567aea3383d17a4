"""What the audit says of a request: one row of words, made from the act alone, in which no secret stands."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Final

import msgspec

from segue.model.acts import Act, Deploy, Drain, MarkAlert, MarkTask, MoveBackfill, RunAct, SetPool, SetSecret
from segue.model.backfills import unpack_slots
from segue.model.changes import Answered
from segue.model.errors import SegueError
from segue.model.ids import Instant, RunKey
from segue.model.masking import HIDDEN
from segue.model.moment import iso_utc
from segue.model.pages import AuditView
from segue.model.sealing import SEALED
from segue.model.value import decode

__all__ = ["deed_of", "parent_of"]

_LONGEST: Final = 1_000
"""Characters of one value: whoever wants more looks at the object itself."""

_LONGEST_PARAMS: Final = 64 * 1024

_ELSEWHERE: Final = frozenset({"run", "dag", "task", "reason", "sealed", "was", "name", "backfill", "selection"})
"""Fields that have a column of their own, or must not be written."""

_PASSWORD: Final = re.compile(r"(?<=//)([^:@/\s]*):[^@/\s]*@")
_TELLTALE: Final = re.compile("passw|secret|token|credential|api_?key", re.IGNORECASE)


def deed_of(change: Answered) -> AuditView | None:
    """The row of a request, still without number; None where the audit says nothing: of letters that were sent."""
    act = change.asked
    if act is None or isinstance(act, MarkAlert):
        return None
    run = change.run or (act.run if isinstance(act, RunAct) else None)
    dags: tuple[str, ...] = getattr(act, "dags", ())
    dag = run.dag if run is not None else dags[0] if len(dags) == 1 else getattr(act, "dag", "")
    return AuditView(
        0, change.at, change.actor, change.act, change.ok, _clean(_target(act, run)), dag, str(run or ""),
        getattr(act, "task", ""), change.was if change.ok else "", _new(act) if change.ok else "",
        tuple((name, _clean(text)) for name, text in _rest(act)),
        _clean(getattr(act, "reason", "") or change.origin.reason), change.request, change.origin.parent,
        _clean(change.text),
    )  # fmt: skip


def parent_of(change: Answered) -> AuditView | None:
    """The row of the selection that a request belongs to, None where it belongs to none."""
    origin = change.origin
    if not origin.parent:
        return None
    return AuditView(
        0, change.at, change.actor, change.act, True, _clean(origin.selection), reason=_clean(origin.reason),
        request=origin.parent,
    )  # fmt: skip


def _target(act: Act, run: RunKey | None) -> str:
    if run is not None:
        task = getattr(act, "task", "")
        return f"{run} {task}" if task else str(run)
    match act:
        case MoveBackfill(number):
            return f"backfill {number}"
        case SetSecret(kind, name):
            return f"{kind} {name}"
        case Deploy(files):
            return f"{len(files)} files"
        case Drain():
            return "all DAGs"
        case _:
            named = getattr(act, "dag", "") or getattr(act, "name", "") or getattr(act, "selection", "")
            return named or ", ".join(getattr(act, "dags", ()))


def _new(act: Act) -> str:
    match act:
        case MarkTask():
            return act.state
        case SetPool():
            return "" if act.slots is None else str(act.slots)
        case MoveBackfill():
            return act.to
        case SetSecret():
            return "removed" if act.sealed is None else "set"
        case _:
            return ""


@cache  # `fields` works out every annotation anew
def _fields(act: type[Act]) -> tuple[tuple[str, object], ...]:
    return tuple((one.name, one.default) for one in msgspec.structs.fields(act) if one.name not in _ELSEWHERE)


def _rest(act: Act) -> Iterator[tuple[str, str]]:
    """The other fields that were given, each with its value in words."""
    for name, default in _fields(type(act)):
        value = getattr(act, name)
        if value == default:
            continue
        if name == "params":
            yield from _params(value)
        else:
            yield name, _words(name, value)


def _words(name: str, value: Any) -> str:
    if name == "slots" and isinstance(value, bytes):  # of a pool it is a number
        return _counted(value)
    if name == "files":
        return ", ".join(one.file for one in value)
    if name == "slot":
        return "..".join(map(_moment, value))
    if name == "until":
        return _moment(value)
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _counted(slots: bytes) -> str:
    with suppress(ValueError, struct.error, zlib.error):
        return f"{len(unpack_slots(slots))} intervals"
    return f"{len(slots)} bytes"


def _moment(at: Instant) -> str:
    with suppress(ValueError, OverflowError):  # people can write any number
        return iso_utc(at) or ""
    return str(at)


def _params(data: bytes) -> Iterator[tuple[str, str]]:
    try:
        given = decode(data) if len(data) <= _LONGEST_PARAMS else None
    except (SegueError, ValueError):
        given = None
    if not isinstance(given, dict):
        yield "params", f"{len(data)} bytes"
        return
    for name, value in given.items():
        text = repr(value)
        yield f"params.{name}", HIDDEN if _TELLTALE.search(str(name)) or SEALED.decode() in text else text


def _clean(text: str) -> str:
    """As much of a text as the audit keeps, without the password of an address."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return _PASSWORD.sub(rf"\1:{HIDDEN}@", cut)
