"""The loop against scripted parts: what happens is written to one journal, in order."""

from collections import deque
from contextlib import contextmanager

import pytest

from segue.model.acts import CancelRun
from segue.model.changes import Answered, Decision
from segue.model.commands import Kill
from segue.model.contracts import Lease
from segue.model.definition import Defined, Definition
from segue.model.errors import Conflict, LeaseLost, StoreDown
from segue.model.events import Lost, LostCause, Request, Tick
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import Facts, Snapshot
from segue.model.spec import DagSpec
from segue.run.loop import EVENTS_PER_TURN, LONGEST_PAUSE, run_forever

RUN = RunKey("d", "2026-04-01", 1)
KEY = AttemptKey(RUN, "t", None, 1)
ASK = Request("r1", "ann", CancelRun(RUN))
LOST = Lost(KEY, b"f", None, Instant(5), LostCause.WORKER)
DONE = Answered("r1", "ann", "cancel", True, "cancelled", Instant(7))


class World:
    """Store, inbox, executor, clock, engine and watch, all scripted."""

    kept = False

    def __init__(self, *, decisions=(), commits=(), asked=(), said=(), turns=1):
        self.journal = []
        self.decisions = deque(decisions)
        self.commits = deque(commits)
        self.asked, self.said = list(asked), list(said)
        self.turns = turns
        self.seen = []
        self.waits = []
        self.pauses = []
        self.renew_every = None
        self.times = deque()
        self.watch = self.inbox = self.executor = self

    # store
    def lease(self):
        self.journal.append("lease")
        return Lease(3, self.renew_every)

    def snapshot(self, runs):
        self.journal.append(("snapshot", runs))
        return Snapshot(b"k")

    @contextmanager
    def transaction(self, epoch):
        assert epoch == 3
        self.journal.append("begin")
        yield self
        problem = self.commits.popleft() if self.commits else None
        if problem:
            raise problem
        self.journal.append("commit")

    def apply(self, changes):
        self.journal.append(("apply", tuple(changes)))

    def facts(self, act, request):
        return Facts(next_n=9)

    def known(self, definition):
        return Definition(definition.spec, "", "", "", number=4)

    # inbox and executor
    def barrier(self):
        self.journal.append("barrier")

    def do(self, commands):
        self.journal.append(("do", tuple(commands)))

    def close(self):
        raise AssertionError("whoever made the executor closes it")

    def wait(self, seconds, poked):
        self.waits.append(seconds)

    # clock
    def now(self):
        return Instant(self.times.popleft() if self.times else 1_000_000)

    def sleep(self, seconds):
        self.pauses.append(seconds)

    # engine
    def step(self, now, events):
        self.seen.append(tuple(events))
        return self.decisions.popleft() if self.decisions else Decision((), (), None)

    def outstanding(self):
        return [Kill(KEY)]

    # watch
    def runs(self):
        return {RUN}

    def deciding(self, changes):
        self.journal.append("deciding")

    def committed(self, changes):
        self.journal.append("committed")

    def down(self, why):
        self.journal.append(("down", why))

    def stopping(self):
        return len(self.seen) >= self.turns

    def run(self):
        inbox, executor = Side(self, "inbox", self.asked), Side(self, "executor", self.said)
        run_forever(self, inbox, executor, self, lambda snapshot: self, self.stopping, self)
        return self.journal


class Side:
    """One of the two event queues; the executor's side passes commands on."""

    def __init__(self, world, name, queue):
        self.world, self.name, self.queue = world, name, queue
        self.do, self.barrier, self.wait = world.do, world.barrier, world.wait

    def poll(self):
        return tuple(self.queue)

    def ack(self, events, changes=None):
        events = list(events)
        self.world.journal.append((f"ack {self.name}", tuple(type(event).__name__ for event in events)))
        if not self.world.kept:
            del self.queue[: len(events)]

    def fileno(self):
        return None


BEGIN = ["lease", "barrier", ("snapshot", {RUN}), ("do", (Kill(KEY),))]


def test_a_turn_commits_before_it_acknowledges_and_before_it_acts():
    world = World(decisions=[Decision((DONE,), (Kill(KEY),), None)], asked=[ASK], said=[LOST])
    assert world.run() == [
        *BEGIN, "deciding", "begin", ("apply", (DONE,)), "commit",
        ("ack executor", ("Lost",)), ("do", (Kill(KEY),)), ("ack inbox", ("Request",)), "committed",
    ]  # fmt: skip


def test_a_turn_without_changes_writes_nothing():
    world = World(said=[LOST])
    assert world.run() == [*BEGIN, ("ack executor", ("Lost",)), ("do", ()), ("ack inbox", ())]


@pytest.mark.parametrize("problem", [Conflict("other state"), LeaseLost("stale")])
def test_a_commit_that_fails_or_is_unknown_drops_memory_and_takes_the_same_events_again(problem):
    decision = Decision((DONE,), (Kill(KEY),), None)
    world = World(decisions=[decision, decision], commits=[problem], asked=[ASK], said=[LOST], turns=2)
    journal = world.run()
    assert world.seen[0] == world.seen[1]
    assert journal[:7] == [*BEGIN, "deciding", "begin", ("apply", (DONE,))]
    assert journal[7:11] == BEGIN
    assert journal[11:14] == ["deciding", "begin", ("apply", (DONE,))]
    assert journal.count("commit") == 1


def test_a_full_disk_is_told_waited_for_and_survived():
    decision = Decision((DONE,), (), None)
    world = World(decisions=[decision] * 3, commits=[StoreDown("disk full")] * 2, asked=[ASK], turns=3)
    journal = world.run()
    assert journal.count(("down", "disk full")) == 2
    assert journal.count("commit") == 1 and world.asked == []
    assert world.pauses == [0.05, 0.1]


