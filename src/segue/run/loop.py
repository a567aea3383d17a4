"""The loop: events in, one transaction, commands out.

Commit, then act. A command is carried out, a word acknowledged and an asker answered only after the change behind it
is durable. So there is one answer to everything that goes wrong in between: drop memory, read the store again, and
take the same events once more (ARCHITECTURE §5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from segue.model.acts import Deploy, TriggerRun
from segue.model.changes import Answered, Change
from segue.model.contracts import Clock, Engine, Executor, Inbox, Lease, Writer
from segue.model.definition import Defined
from segue.model.errors import Conflict, LeaseLost, StoreDown
from segue.model.events import Ended, Event, Request, StartsRun
from segue.model.ids import Instant, RunKey, manual_key, started_by
from segue.model.images import Snapshot
from segue.model.timing import SlotAsk

__all__ = ["EVENTS_PER_TURN", "FIRST_PAUSE", "LONGEST_PAUSE", "Watch", "informed", "run_forever"]

EVENTS_PER_TURN: Final = 1_000
_FROM_INBOX: Final = 200
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 5.0
_TOLD_FROM: Final = 4 * FIRST_PAUSE


class Watch(Protocol):
    """Whoever wants to know how the loop is doing, and says which runs are its business."""

    def runs(self) -> Iterable[RunKey] | None:
        """The runs this owner drives; None: all."""
        ...

    def deciding(self, changes: Sequence[Change]) -> None:
        """These are about to be committed; whether they were may stay unknown."""
        ...

    def committed(self, changes: Sequence[Change]) -> None:
        """These are durable, and what follows from them is under way."""
        ...

    def down(self, why: str) -> None:
        """The store cannot be written; nothing is lost, and it is tried again."""
        ...


def run_forever(
    store: Writer, inbox: Inbox, executor: Executor, clock: Clock, new_engine: Callable[[Snapshot], Engine],
    stopping: Callable[[], bool], watch: Watch,
) -> None:  # fmt: skip
    """Drive runs until `stopping` says so, through lost leases, conflicts and full disks.

    Args:
        store: the writing side; only this thread uses it.
        inbox: requests and definitions.
        executor: runs attempts.
        clock: the one place that reads time.
        new_engine: makes the engine from one consistent read.
        stopping: asked before every turn.
        watch: told what was committed.
    """
    owner = _Owner(store, inbox, executor, clock, watch)
    pause = FIRST_PAUSE
    while not stopping():
        try:
            lease, engine = owner.begin(new_engine)
            while not stopping():
                if owner.turn(engine, lease):
                    pause = FIRST_PAUSE
                if not stopping():
                    owner.rest()
        except (Conflict, LeaseLost) as why:
            # Memory was wrong, or the outcome of the commit is unknown. The pause keeps a conflict that comes back
            # every time from taking a core; that one is told, for it does not end by itself.
            if pause >= _TOLD_FROM:
                watch.down(f"memory and store keep disagreeing: {why}")
            clock.sleep(pause)
        except StoreDown as why:
            watch.down(str(why))
            clock.sleep(pause)
        else:
            return
        pause = min(2 * pause, LONGEST_PAUSE)


class _Owner:
    def __init__(self, store: Writer, inbox: Inbox, executor: Executor, clock: Clock, watch: Watch) -> None:
        self.store, self.inbox, self.executor, self.clock, self.watch = store, inbox, executor, clock, watch
        self.patience: float | None = 0.0
        self.renew_by: Instant | None = None
        self.given: set[str] = set()  # requests that this engine has and has not answered yet
        self.asks: Sequence[SlotAsk] = ()

    def begin(self, new_engine: Callable[[Snapshot], Engine]) -> tuple[Lease, Engine]:
        now = self.clock.now()
        lease = self.store.lease()
        self.renew_by = _renewal(now, lease)
        self.executor.barrier()
        engine = new_engine(self.store.snapshot(self.watch.runs()))
        self.given.clear()
        self.asks = ()
        self.executor.do(engine.outstanding())
        return lease, engine

    def turn(self, engine: Engine, lease: Lease) -> bool:
        """One turn; says whether it committed anything."""
        now = self.clock.now()
        heard = self.inbox.poll()
        asked, more_asked = _first(heard, _together(heard))
        said, more_said = _first(self.executor.poll(), EVENTS_PER_TURN - len(asked))
        asked = [self._informed(event) for event in asked]
        news = [event for event in asked if not (isinstance(event, Request) and event.id in self.given)]
        known = [self.store.look(self.asks)] if self.asks else []
        decision = engine.step(now, [*known, *news, *map(self._with_facts, said)])
        changes, self.asks = decision.changes, decision.asks
        if changes or (self.renew_by is not None and now >= self.renew_by):
            self.watch.deciding(changes)
            with self.store.transaction(lease.epoch) as transaction:
                transaction.apply(changes)
            self.renew_by = _renewal(now, lease)
        self.executor.ack(said)
        self.executor.do(decision.commands)  # before whoever asked is answered, wakes up, and takes the processor
        self.inbox.ack(asked, changes)
        self.given = _unanswered(asked, changes)
        if changes:
            self.watch.committed(changes)
        ends = [end for end in (decision.wake_at, self.renew_by) if end is not None]
        self.patience = max(0, min(ends) - now) / 1_000_000 if ends else None
        if more_asked or more_said or self.asks:
            self.patience = 0.0
        return bool(changes)

    def rest(self) -> None:
        """Wait until something arrives or falls due."""
        if self.patience != 0.0:
            self.executor.wait(self.patience, self.inbox)

    def _with_facts(self, event: Event) -> Event:
        if not isinstance(event, Ended) or not isinstance(event.outcome, StartsRun):
            return event
        request = started_by(event.key.of)
        facts = self.store.facts(TriggerRun(event.outcome.dag, manual_key(request)), request)
        return msgspec.structs.replace(event, outcome=msgspec.structs.replace(event.outcome, facts=facts))

    def _informed(self, event: Event) -> Event:
        return event if isinstance(event, Request) and event.id in self.given else informed(self.store, event)


def informed(store: Writer, event: Event) -> Event:
    """A request or definition with what the engine has to know of the store to judge it."""
    match event:
        case Request(name, _, act):
            if isinstance(act, Deploy):
                act = msgspec.structs.replace(act, files=tuple(_numbered(store, one) for one in act.files))
            return msgspec.structs.replace(event, act=act, facts=store.facts(act, name))
        case Defined():
            return _numbered(store, event)
        case _:
            return event


def _numbered(store: Writer, event: Defined) -> Defined:
    return msgspec.structs.replace(event, definitions=tuple(store.known(one) for one in event.definitions))


def _unanswered(asked: Iterable[Event], changes: Iterable[Change]) -> set[str]:
    """One that has its answer is nobody's any more: asked again, it is looked up."""
    answered = {change.request for change in changes if isinstance(change, Answered)}
    left = (event.id for event in asked if isinstance(event, Request) and event.facts.answer is None)
    return {name for name in left if name not in answered}


def _renewal(now: Instant, lease: Lease) -> Instant | None:
    return None if lease.renew_every is None else Instant(now + lease.renew_every)


def _together(events: Sequence[Event]) -> int:
    """How many one turn takes: what is asked after a DAG may have got its new id needs facts of after that commit."""
    for at, event in enumerate(events[:_FROM_INBOX]):
        if any(one.spec.renamed_from for file in _files(event) for one in file.definitions):
            return at + 1
    return _FROM_INBOX


def _files(event: Event) -> Sequence[Defined]:
    if isinstance(event, Request) and isinstance(event.act, Deploy):
        return event.act.files
    return (event,) if isinstance(event, Defined) else ()


def _first(events: Sequence[Event], count: int) -> tuple[Sequence[Event], bool]:
    return (events[:count], True) if len(events) > count else (events, False)
