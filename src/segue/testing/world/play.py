"""One world, played to its end: the product's own loop and engine, on simulated time, between fakes.

Everything happens inside the loop's calls: waiting lets time pass, committing has every invariant asked, a crash is an
exception that throws the owner away. At rest, when nothing will happen any more by itself, liveness is asked: all runs
have ended or are held, everybody has his answer, the oracle agrees, and an idle hour writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Protocol, TypeAlias

import msgspec

from segue.engine.core import Engine
from segue.model import contracts
from segue.model.changes import Change
from segue.model.events import (
    Act, CancelRun, Defined, Definition, MarkTask, Request, RerunRun, RetryRun, TriggerRun,
)  # fmt: skip
from segue.model.ids import Instant, RunKey, manual_key
from segue.model.images import Snapshot
from segue.model.spec import DagSpec, spec_digest
from segue.model.state import LIVE, RUN_FINAL, RunState, TaskState
from segue.run.loop import Watch, run_forever
from segue.store.audit import compare, validate_state
from segue.store.memory import MemoryReader, MemoryStore, MemoryWriter
from segue.store.readers import RowReader
from segue.testing.world.executor import ScriptedExecutor
from segue.testing.world.inbox import ScriptedInbox
from segue.testing.world.invariants import INVARIANTS
from segue.testing.world.ledger import Ledger, Violation
from segue.testing.world.oracle import foretell, run_state
from segue.testing.world.plan import EPOCH, Action, Fault, Plan, script_of
from segue.testing.world.script import SECOND, Script
from segue.testing.world.store import Crashed, CrashStore, Cuts
from segue.testing.world.timeline import Timeline

__all__ = ["FENCE_KEY", "Loop", "Parts", "Story", "World", "in_memory", "play", "verify"]

FENCE_KEY = bytes(range(32))
MOST_TURNS = 60_000
IDLE_TURNS = 3
States: TypeAlias = dict[tuple[str, int | None], TaskState]


class Loop(Protocol):
    """What drives the engine."""

    def __call__(
        self, store: contracts.Writer, inbox: contracts.Inbox, executor: contracts.Executor, clock: contracts.Clock,
        new_engine: Callable[[Snapshot], contracts.Engine], stopping: Callable[[], bool], watch: Watch,
    ) -> None: ...  # fmt: skip


Opened: TypeAlias = tuple[contracts.Writer, RowReader]


def in_memory(fence_key: bytes) -> Opened:
    """The store that worlds remember with."""
    store = MemoryStore(fence_key)
    return MemoryWriter(store), MemoryReader(store)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is put into a world; a test that plants a bug replaces one of them.

    Args:
        store: opens the store that remembers, given the fence key, for writing and for the audit.
        engine: makes an engine from a snapshot.
        loop: drives it.
        name: where they are found, `module:NAME`, where they are not the product's own.
    """

    store: Callable[[bytes], Opened] = in_memory
    engine: Callable[[Snapshot], contracts.Engine] = Engine
    loop: Loop = run_forever
    name: str = ""


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

    def __init__(self, plan: Plan, parts: Parts = Parts(), script: Script | None = None) -> None:
        self.plan, self.parts = plan, parts
        self.script = script_of(plan) if script is None else script
        self.timeline = Timeline(EPOCH)
        self.ledger = Ledger()
        self.inbox = ScriptedInbox(self.timeline, self.ledger)
        self.executor = ScriptedExecutor(plan, self.script, self.timeline, self.ledger, FENCE_KEY, self.inbox)
        self.cuts = Cuts(plan)
        self.inner, self.rows = parts.store(FENCE_KEY)
        self.store = CrashStore(self.inner, plan, self.script, self.cuts, self._committed)
        self._hash = blake2b(digest_size=16)
        self._sent: dict[str, Act] = {}
        self._settled = [one for one in plan.actions if one.at is None]
        self._turns = self._idle = self._commits_at_rest = 0
        self._rested = False

    # --------------------------------------------------------------------------------------------------------- play
    def play(self) -> Story:
        """Play it to its end.

        Raises:
            Violation: an invariant does not hold.
        """
        self._arrange()
        over = False
        while not over:
            try:
                self.parts.loop(
                    self.store, self.inbox, self._endangered(), self.timeline, self.parts.engine, self._stopping, self
                )
                over = True
            except Crashed:
                self.executor.owner_died()
                self.inbox.owner_died()
                self.timeline.sleep(self.script.rng("down", self.cuts.crashes).choice((0.0, 0.5, 30.0)))
        return self._story()

    def _endangered(self) -> contracts.Executor:
        return _Endangered(self.executor, self.cuts)

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
        """All runs are driven."""
        return None

    def deciding(self, changes: Sequence[Change]) -> None:
        """Nothing is told before the commit."""

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
        self._check_rest()
        if self._settled:
            self._do(self._settled.pop(0))
            self.executor.idle = False
            return False
        return self._idle_hour()

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
        self._check_ended()
        self._check_answered()
        self._check_same()
        if self.plan.exact and not self._rested:
            self._check_foretold()
        self._rested = True
        for text in compare(self.rows):
            raise Violation("I26", text)
        for text in validate_state(self.rows):
            raise Violation("I27", text)

    def _check_ended(self) -> None:
        """I31-I33, I16: at rest every run has ended or is held, and no attempt is alive."""
        if self.ledger.quarantined:
            raise Violation("I29", f"the engine failed: DAGs {sorted(self.ledger.quarantined)} are quarantined")
        for key, run in self.ledger.runs.items():
            states = sorted({f"{name}[{index}] {task.state}" for name, index, task in run.counted() if task.state in LIVE})
            if run.state not in RUN_FINAL and run.state is not RunState.HELD:
                raise Violation("I31", f"{key} is {run.state} for ever: {states}")
            if run.state is RunState.HELD and not any(one.state is TaskState.HELD for _, _, one in run.counted()):
                raise Violation("I31", f"{key} is held by nothing: {states}")
            if run.alive or (run.placed and run.state is RunState.HELD):
                raise Violation("I16", f"{key} is {run.state} with attempts {run.alive}")
        if self.executor.busy:
            raise Violation("I33", "an attempt lives on and nobody waits for it")

    def _check_answered(self) -> None:
        """I28: everybody has his answer, and what was acknowledged is there."""
        for request, act in self._sent.items():
            if request not in self.inbox.acknowledged:
                raise Violation("I31", f"request {request} is never answered: {act}")
            if self.inner.facts(act, request).answer is None:
                raise Violation("I28", f"request {request} was acknowledged and is not in the store")

    def _check_same(self) -> None:
        """I26: what the store gives back is what was committed."""
        images = {image.row.run: image for image in self.inner.snapshot(None).runs}
        there = {run.row.run for run in self.ledger.unfinished()}
        if images.keys() != there:
            raise Violation("I26", f"the store has the unfinished runs {sorted(images)}, committed were {sorted(there)}")
        for key, image in images.items():
            run = self.ledger.runs[key]
            for task in image.tasks:
                if task.state is not run.task(task.task, task.index).state:
                    raise Violation("I26", f"the store has {key}/{task.task} as {task.state}")

    def _check_foretold(self) -> None:
        """I35, I21: with a given script, final states do not depend on crashes, faults, limits or order."""
        for key, run in self.ledger.runs.items():
            wanted = foretell(run.spec, key, self.script)
            found = {(name, index): task.state for name, index, task in run.counted()}
            if found != wanted:
                wrong = sorted(
                    f"{name}[{index}] is {found.get((name, index))}, foretold {wanted.get((name, index))}"
                    for name, index in found.keys() | wanted.keys()
                    if found.get((name, index)) is not wanted.get((name, index))
                )
                raise Violation("I35", f"{key}: {wrong}")
            if run.state is not run_state(run.spec, wanted):
                raise Violation("I35", f"{key} is {run.state}, foretold {run_state(run.spec, wanted)}")


class _Endangered:
    """The executor as the owner sees it: the owner can die between the acknowledgement and each command."""

    def __init__(self, inner: ScriptedExecutor, cuts: Cuts) -> None:
        self._inner, self._cuts = inner, cuts
        self.poll, self.barrier, self.wait, self.close = inner.poll, inner.barrier, inner.wait, inner.close

    def do(self, commands: Iterable[contracts.Command]) -> None:
        """Carry commands out, one by one."""
        for command in commands:
            self._cuts.point()
            self._inner.do((command,))

    def ack(self, events: Iterable[contracts.Event]) -> None:
        """Forget events."""
        self._cuts.point()
        self._inner.ack(events)


def _defined(spec: DagSpec, name: str) -> Defined:
    return Defined("here", f"{name}.py", (Definition(spec, spec_digest(spec), "code", "bundle"),))


def play(plan: Plan, parts: Parts = Parts()) -> Story:
    """Play one world to its end.

    Raises:
        Violation: an invariant does not hold.
    """
    return World(plan, parts).play()


def verify(plan: Plan, parts: Parts = Parts()) -> Story:
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
    return "nothing" if end is None else f"{end[0]}: {', '.join(f'{name}[{k}] {state}' for (name, k), state in end[1].items())}"
