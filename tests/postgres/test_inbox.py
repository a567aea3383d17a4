"""Requests wait in the table until somebody leads, ring, and are answered once."""

import select

import pytest

from segue.model.changes import Answered
from segue.model.errors import UsageError
from segue.model.events import Facts, PauseDag, Request, TriggerRun
from segue.model.ids import Instant, manual_key
from segue.model.value import encode
from segue.store.postgres import Pace, PostgresInbox, PostgresReader, open_writer, put_request
from tests.postgres.driving import SPEC

NOW = Instant(1)
PATIENCE = 60