def test_the_pause_between_failures_is_bounded_and_starts_anew_after_a_commit():
    decision = Decision((DONE,), (), None)
    failures = [StoreDown("away")] * 9
    world = World(decisions=[decision] * 12, commits=[*failures, None, StoreDown("away"), None], turns=12)
    world.run()
    assert max(world.pauses) == LONGEST_PAUSE
    assert world.pauses[-1] == 0.05


def test_a_store_that_is_down_at_the_start_is_tried_again():
    class Down(World):
        def lease(self):
            lease = super().lease()
            if self.journal.count("lease") == 1:
                raise StoreDown("away")
            return lease

    world = Down()
    assert world.run()[:2] == ["lease", ("down", "away")]
    assert len(world.seen) == 1


def test_requests_and_definitions_get_what_the_store_knows():
    defined = Defined("l", "f.py", (Definition(DagSpec("d"), "s", "c", "b"),))
    world = World(asked=[ASK, defined, Tick()])
    world.run()
    request, definition, tick = world.seen[0]
    assert request.facts.next_n == 9
    assert definition.definitions[0].number == 4
    assert tick == Tick()


def test_what_is_asked_after_a_dag_may_have_got_another_id_gets_facts_of_after_that():
    defined = Defined("l", "f.py", (Definition(DagSpec("new", renamed_from="old"), "s", "c", "b"),))
    world = World(asked=[Tick(), defined, ASK], turns=2)
    world.run()
    assert [[type(event).__name__ for event in events] for events in world.seen] == [["Tick", "Defined"], ["Request"]]
    assert world.waits == []


def test_a_turn_takes_a_thousand_events_and_does_not_wait_for_the_rest():
    world = World(asked=[Tick()] * 300, said=[LOST] * 1_500, turns=4)
    world.run()
    assert [len(events) for events in world.seen] == [EVENTS_PER_TURN, 800, 0, 0]
    assert world.waits == [None, None]  # not after the first turn: there is more; nor after the last: it stops


@pytest.mark.parametrize(
    ("wake_at", "renew_every", "seconds"),
    [
        (None, None, None),
        (3_000_000, None, 2.0),
        (3_000_000, 500_000, 0.5),
        (None, 1_000_000, 1.0),
    ],
)
def test_it_waits_until_the_engine_or_the_lease_wants_a_turn(wake_at, renew_every, seconds):
    world = World(decisions=[Decision((), (), wake_at)], turns=2)
    world.renew_every = renew_every
    world.run()
    assert world.waits == [seconds]


def test_a_lease_that_runs_out_is_renewed_by_a_transaction_without_changes():
    world = World(turns=4)
    world.renew_every = 500_000
    world.times += [1_000_000, 1_100_000, 1_500_000, 1_600_000, 2_000_000]  # first of all when it takes the lease
    journal = [what for what in world.run() if what in ("begin", "commit", "committed", ("apply", ()))]
    assert journal == ["begin", ("apply", ()), "commit"] * 2  # nobody is told: nothing has happened
    assert world.waits == [0.4, 0.5, 0.4]


def test_a_commit_renews_a_lease_as_well():
    world = World(decisions=[Decision((), (), None), Decision((DONE,), (), None)], turns=3)
    world.renew_every = 500_000
    world.times += [1_000_000, 1_000_000, 1_400_000, 1_800_000]
    assert world.run().count("commit") == 1
    assert world.waits == [0.5, 0.5]


def test_it_does_not_wait_for_what_is_due():
    world = World(decisions=[Decision((), (), 10)], turns=2)
    world.run()
    assert world.waits == []


def test_it_does_not_wait_when_it_is_to_stop():
    world = World(turns=1)
    world.run()
    assert world.waits == []


def test_it_does_not_wait_when_the_engine_wants_another_turn_at_once():
    world = World(decisions=[Decision((), (), Instant(10))], turns=2)
    world.run()
    assert world.waits == []


def test_it_does_not_wait_when_the_turn_was_the_last():
    world = World()
    world.run()
    assert world.waits == []


def test_it_does_not_begin_where_it_is_to_stop():
    assert World(turns=0).run() == []


def test_a_bug_is_not_swallowed():
    world = World(decisions=[Decision((DONE,), (), None)], commits=[ZeroDivisionError("ours")], asked=[ASK])
    with pytest.raises(ZeroDivisionError):
        world.run()
    assert world.asked == [ASK]


def test_a_request_without_answer_is_given_to_an_engine_once_and_again_to_the_next_one():
    world = World(asked=[ASK], turns=2)
    world.kept = True
    world.run()
    assert [len(events) for events in world.seen] == [1, 0]


def test_a_request_that_comes_again_right_after_its_answer_is_looked_up():
    """A hundred posts with one key: those that came in the turn after the answer waited for ever."""
    world = World(asked=[ASK], decisions=[Decision((DONE,), (), None)], turns=2)
    world.kept = True
    world.run()
    assert [[event.facts for event in events] for events in world.seen] == [[Facts(next_n=9)], [Facts(next_n=9)]]


def test_a_conflict_that_comes_back_again_and_again_is_told():
    decision = Decision((DONE,), (), None)
    world = World(decisions=[decision] * 4, commits=[Conflict("other state")] * 4, asked=[ASK], turns=5)
    journal = world.run()
    told = [entry[1] for entry in journal if entry[0] == "down"]
    assert told == ["memory and store keep disagreeing: other state"] * 2
