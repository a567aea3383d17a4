"""The SQLite store."""

from segue.store.sqlite.opening import open_writer
from segue.store.sqlite.reading import SqliteReader, SqliteResults
from segue.store.sqlite.writer import SqliteWriter

__all__ = ["SqliteReader", "SqliteResults", "SqliteWriter", "open_writer"]
