from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import select

from segue.model.changes import Answered
from segue.model.pages import AuditView
from segue.store.deeds import deed_of, parent_of
from segue.store.schema import audit
from segue.store.sql.desk import Desk
from segue.store.sql.grammar import Grammar, param, params

__all__ = ["Deeds"]

_encode: Final = msgspec.msgpack.Encoder().encode
_ROW: Final = "at actor act ok target dag run task old new what reason request parent answer"


class Deeds:
    """Writes what people asked for into the audit, in one dialect.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        self._add = g.text_of_row(g.add(audit), _ROW)
        self._find = g.text(select(audit.c.seq).where(audit.c.request == param("request")), *params("request"))

    def write(self, desk: Desk, change: Answered) -> None:
        """Add the row of a request; before the first of a selection that of the selection."""
        deed = deed_of(change)
        if deed is None:
            return
        parent = parent_of(change)
        if parent is not None and desk.ask(self._find, (parent.request,)) is None:
            desk.write(self._add, [_row(parent)], change)
        desk.write(self._add, [_row(deed)], change)


def _row(deed: AuditView) -> tuple[object, ...]:
    return (
        deed.at, deed.actor, deed.act, int(deed.ok), deed.target, deed.dag, deed.run, deed.task, deed.old, deed.new,
        _encode(deed.what), deed.reason, deed.request, deed.parent, deed.answer,
    )  # fmt: skip
