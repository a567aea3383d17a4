"""Copies of a home, and what comes back of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from segue.app.backup import access_copy, backup_home, last_backup
from segue.app.restoring import restore_home, what_would_run
from segue.app.home import Home
from segue.app.settings import read_settings
from segue.model.access import ALL, Grant, Role
from segue.model.errors import HomeBusy, HomeUnusable, UsageError
from segue.model.ids import Instant, RunKey
from segue.model.moment import DAY
from segue.model.changes import TimingSet
from segue.model.spec import DagSpec, TaskSpec
from segue.model.images import Version
from segue.model.timing import Timing
from segue.schedule.declare import declared
from segue.store.access.book import Note, Session, User
from segue.store.access.sqlite import open_book
from segue.store.home import OwnerFacts, take_home
from segue.store.sqlite import SqliteReader
from tests.contract.stores import NOW, R, Sqlite, begun_run, created, defined, moved, queued, write
