"""PostgreSQL's dialect."""

from __future__ import annotations

from typing import Final

from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from segue.store.sql.grammar import Grammar
from segue.store.sql.statements import Statements

__all__ = ["STATEMENTS"]

STATEMENTS: Final = Statements(
    Grammar(PGDialect_psycopg(paramstyle="format"), postgresql.insert, "greatest", "''::bytea")  # type: ignore[no-untyped-call]
)
