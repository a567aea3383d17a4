"""Bugs put in on purpose, as parts of a world: each is what somebody might well write, and must be found."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from segue.engine.core import Engine
from segue.engine.progress import settle
from segue.model.acts import ReleaseTask, RerunRun
from segue.model.changes import AttemptMoved
from segue.model.commands import Launch
from segue.model.errors import Conflict
from segue.model.events import Ended, Held, Request
from segue.model.ids import Instant, fence_of
from segue.model.images import Snapshot
from segue.model.limits import NO_SETTINGS, Limits
from segue.model.state import TaskState
from segue.run.loop import run_forever
from segue.store.memory import MemoryReader, MemoryStore, MemoryWriter
from segue.testing.world.parts import FENCE_KEY, Opened, Parts


class NoFenceCheck(Engine):
    """Believes every report that names a living attempt."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        return super().step(now, [self._trusted(event) for event in events])

    def _trusted(self, event: Any) -> Any:
        fenced = isinstance(event, Ended)
        return msgspec.structs.replace(event, fence=fence_of(event.key, FENCE_KEY)) if fenced else event


class LateResultAccepted(Engine):
    """Takes the result of an attempt that was given up as that of the attempt that follows it."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        return super().step(now, [self._renamed(event) for event in events])

    def _renamed(self, event: Any) -> Any:
        machine = self._board.runs.get(event.key.run) if isinstance(event, Ended) else None
        cell = machine.cell(event.key.task, event.key.index) if machine else None
        tally = machine.tallies.get(cell) if machine and cell is not None else None
        if tally is None or not tally.alive or tally.number == event.key.number:
            return event
        key = event.key._replace(number=tally.number)
        return msgspec.structs.replace(event, key=key, fence=tally.fence)


class BackoffIgnored(Engine):
    """Starts a retry at once."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        super().__init__(snapshot, limits)
        board, later = self._board, self._board.later
        board.later = lambda machine, cell, at: later(machine, cell, board.now)  # type: ignore[method-assign]


class RuleOffByOne(Engine):
    """Decides when all upstream tasks but one have ended."""

    def _advance(self, machine: Any) -> None:
        for node, waits in enumerate(machine.waits):
            if waits == 1 and machine.seen[node]:
                machine.waits[node] = 0
                machine.dirty.append(node)
        super()._advance(machine)


class CancelNotRechecked(Engine):
    """A new owner launches what was queued, cancelled or not."""

    def outstanding(self) -> Sequence[Any]:
        stopped = [
            Launch(self._board.key_of(machine, cell), tally.fence, machine.brief, machine.task(cell))
            for machine in self._board.runs.values()
            if machine.cancel_at is not None
            for cell, tally in machine.tallies.items()
            if tally.alive and tally.began is None
        ]
        return [*stopped, *super().outstanding()]


class CounterInsteadOfCount(Engine):
    """Counts slots up and down and forgets, when it starts again, that some are in use."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        super().__init__(snapshot, limits)
        self._board.queue.alive = 0


class BudgetNotReset(Engine):
    """A person's retry goes on with the retries that were left."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        super().__init__(snapshot, limits)
        board, move = self._board, self._board.move
        spent: dict[tuple[Any, int], int] = {}

        def remembering(machine: Any, cell: int, new: TaskState, *rest: Any) -> None:
            place = machine.key, cell
            if new is TaskState.PENDING and cell in machine.tallies:
                machine.tallies[cell].tries = spent.get(place, 0)
            move(machine, cell, new, *rest)
            spent[place] = machine.tallies[cell].tries if cell in machine.tallies else 0

        board.move = remembering  # type: ignore[method-assign]


class FallsAsleep(Engine):
    """Forgets to say when it wants to be woken."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        return msgspec.structs.replace(super().step(now, events), wake_at=None)


# ---------------------------------------------------------------------------------------------- pools, classes, guards
class WeightIgnored(Engine):
    """Takes one slot of a pool for every attempt, however many it asks for."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        super().__init__(snapshot, limits)
        queue, occupy, release = self._board.queue, self._board.queue.occupy, self._board.queue.release

        def lightly(sign: int, machine: Any, cell: int) -> None:
            rules = machine.task(cell).rules
            if rules.pool is not None:
                gate = queue._gate(rules.pool, pool=True)
                gate.used += sign * (1 - rules.slots)

        def occupying(machine: Any, cell: int) -> None:
            occupy(machine, cell)
            lightly(1, machine, cell)

        def releasing(machine: Any, cell: int) -> None:
            lightly(-1, machine, cell)
            release(machine, cell)

        queue.occupy, queue.release = occupying, releasing  # type: ignore[method-assign]
        queue.recount(self._board.runs.values())


