"""The N-th statement of an owner's life fails in a way that is nobody's fault: nobody notices (row 21)."""

import psycopg
import pytest

from segue.store.postgres import Pace, PostgresReader, open_writer
from tests.postgres.driving import Ledger, check, drive

PACE = Pace(renew=60)
RAISE = "DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{}'; END $$"
TROUBLES = {
    "serialization failure": RAISE.format("40001"),
    "deadlock": RAISE.format("40P01"),
    "fail-over": "SELECT pg_terminate_backend(pg_backend_pid())",
}


class Fuse:
    """Counts statements and replaces one of them by a trouble."""

    def __init__(self):
        self.seen, self.at, self.trouble = 0, 0, ""

    def arm(self, at, trouble):
        self.seen, self.at, self.trouble = 0, at, trouble

    def driver(self, url, **options):
        fuse = self

        class Cursor(psycopg.Cursor):
            def execute(self, query, params=None, **more):
                if fuse.burns():
                    return super().execute(fuse.trouble)
                return super().execute(query, params, **more)

            def executemany(self, query, rows, **more):
                if fuse.burns():
                    super().execute(fuse.trouble)
                else:
                    super().executemany(query, rows, **more)

        return psycopg.connect(url, cursor_factory=Cursor, **options)

    def burns(self):
        self.seen += 1
        return self.seen == self.at


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_statement_of_a_run_may_not_fail(url, trouble):
    fuse, ledger = Fuse(), Ledger()
    writer = open_writer(url, 0, PACE, driver=fuse.driver)
    reader = PostgresReader(url)
    drive(writer, reader, ledger, "r0")
    fuse.arm(0, "")
    drive(writer, reader, ledger, "r1")
    made, statements, burnt = ["r0", "r1"], fuse.seen, 0
    assert statements > 40
    for at in range(1, statements + 1):
        fuse.arm(at, TROUBLES[trouble])
        made.append(f"r{at + 1}")
        assert drive(writer, reader, ledger, made[-1]) == [], f"statement {at}"
        burnt += fuse.seen >= at
    assert burnt > statements - 5  # the last ones may be an idle turn's
    writer.close()
    check(reader, ledger, *made)
    reader.close()
