"""Of all that would write one leads; who has lost his turn writes nothing (rows 10, 35; I23)."""

import os
import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from segue.model.changes import DefinitionFailed
from segue.model.errors import LeaseLost
from segue.model.ids import Instant
from segue.store.audit import compare, validate_state
from segue.store.postgres import Pace, PostgresReader, open_writer

NOW, ROOT, PATIENCE = Instant(1), Path(__file__).parents[2], 60
PAUSES = int(os.environ.get("PG_PAUSES") or 6)
AT_ONCE, NEVER = Pace(expiry=0.0), Pace(expiry=1e6, look=0.01)


class Enough(Exception):
    pass


@pytest.fixture
def opened(url):
    writers = []

    def one(pace, **options):
        writers.append(open_writer(url, NOW, pace, **options))
        return writers[-1]

    yield one
    for writer in writers:
        writer.close()


def note(writer, lease, text):
    with writer.transaction(lease.epoch) as transaction:
        transaction.apply([DefinitionFailed("here", "a.py", text, NOW)])


def notes(url):
    reader = PostgresReader(url)
    try:
        return [(event.epoch, event.new) for event in reader.events()]
    finally:
        reader.close()


def test_who_is_not_heard_of_any_more_loses_his_turn_and_writes_nothing(opened, url):
    first, second = opened(AT_ONCE), opened(AT_ONCE)
    old = first.lease()
    note(first, old, "one")
    new = second.lease()
    assert new.epoch > old.epoch
    with pytest.raises(LeaseLost):
        note(first, old, "two")
    note(second, new, "three")
    with pytest.raises(LeaseLost), first.transaction(old.epoch):
        pass
    assert notes(url) == [(old.epoch, "one"), (new.epoch, "three")]


def test_a_stand_by_waits_as_long_as_the_leader_is_heard_of(opened, url):
    seen = []

    def waiting(leader):
        note(first, lease, "still here")
        seen.append(leader)
        if len(seen) == 3:
            raise Enough

    first, second = opened(NEVER), opened(NEVER, waiting=waiting)
    lease = first.lease()
    with pytest.raises(Enough):
        second.lease()
    assert [leader.alive for leader in seen] == [False, True, True]
    assert f"process {os.getpid()} on" in seen[0].name
    note(first, lease, "and leads")


def test_a_leader_that_goes_in_order_is_followed_at_once(opened):
    first, second = opened(NEVER), opened(NEVER, waiting=pytest.fail)
    first.lease()
    first.close()
    second.lease()


def test_who_leaves_while_another_waits_is_not_taken_for_alive(opened):
    seen = []

    def waiting(leader):
        seen.append(leader.alive)
        first.close()

    first, second = opened(NEVER), opened(NEVER, waiting=waiting)
    first.lease()
    second.lease()
    assert seen == [False]


def test_who_led_from_where_only_one_can_be_is_not_waited_for(opened):
    first, second = opened(NEVER, place="home 1"), opened(NEVER, place="home 1", waiting=pytest.fail)
    elsewhere = opened(NEVER, place="home 2", waiting=_enough)
    old = first.lease()
    assert second.lease().epoch > old.epoch
    with pytest.raises(Enough):
        elsewhere.lease()


def test_nowhere_is_no_place(opened):
    first, second = opened(NEVER), opened(NEVER, waiting=_enough)
    first.lease()
    with pytest.raises(Enough):
        second.lease()


def test_a_leader_that_has_lost_its_line_leads_on(opened, server, database):
    writer = opened(NEVER, waiting=pytest.fail)
    old = writer.lease()
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    assert writer.lease().epoch > old.epoch


def test_a_leader_that_stands_still_in_a_transaction_is_cut_off(opened, url):
    opened(AT_ONCE).lease()
    with psycopg.connect(url) as still:
        still.execute("UPDATE lease SET renewed = renewed")
        opened(AT_ONCE).lease()
        with pytest.raises(psycopg.errors.AdminShutdown):
            still.execute("COMMIT")


def test_a_server_whose_clock_was_set_back_keeps_nobody_out(opened, server, database):
    first, second = opened(NEVER), opened(Pace(expiry=60), waiting=pytest.fail)
    first.lease()
    server.execute("UPDATE lease SET renewed = now() + interval '1 day'", database)
    second.lease()


def test_an_empty_transaction_renews(opened, server, database):
    writer = opened(NEVER)
    lease = writer.lease()
    assert lease.renew_every == 2_000_000
    server.execute("UPDATE lease SET renewed = 'epoch'", database)
    with writer.transaction(lease.epoch):
        pass
    assert server.execute("SELECT now() - renewed < interval '1 hour' FROM lease", database) == [(True,)]


def _enough(_):
    raise Enough


# --------------------------------------------------------------------------------------------------- real processes
class Process:
    def __init__(self, url):
        words = [sys.executable, "-m", "tests.postgres.leading", url, str(os.getpid())]
        self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait_for(self, beginning):
        """Read on to a line that begins so; gives all up to it."""
        lines = []
        while line := self.process.stdout.readline():
            lines.append(line.strip())
            if line.startswith(beginning):
                return lines
        raise AssertionError("\n".join(lines))

    def send(self, number):
        self.process.send_signal(number)

    def end(self):
        self.process.kill()
        return self.process.communicate(timeout=PATIENCE)[0].splitlines()


def test_a_leader_that_is_paused_and_goes_on_commits_nothing_that_another_does_not_know(url):
    chance = random.Random(35)
    leads = Process(url)
    pair, said = [leads], []
    try:
        said += leads.wait_for("leads")
        pair.append(Process(url))
        for _ in range(PAUSES):
            other = pair[1 - pair.index(leads)]
            time.sleep(chance.uniform(0, 0.2))  # anywhere in its work
            leads.send(signal.SIGSTOP)
            said += other.wait_for("leads")
            said += other.wait_for("daily")
            leads.send(signal.SIGCONT)
            said += leads.wait_for("lost")
            leads = other
        leads.send(signal.SIGKILL)
        other = pair[1 - pair.index(leads)]
        said += other.wait_for("leads")
    finally:
        said += [line for one in pair for line in one.end()]
    check(url, [line for line in said if line.startswith("daily")], PAUSES + 2)


def check(url, acknowledged, epochs):
    reader = PostgresReader(url)
    try:
        assert validate_state(reader) == []
        assert compare(reader) == []
        events = list(reader.event_rows())
        runs = list(reader.run_rows())
    finally:
        reader.close()
    # Who led before writes nothing between the words of who leads now; and no number is given twice or left out.
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(one.epoch <= other.epoch for one, other in pairwise(events))
    assert len({event.epoch for event in events}) >= epochs - 1
    assert set(acknowledged) <= {str(view.run) for view in runs}
    assert [view.number for view in runs] == list(range(1, len(runs) + 1))
