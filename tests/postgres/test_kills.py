"""Owners and workers killed at random moments, the database on a server; else as `tests/e2e/test_kills.py`.

PG_OWNERS says how many, CHAOS_SEED which; CHAOS_WORKERS how many workers.
"""

import os

from segue.model.state import AttemptState
from segue.model.views import RunQuery
from tests.e2e import test_kills
from tests.e2e.ledger import check_known
from tests.postgres.served import ServedProject

OWNERS = int(os.environ.get("PG_OWNERS") or 5)
WORKERS = int(os.environ.get("CHAOS_WORKERS") or 8)


class Chaos(test_kills.Chaos):
    def __init__(self, url, folder, workers):
        super().__init__(folder, workers)
        self.project = ServedProject(url, folder / "project", "chaos.py", "tracing.py", workers=workers, grace="1s")

    def kill_owner(self, process):
        if self.kills < OWNERS:
            super().kill_owner(process)

    def _newest(self):
        if not self.project.exists():
            return None
        with self.project.reader() as reader:
            return next(iter(reader.runs(RunQuery(limit=1))), None)

    def _check_whole(self):
        self.project.check_nothing_is_left()
        if self.project.exists():
            with self.project.reader() as reader:
                check_known(reader, self.ledger)


def test_owners_killed_at_random_moments_lose_nothing_and_do_nothing_twice(url, tmp_path):
    chaos = Chaos(url, tmp_path, workers=4)
    while chaos.kills < OWNERS:
        chaos.succeed(chaos.kill_owner)
    chaos.prove("owners killed, PostgreSQL")


def test_workers_killed_at_random_moments_lose_nothing_and_do_nothing_twice(url, tmp_path):
    chaos = Chaos(url, tmp_path, workers=8)
    while chaos.kills < WORKERS:
        chaos.succeed(chaos.kill_workers, width=40, pace=0.1)
    chaos.prove("workers and fork servers killed, PostgreSQL")
    with chaos.project.reader() as reader:
        assert any(attempt.state is AttemptState.LOST for _, attempt in reader.attempt_rows())