class SlotLeaks(Engine):
    """Forgets to give back the slots of an attempt whose run is being stopped."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        super().__init__(snapshot, limits)
        queue, release = self._board.queue, self._board.queue.release

        def releasing(machine: Any, cell: int) -> None:
            release(machine, cell)
            rules = machine.task(cell).rules
            if machine.stopping and rules.pool is not None:
                queue._gate(rules.pool, pool=True).used += rules.slots

        queue.release = releasing  # type: ignore[method-assign]


class ReserveForgotten(Engine):
    """Lets backfills take all there is."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        super().__init__(snapshot, msgspec.structs.replace(limits, backfill_reserve=0))


class EasedEverywhere(Engine):
    """Takes what a person has released from now on as released in all slots."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        for dag in self._board.dags.values():
            days = ("", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
            dag.eased |= {(task, guard, day) for task, guard, _ in dag.eased for day in days}
        return super().step(now, events)


class HeldGoesOn(Engine):
    """Takes what a guard holds for a result."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        return super().step(now, [self._eager(event) for event in events])

    def _eager(self, event: Any) -> Any:
        held = isinstance(event, Ended) and isinstance(event.outcome, Held) and "t" in event.key.task
        return msgspec.structs.replace(event, outcome=event.outcome.value) if held else event


class ReleasePublishesNothing(Engine):
    """Sets a released task to success, and leaves its staged data where it is."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        for event in events:
            if isinstance(event, Request) and isinstance(event.act, ReleaseTask):
                machine = self._board.runs.get(event.act.run)
                for cell, held in machine.withheld.items() if machine else ():
                    machine.withheld[cell] = msgspec.structs.replace(held, staged=b"")
        return super().step(now, events)


# ------------------------------------------------------------------------------------------- ends, stops, state, reuse
class HookForgotten(Engine):
    """Calls no hook for what ends in a turn in which a person asked for something."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        calls = self._board.calls
        if any(isinstance(event, Ended) for event in events[:1]):
            return super().step(now, events)

        class Deaf(list[Any]):
            def append(self, call: Any) -> None:
                pass

        self._board.calls = Deaf()
        decision = super().step(now, events)
        self._board.calls = calls
        return decision


class TeardownLeft(Engine):
    """Leaves teardowns out when a run is cancelled, as if it had been asked for now."""

    def _advance(self, machine: Any) -> None:
        if machine.stop == "cancel":
            machine.stop = "now"
            settle(self._board, machine)
            machine.stop = "cancel"
        super()._advance(machine)


class TeardownTooSoon(Engine):
    """Takes an environment away when what stands directly before the teardown has ended."""

    def _advance(self, machine: Any) -> None:
        machine.graph.needs = {}
        super()._advance(machine)


class TimeoutForgotten(Engine):
    """A new owner does not know since when a run holds its place."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        super().__init__(snapshot, limits)
        self._board.deadlines.clear()


class StateForgotten(Engine):
    """A new owner does not give an attempt what the one before it has kept."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS) -> None:
        bare = [
            msgspec.structs.replace(run, tasks=tuple(msgspec.structs.replace(task, kept=()) for task in run.tasks))
            for run in snapshot.runs
        ]
        super().__init__(msgspec.structs.replace(snapshot, runs=tuple(bare)), limits)


class ReusesChanged(Engine):
    """Compares ids, not code, when it looks for what a rerun may take over."""

    def step(self, now: Instant, events: Sequence[Any]) -> Any:
        return super().step(now, [self._blind(event) for event in events])

    def _blind(self, event: Any) -> Any:
        rerun = isinstance(event, Request) and isinstance(event.act, RerunRun) and event.facts.run is not None
        dag = self._board.dags.get(event.act.run.dag) if rerun else None
        if dag is None:
            return event
        code = {task.id: task.function for task in dag.version.spec.tasks}
        old = event.facts.run
        tasks = [msgspec.structs.replace(task, function=code.get(task.id, "")) for task in old.spec.tasks]
        spec = msgspec.structs.replace(old.spec, tasks=tuple(tasks))
        facts = msgspec.structs.replace(event.facts, run=msgspec.structs.replace(old, spec=spec))
        return msgspec.structs.replace(event, facts=facts)


# ------------------------------------------------------------------------------------------------------ loop and store
def act_before_commit(
    store: Any, inbox: Any, executor: Any, clock: Any, new_engine: Callable[[Snapshot], Any], stopping: Any, watch: Any
) -> None:
    """Carries commands out in the turn that decides them."""

    class Eager:
        def __init__(self, snapshot: Snapshot) -> None:
            self.inner = new_engine(snapshot)
            self.outstanding = self.inner.outstanding

        def step(self, now: Instant, events: Sequence[Any]) -> Any:
            decision = self.inner.step(now, events)
            executor.do(decision.commands)
            return decision

    run_forever(store, inbox, executor, clock, Eager, stopping, watch)


def forget_requests(
    store: Any, inbox: Any, executor: Any, clock: Any, new_engine: Any, stopping: Any, watch: Any
) -> None:
    """Takes requests out of the inbox when they are read, not when they are committed."""

    class Hasty:
        fileno = inbox.fileno

        def ack(self, events: Iterable[Any], changes: Sequence[Any]) -> None:
            inbox.ack(events, changes)

        def poll(self) -> Sequence[Any]:
            events = inbox.poll()
            inbox.ack([event for event in events if not isinstance(event, Request)], ())
            inbox.forget([event for event in events if isinstance(event, Request)])
            return events

    run_forever(store, Hasty(), executor, clock, new_engine, stopping, watch)


