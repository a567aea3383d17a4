"""The PostgreSQL store. Importing it imports the driver: it is reached by name, where a database's address is given."""

from segue.store.postgres.connection import shown
from segue.store.postgres.inbox import PostgresInbox, leader_of, put_request
from segue.store.postgres.leadership import Leader, Pace
from segue.store.postgres.listening import EVENTS_CHANNEL, heard
from segue.store.postgres.opening import check_database, open_writer
from segue.store.postgres.reading import PostgresReader, PostgresResults
from segue.store.postgres.writer import PostgresWriter

__all__ = [
    "EVENTS_CHANNEL",
    "Leader",
    "Pace",
    "PostgresInbox",
    "PostgresReader",
    "PostgresResults",
    "PostgresWriter",
    "check_database",
    "heard",
    "leader_of",
    "open_writer",
    "put_request",
    "shown",
]
