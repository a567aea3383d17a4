"""One world, played to its end: the product's own loop and engine, on simulated time, between fakes.

Everything happens inside the loop's calls: waiting lets time pass, committing has every invariant asked, a crash is an
exception that throws the owner away. At rest, when nothing will happen any more by itself, liveness is asked: all runs
have ended or are held, everybody has his answer, the oracle agrees, and an idle hour writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final, TypeAlias

import msgspec

from segue.model import contracts
from segue.model.acts import CancelRun, RetryRun
from segue.model.changes import Answered, Change, RunCreated, RunMoved, RunsForgotten
from segue.model.commands import Command
from segue.model.events import Event
from segue.model.ids import RunKey
from segue.model.images import Snapshot
from segue.model.masking import Mask
from segue.model.state import LIVE, RUN_FINAL, RunState, TaskState
from segue.testing.world.clocks import Clocks, Wall, WallClock
from segue.testing.world.clockwork import Clockwork
from segue.testing.world.coverage import Coverage
from segue.testing.world.cuts import Crashed, Cuts
from segue.testing.world.executor import ScriptedExecutor
from segue.testing.world.floor import Floor
from segue.testing.world.heard import Heard
from segue.testing.world.inbox import ScriptedInbox
from segue.testing.world.invariants import INVARIANTS
from segue.testing.world.ledger import Ledger, Violation
from segue.testing.world.owners import Baton, Desk
from segue.testing.world.parts import PRODUCT, Parts
from segue.testing.world.people import People, lay_in, open_pools
from segue.testing.world.plan import Fault, Plan, script_of
from segue.testing.world.rest import (
    check_answered,
    check_ended,
    check_foretold,
    check_slots,
    check_stored,
    stands_ready,
)
from segue.testing.world.reuse import check_reuse
from segue.testing.world.script import CANARY, SECOND, Script
from segue.testing.world.store import CrashStore
from segue.testing.world.timeline import Timeline

__all__ = ["Story", "World", "play", "verify"]

MOST_TURNS = 60_000
IDLE_TURNS = 3
HOUR: Final = 3600 * SECOND
States: TypeAlias = dict[tuple[str, int | None], TaskState]


@dataclass(slots=True)
class Story:
    """What a world came to.

    Args:
        digest: of everything that was committed and begun, in order; equal for equal plans.
        commits, crashes, attempts, points: how many there were.
        ends: state of each run and of its tasks.
        cells: what of the coverage map has happened.
    """

    digest: str = ""
    commits: int = 0
    crashes: int = 0
    attempts: int = 0
    points: int = 0
    ends: dict[RunKey, tuple[RunState, States]] = field(default_factory=dict)
    cells: frozenset[str] = frozenset()


class World:
    """One plan and everything it is played with; `script` replaces what would be drawn."""

    def __init__(self, plan: Plan, parts: Parts = PRODUCT, script: Script | None = None) -> None:
        self.plan, self.parts = plan, parts
        self.script = script_of(plan) if script is None else script
        self.timeline = Timeline(plan.epoch)
        self.wall = Wall(self.timeline, plan.clocks)
        self.ledger = Ledger(plan.limits)
        self.baton = Baton(self.timeline, plan.owners)
        self.desk = Desk(self.timeline, self.baton, plan.pace) if plan.owners > 1 else None
        self.cuts = Cuts(plan, self.script, self.baton)
        self.inbox = ScriptedInbox(self.timeline, self.ledger, self.cuts)
        self.inner, self.rows = parts.store()
        fence_key = self.inner.snapshot(()).fence_key
        self.floor = Floor(hide=parts.hide)
        self.executors = [
            ScriptedExecutor(plan, self.script, self.timeline, self.ledger, fence_key, self.inbox, self.floor)
            for _ in range(plan.owners)
        ]
        self.store = CrashStore(self.inner, plan, self.script, self.cuts, self._committed, self.desk)
        self.clockwork = Clockwork(self.ledger)
        self.people = People(plan, self.script, self.ledger, self.inbox, self.clockwork, self.timeline)
        self.coverage = Coverage(plan, self.ledger, self.people.sent)
        self._hash = blake2b(digest_size=16)
        self._mask = Mask([CANARY])
        self._turns = self._idle = self._commits_at_rest = 0
        self._mine: set[RunKey] = set()
        self._taken_up: dict[RunKey, str] = {}
        self.ledger.driven = self._mine if plan.foreground else None
        self._engines: dict[int, Heard] = {}

    @property
    def executor(self) -> ScriptedExecutor:
        """Of the owner that is awake."""
        return self.executors[self.baton.current]

    # --------------------------------------------------------------------------------------------------------- play
    def play(self) -> Story:
        """Play it to its end.

        Raises:
            Violation: an invariant does not hold.
        """
        lay_in(self.plan, self.inner, self._committed)
        self._arrange()
        self.baton.run(self._live)
        return self._story()

    def _live(self, me: int) -> None:
        executor = _Endangered(self.executors[me], self)
        while True:
            clock = self.timeline if self.plan.clocks is None else WallClock(self.timeline, self.wall, me)
            try:
                self.parts.loop(self.store, self.inbox, executor, clock, self._new_engine, self._stopping, self)
            except Crashed:
                self._mine.clear()
                self.executors[me].owner_died()
                if self.desk is None:  # else requests lie in the store
                    self.inbox.owner_died()
                self.baton.pause(self.cuts.down())
            else:
                return

    def _new_engine(self, snapshot: Snapshot) -> contracts.Engine:
        self.ledger.lives += 1
        planning: Any = {} if self.plan.clocks is None else {"planning": True}
        engine = self._engines[self.baton.current] = Heard(self.parts.engine(snapshot, self.plan.limits, **planning))
        self.ledger.draining = False
        return engine

    @property
    def _engine(self) -> Heard | None:
        return self._engines.get(self.baton.current)

    @property
    def woken(self) -> bool:
        """The engine wants to be woken, whatever happens."""
        return self._engine is not None and self._engine.wake_at is not None

    def _story(self) -> Story:
        for at, what in self.floor.trace:
            self._hash.update(f"{at} {what}\n".encode())
        ends = {
            key: (run.state, {(name, index): task.state for name, index, task in run.counted()})
            for key, run in self.ledger.runs.items()
        }
        if self.desk is not None:
            self.coverage.add("lease:passed-on", self.desk.changes > 0)
            self.coverage.add("lease:stale-refused", self.desk.refused > 0)
        return Story(
            self._hash.hexdigest(), self.ledger.commits, self.cuts.crashes, self.ledger.started, self.cuts.passed, ends,
            frozenset(self.coverage.cells | self.clockwork.cells),
        )  # fmt: skip

    def _arrange(self) -> None:
        for spec in self.plan.dags:
            confirmed = self.script.rng("confirmed", spec.id).random() < 0.5
            self.inbox.send(self.people.defined(spec, spec.id, confirmed=confirmed))
        if self.plan.clocks is not None:
            self._arrange_time(self.plan.clocks)
        for action in self.plan.actions:
            if action.at is not None:
                self.timeline.after(action.at, lambda one=action: self.people.do(one))  # type: ignore[misc, arg-type]
        if self.plan.pools:
            self.timeline.after(300 * SECOND, lambda: open_pools(self.plan, self.people))
        if Fault.CAPACITY in self.plan.faults:
            rng = self.script.rng("capacity")
            for _ in range(5):
                self._change_capacity(rng.randrange(200 * SECOND), rng.choice((0, 1, 3, 20)))
            self._change_capacity(200 * SECOND, self.plan.workers)

    def _arrange_time(self, clocks: Clocks) -> None:
        for at, down in clocks.outages:
            self.timeline.after(at, lambda down=down: self._strike(down))  # type: ignore[misc]
        if clocks.forgets is not None:
            for hour in range(clocks.until // HOUR + 12):
                self.timeline.after(hour * HOUR, lambda: self._forget(clocks.forgets or 0))

    def _strike(self, down: int) -> None:
        self.cuts.strike(down)
        self.inbox.news = True

    def _forget(self, age: int) -> None:
        self.people.forget(self.timeline.now() - age)

    def _change_capacity(self, at: int, workers: int) -> None:
        for executor in self.executors:
            self.timeline.after(at, lambda one=executor: one.change_capacity(workers))  # type: ignore[misc]

    # --------------------------------------------------------------------------------------------------------- watch
    def runs(self) -> Iterable[RunKey] | None:
        """All runs are driven, or those that this owner was asked for."""
        return tuple(self._mine) if self.plan.foreground else None

    def deciding(self, changes: Sequence[Change]) -> None:
        """What is asked for here is driven here, also where the outcome of the commit stays unknown."""
        for change in changes:
            match change:
                case RunCreated(row):
                    self._mine.add(row.run)
                case RunMoved(run=run) | Answered(ok=True, run=RunKey() as run):
                    self._mine.add(run)
                case _:
                    pass

    def committed(self, changes: Sequence[Change]) -> None:
        """The store has told already."""

    def down(self, why: str) -> None:
        """It is planned."""

    def _committed(self, changes: Sequence[Change]) -> None:
        if not changes:
            return  # only to renew the lease
        now = self.timeline.now()
        written = msgspec.msgpack.encode(changes)
        self._hash.update(b"%d" % now)
        self._hash.update(written)
        if self._mask.finds(written):
            raise Violation("I25", f"a secret is committed: {changes}")
        self.ledger.turned = self._engine.turned if self._engine is not None else now
        commit = self.ledger.commit(changes, now)
        if self._engine is not None:
            self.clockwork.look(commit, self._engine.turn, self.people.sent)
        self.coverage.look(commit)
        for change in changes:
            if isinstance(change, RunsForgotten):
                self._forgotten(change.runs)
            if isinstance(change, RunCreated):
                check_reuse(self.ledger, commit, change.row.run, self.people.sent.get(change.row.request))
        for number, invariant in INVARIANTS:
            for text in invariant(self.ledger, commit, self.executor):
                raise Violation(number, text)
        if self.ledger.commits % 7 == 0:
            self._ask_why(commit.touched)

    def _forgotten(self, runs: Sequence[RunKey]) -> None:
        check_slots(self.clockwork, self.rows)
        for executor in self.executors:
            executor.forget(runs)

    def _ask_why(self, runs: Iterable[RunKey]) -> None:
        """Whatever has not ended can say what it waits for."""
        for key in runs:
            run = self.ledger.runs[key]
            for name, index, task in run.counted() if run.state not in RUN_FINAL else ():
                known = self.ledger.driven is None or key in self.ledger.driven
                reason = self._engine.why(key, name, index) if self._engine is not None else None
                if task.state in LIVE and known and not (reason and str(reason)):
                    raise Violation("why", f"{key}/{name}[{index}] is {task.state} and says nothing")

    # ---------------------------------------------------------------------------------------------------------- rest
    def _stopping(self) -> bool:
        self._turns += 1
        if self._turns > MOST_TURNS:
            raise Violation("I31", f"no rest after {MOST_TURNS} turns")
        if not self.executor.idle:
            self._idle = 0
            return False
        if self._idle:
            return self._idle_hour()
        if self._take_up():
            return False
        self._check_rest()
        if self.people.settle():
            self.executor.idle = False
            return False
        return self._idle_hour()

    def _take_up(self) -> bool:
        """Somebody goes on with the runs of owners that died, or cancels them; say whether there were any."""
        left = [run for run in self.ledger.unfinished() if self.plan.foreground and run.row.run not in self._mine]
        for run in left:
            key, name = run.row.run, f"up-{len(self.people.sent)}"
            if run.state is RunState.HELD and not stands_ready(run):
                continue
            refused = key in self._taken_up and not self.ledger.answers[self._taken_up[key]].ok
            act = CancelRun(key) if refused or run.cancel_at is not None else RetryRun(key, force=True)
            self._taken_up[key] = name
            self.people.send(name, act)
            self.executor.idle = False
        return not self.executor.idle

    def _idle_hour(self) -> bool:
        """I36: an idle system writes nothing."""
        if not self._idle:
            self._commits_at_rest = self.ledger.commits
        self._idle += 1
        if self.ledger.commits != self._commits_at_rest:
            raise Violation("I36", "an idle hour was written down")
        self.timeline.sleep(3600)
        return self._idle > IDLE_TURNS

    def _check_rest(self) -> None:
        check_ended(self.ledger, self.executor, self.parts.faulty)
        check_answered(self.ledger, self.inbox, self.inner, self.people.sent, self.plan.exact)
        for text in self.clockwork.at_rest(self.timeline.now()) if self.plan.clocks is not None else ():
            raise Violation("I31", text)
        check_stored(self.ledger, self.inner, self.rows)
        check_slots(self.clockwork, self.rows)
        if self.plan.exact:
            check_foretold(self.ledger, self.script, self.people.verdicts, self.people.opened)


class _Endangered:
    """The executor as the owner sees it: the owner can die between the acknowledgement and each command.

    Where the owner does not lead any more its executor starts nothing: it fences itself off.
    """

    def __init__(self, inner: ScriptedExecutor, world: World) -> None:
        self._inner, self._cuts, self._world = inner, world.cuts, world
        self.poll, self.barrier, self.close = inner.poll, inner.barrier, inner.close

    def wait(self, seconds: float | None, poked: contracts.Inbox) -> None:
        """Let time pass; that the lease must be renewed now and then does not count as something to come."""
        world = self._world
        if world.desk is not None and not world.desk.led and seconds is not None:
            world.baton.pause(int(seconds * SECOND))  # it has not noticed yet
            return
        self._inner.wait(seconds, poked)
        if world.desk is not None and not world.woken and world.timeline.empty and not self._inner.heard:
            self._inner.idle = True

    def do(self, commands: Iterable[Command]) -> None:
        """Carry commands out, one by one."""
        for command in commands:
            self._cuts.point()
            if self._world.desk is None or self._world.desk.led:
                self._inner.do((command,))

    def ack(self, events: Iterable[Event]) -> None:
        """Forget events."""
        self._cuts.point()
        self._inner.ack(events)


def play(plan: Plan, parts: Parts = PRODUCT) -> Story:
    """Play one world to its end.

    Raises:
        Violation: an invariant does not hold.
    """
    return World(plan, parts).play()


def verify(plan: Plan, parts: Parts = PRODUCT) -> Story:
    """Play a world; where its end depends on the script alone, play it also in peace, and without its other DAGs.

    Raises:
        Violation: an invariant does not hold, or the ends differ (I35 between crashed and uncrashed, I29 between DAGs).
    """
    story = play(plan, parts)
    if not plan.exact:
        return story
    calm = replace(plan, faults=frozenset(), cuts=frozenset(), doubts=frozenset())
    _compare("I35", "in trouble", story, play(calm, parts))
    if len(plan.dags) > 1:
        _compare("I29", "among other DAGs", story, play(calm.without_tasks([spec.id for spec in plan.dags[1:]]), parts))
    return story


def _compare(rule: str, how: str, story: Story, other: Story) -> None:
    for run, end in other.ends.items():
        found = story.ends.get(run)
        if found != end:
            raise Violation(rule, f"{run} comes to {_text(found)} {how}, else to {_text(end)}")


def _text(end: tuple[RunState, States] | None) -> str:
    if end is None:
        return "nothing"
    return f"{end[0]}: {', '.join(f'{name}[{index}] {state}' for (name, index), state in end[1].items())}"