def two_transactions(
    store: Any, inbox: Any, executor: Any, clock: Any, new_engine: Any, stopping: Any, watch: Any
) -> None:
    """Writes results in one transaction and what follows from them in another."""

    class Split:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        @contextmanager
        def transaction(self, epoch: int) -> Any:
            changes: list[Any] = []

            class Later:
                apply = changes.extend

            yield Later()
            half = next((at + 1 for at, one in enumerate(changes) if isinstance(one, AttemptMoved)), 0)
            for part in (changes[: half + 1], changes[half + 1 :]):
                if part:
                    with store.transaction(epoch) as transaction:
                        transaction.apply(part)

    run_forever(Split(), inbox, executor, clock, new_engine, stopping, watch)


def ends_unknown_as_done(
    store: Any, inbox: Any, executor: Any, clock: Any, new_engine: Any, stopping: Any, watch: Any
) -> None:
    """Takes a commit of unknown outcome for a commit."""

    class Optimist:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        @contextmanager
        def transaction(self, epoch: int) -> Any:
            try:
                with store.transaction(epoch) as transaction:
                    yield transaction
            except Conflict:
                pass

    run_forever(Optimist(), inbox, executor, clock, new_engine, stopping, watch)


def every_epoch_is_good() -> Opened:
    """A store that lets a former leader commit."""
    store = MemoryStore(FENCE_KEY)

    class Lenient(MemoryWriter):
        def transaction(self, epoch: int) -> Any:
            return super().transaction(store.epoch)

    return Lenient(store), MemoryReader(store)


def _parts(name: str, **parts: Any) -> Parts:
    return Parts(name=f"tests.simulate.bugs:{name}", **parts)


NO_FENCE_CHECK = _parts("NO_FENCE_CHECK", engine=NoFenceCheck)
LATE_RESULT_ACCEPTED = _parts("LATE_RESULT_ACCEPTED", engine=LateResultAccepted)
BACKOFF_IGNORED = _parts("BACKOFF_IGNORED", engine=BackoffIgnored)
RULE_OFF_BY_ONE = _parts("RULE_OFF_BY_ONE", engine=RuleOffByOne)
CANCEL_NOT_RECHECKED = _parts("CANCEL_NOT_RECHECKED", engine=CancelNotRechecked)
COUNTER_INSTEAD_OF_COUNT = _parts("COUNTER_INSTEAD_OF_COUNT", engine=CounterInsteadOfCount)
BUDGET_NOT_RESET = _parts("BUDGET_NOT_RESET", engine=BudgetNotReset)
FALLS_ASLEEP = _parts("FALLS_ASLEEP", engine=FallsAsleep)
ACTS_BEFORE_COMMIT = _parts("ACTS_BEFORE_COMMIT", loop=act_before_commit)
FORGETS_REQUESTS = _parts("FORGETS_REQUESTS", loop=forget_requests)
TWO_TRANSACTIONS = _parts("TWO_TRANSACTIONS", loop=two_transactions)
UNKNOWN_TAKEN_AS_DONE = _parts("UNKNOWN_TAKEN_AS_DONE", loop=ends_unknown_as_done)
WEIGHT_IGNORED = _parts("WEIGHT_IGNORED", engine=WeightIgnored)
SLOT_LEAKS = _parts("SLOT_LEAKS", engine=SlotLeaks)
RESERVE_FORGOTTEN = _parts("RESERVE_FORGOTTEN", engine=ReserveForgotten)
EASED_EVERYWHERE = _parts("EASED_EVERYWHERE", engine=EasedEverywhere)
HELD_GOES_ON = _parts("HELD_GOES_ON", engine=HeldGoesOn)
RELEASE_PUBLISHES_NOTHING = _parts("RELEASE_PUBLISHES_NOTHING", engine=ReleasePublishesNothing)
HOOK_FORGOTTEN = _parts("HOOK_FORGOTTEN", engine=HookForgotten)
TEARDOWN_LEFT = _parts("TEARDOWN_LEFT", engine=TeardownLeft)
TEARDOWN_TOO_SOON = _parts("TEARDOWN_TOO_SOON", engine=TeardownTooSoon)
TIMEOUT_FORGOTTEN = _parts("TIMEOUT_FORGOTTEN", engine=TimeoutForgotten)
STATE_FORGOTTEN = _parts("STATE_FORGOTTEN", engine=StateForgotten)
REUSES_CHANGED = _parts("REUSES_CHANGED", engine=ReusesChanged)
EVERY_EPOCH_IS_GOOD = _parts("EVERY_EPOCH_IS_GOOD", store=every_epoch_is_good)
NOTHING_IS_MASKED = _parts("NOTHING_IS_MASKED", hide=lambda event, veil: event)
