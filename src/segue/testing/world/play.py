"""One world, played to its end: the product's own loop and engine, on simulated time, between fakes.

Everything happens inside the loop's calls: waiting lets time pass, committing has every invariant asked, a crash is an
exception that throws the owner away. At rest, when nothing will happen any more by itself, liveness is asked: all runs
have ended or are held, everybody has his answer, the oracle agrees, and an idle hour writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TypeAlias

import msgspec

from segue.model import contracts
from segue.model.changes import Answered, Change, Command, RunCreated
from segue.model.events import (
    Act,
    CancelRun,
    Defined,
    Definition,
    Event,
    MarkTask,
    Request,
    RerunRun,
    RetryRun,
    TriggerRun,
)
from segue.model.ids import RunKey, manual_key
from segue.model.images import Snapshot
from segue.model.spec import DagSpec, spec_digest
from segue.model.state import LIVE, RUN_FINAL, RunState, TaskState
from segue.testing.world.cuts import Crashed, Cuts
from segue.testing.world.executor import ScriptedExecutor
from segue.testing.world.inbox import ScriptedInbox
from segue.testing.world.invariants import INVARIANTS
from segue.testing.world.ledger import Ledger, Violation
from segue.testing.world.parts import PRODUCT, Parts, TalkingEngine
from segue.testing.world.plan import EPOCH, Action, Fault, Plan, script_of
from segue.testing.world.rest import check_answered, check_ended, check_foretold, check_stored
from segue.testing.world.script import SECOND, Script
from segue.testing.world.store import CrashStore
from segue.testing.world.timeline import Timeline

__all__ = ["Story", "World", "play", "verify"]

MOST_TURNS = 60_000
IDLE_TURNS = 3
States: TypeAlias = dict[tuple[str, int | None], TaskState]


@dataclass(slots=True)
class Story:
    """What a world came to.

    Args:
        digest: of everything that was committed and begun, in order; equal for equal plans.
        commits, crashes, attempts, points: how many there were.
        ends: state of each run and of its tasks.
    """

    digest: str = ""
    commits: int = 0
    crashes: int = 0
    attempts: int = 0
    points: int = 0
    ends: dict[RunKey, tuple[RunState, States]] = field(default_factory=dict)


class World:
    """One plan and everything it is played with; `script` replaces what would be drawn."""

    def __init__(self, plan: Plan, parts: Parts = PRODUCT, script: Script | None = None) -> None:
        self.plan, self.parts = plan, parts
        self.script = script_of(plan) if script is None else script
        self.timeline = Timeline(EPOCH)
        self.ledger = Ledger()
        self.cuts = Cuts(plan)
        self.inbox = ScriptedInbox(self.timeline, self.ledger, self.cuts)
        self.inner, self.rows = parts.store()
        fence_key = self.inner.snapshot(()).fence_key
        self.executor = ScriptedExecutor(plan, self.script, self.timeline, self.ledger, fence_key, self.inbox)
        self.store = CrashStore(self.inner, plan, self.script, self.cuts, self._committed)
        self._hash = blake2b(digest_size=16)
        self._sent: dict[str, Act] = {}
        self._settled = [one for one in plan.actions if one.at is None]
        self._turns = self._idle = self._commits_at_rest = 0
        self._rested = False
        self._mine: set[RunKey] = set()
        self._taken_up: dict[RunKey, str] = {}
        self.ledger.driven = self._mine if plan.foreground else None
        self._engine: TalkingEngine | None = None

    # --------------------------------------------------------------------------------------------------------- play
    def play(self) -> Story:
        """Play it to its end.

        Raises:
            Violation: an invariant does not hold.
        """
        self._arrange()
        executor = _Endangered(self.executor, self.cuts)
        over = False
        while not over:
            try:
                self.parts.loop(self.store, self.inbox, executor, self.timeline, self._new_engine, self._stopping, self)
                over = True
            except Crashed:
                self._mine.clear()
                self.executor.owner_died()
                self.inbox.owner_died()
                self.timeline.sleep(self.script.rng("down", self.cuts.crashes).choice((0.0, 0.5, 30.0)))
        return self._story()

    def _new_engine(self, snapshot: Snapshot) -> contracts.Engine:
        self._engine = self.parts.engine(snapshot)
        return self._engine

    def _story(self) -> Story:
        for at, what in self.executor.trace:
            self._hash.update(f"{at} {what}\n".encode())
        ends = {
            key: (run.state, {(name, index): task.state for name, index, task in run.counted()})
            for key, run in self.ledger.runs.items()
        }
        return Story(
            self._hash.hexdigest(), self.ledger.commits, self.cuts.crashes, self.ledger.started, self.cuts.passed, ends
        )

    def _arrange(self) -> None:
        for spec in self.plan.dags:
            self.inbox.send(_defined(spec, spec.id))
        for action in self.plan.actions:
            if action.at is not None:
                self.timeline.after(action.at, lambda one=action: self._do(one))  # type: ignore[misc]
        if Fault.CAPACITY in self.plan.faults:
            rng = self.script.rng("capacity")
            for _ in range(5):
                workers = rng.choice((0, 1, 3, 20))
                self.timeline.after(rng.randrange(200 * SECOND), lambda n=workers: self.executor.change_capacity(n))  # type: ignore[misc]
            self.timeline.after(200 * SECOND, lambda: self.executor.change_capacity(self.plan.workers))

    def _do(self, action: Action) -> None:
        if action.verb == "define":
            self.inbox.send(_defined(self.plan.edits[action.id], action.id))
            return
        act = self._sent.setdefault(action.id, self._act(action))
        self.inbox.send(Request(action.id, "somebody", act))

    def _act(self, action: Action) -> Act:
        if action.verb == "trigger":
            key = manual_key(action.id) if action.slot is None else f"slot{action.slot}"
            if self.plan.exact:
                key = action.id
            return TriggerRun(action.dag, key, action.interval, action.params, replace=action.flag)
        run = self.ledger.requests.get(action.target, RunKey(action.dag, manual_key(action.target), 1))
        match action.verb:
            case "retry":
                force = self.plan.exact or self.plan.seed % 2 == 0
                return RetryRun(run, action.tasks, only=action.flag, force=force)
            case "rerun":
                return RerunRun(run, replace=action.flag)
            case "cancel":
                return CancelRun(run, now=action.flag)
            case _:
                return MarkTask(run, action.tasks[0], action.state, "drawn")

    # --------------------------------------------------------------------------------------------------------- watch
    def runs(self) -> Iterable[RunKey] | None:
        """All runs are driven, or those that this owner was asked for."""
        return tuple(self._mine) if self.plan.foreground else None

    def deciding(self, changes: Sequence[Change]) -> None:
        """What is asked for here is driven here, also where the outcome of the commit stays unknown."""
        for change in changes:
            if isinstance(change, RunCreated):
                self._mine.add(change.row.run)
            elif isinstance(change, Answered) and change.ok and change.run is not None:
                self._mine.add(change.run)

    def committed(self, changes: Sequence[Change]) -> None:
        """The store has told already."""

    def down(self, why: str) -> None:
        """It is planned."""

    def _committed(self, changes: Sequence[Change]) -> None:
        now = self.timeline.now()
        self._hash.update(b"%d" % now)
        self._hash.update(msgspec.msgpack.encode(changes))
        commit = self.ledger.commit(changes, now)
        for number, invariant in INVARIANTS:
            for text in invariant(self.ledger, commit, self.executor):
                raise Violation(number, text)
        if self.ledger.commits % 7 == 0:
            self._ask_why(commit.touched)

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
        if self._settled:
            self._do(self._settled.pop(0))
            self.executor.idle = False
            return False
        return self._idle_hour()

    def _take_up(self) -> bool:
        """Somebody goes on with the runs of owners that died, or cancels them; say whether there were any."""
        left = [run for run in self.ledger.unfinished() if self.plan.foreground and run.row.run not in self._mine]
        for run in left:
            key, name = run.row.run, f"up-{len(self._sent)}"
            if run.state is RunState.HELD:
                continue
            refused = key in self._taken_up and not self.ledger.answers[self._taken_up[key]].ok
            act = CancelRun(key) if refused or run.cancel_at is not None else RetryRun(key, force=True)
            self._sent[name], self._taken_up[key] = act, name
            self.inbox.send(Request(name, "somebody", act))
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
        check_answered(self.ledger, self.inbox, self.inner, self._sent, self.plan.exact)
        check_stored(self.ledger, self.inner, self.rows)
        if self.plan.exact and not self._rested:
            check_foretold(self.ledger, self.script)
        self._rested = True


class _Endangered:
    """The executor as the owner sees it: the owner can die between the acknowledgement and each command."""

    def __init__(self, inner: ScriptedExecutor, cuts: Cuts) -> None:
        self._inner, self._cuts = inner, cuts
        self.poll, self.barrier, self.wait, self.close = inner.poll, inner.barrier, inner.wait, inner.close

    def do(self, commands: Iterable[Command]) -> None:
        """Carry commands out, one by one."""
        for command in commands:
            self._cuts.point()
            self._inner.do((command,))

    def ack(self, events: Iterable[Event]) -> None:
        """Forget events."""
        self._cuts.point()
        self._inner.ack(events)


def _defined(spec: DagSpec, name: str) -> Defined:
    return Defined("here", f"{name}.py", (Definition(spec, spec_digest(spec), "code", "bundle"),))


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
