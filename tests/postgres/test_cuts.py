"""The line to the server is cut before, during and after a commit: nothing is lost, nothing is done twice (row 19).

How often is set by PG_CUTS; `make chaos` cuts 500 times.
"""

import os
import time
from collections import Counter

from segue.store.postgres import Pace, PostgresReader, open_writer
from tests.e2e.proof import record
from tests.postgres.driving import Ledger, check, drive
from tests.postgres.proxy import Cut

CUTS = int(os.environ.get("PG_CUTS") or 60)
COMMITS = 8
"""A run takes as many, and one more for each time that it is disturbed."""


def test_a_line_cut_around_a_commit_loses_nothing_and_does_nothing_twice(server, url, database, proxy):
    began = time.monotonic()
    writer = open_writer(server.url(database, proxy.host), 0, Pace(renew=60))
    reader = PostgresReader(url)
    ledger, made, nth = Ledger(), [], 0
    kinds = list(Cut)
    while len(proxy.cuts) < CUTS:
        if not proxy.armed:
            nth += 1
            proxy.arm(nth // len(kinds) % COMMITS, kinds[nth % len(kinds)])
        made.append(f"r{len(made)}")
        drive(writer, reader, ledger, made[-1])
    writer.close()
    check(reader, ledger, *made)
    reader.close()
    assert min(Counter(proxy.cuts).values()) >= CUTS // len(kinds) - 1
    figures = f"{len(made)} runs, {sum(map(len, ledger.said.values()))} attempts"
    record("a line cut around a commit", len(proxy.cuts), figures, None, time.monotonic() - began)
