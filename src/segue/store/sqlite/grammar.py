"""SQLite's dialect."""

from __future__ import annotations

from typing import Final

from sqlalchemy.dialects import sqlite

from segue.store.sql.grammar import Grammar
from segue.store.sql.statements import Statements

__all__ = ["STATEMENTS"]

STATEMENTS: Final = Statements(Grammar(sqlite.dialect(paramstyle="qmark"), sqlite.insert, "max", "x''"))
