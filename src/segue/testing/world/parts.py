from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from segue.engine.core import Engine
from segue.model import contracts
from segue.model.ids import RunKey
from segue.model.images import Snapshot
from segue.model.why import Why
from segue.run.loop import Watch, run_forever
from segue.store.memory import MemoryReader, MemoryStore, MemoryWriter
from segue.store.readers import RowReader

__all__ = ["FENCE_KEY", "PRODUCT", "Loop", "Opened", "Parts", "TalkingEngine", "in_memory"]


class TalkingEngine(contracts.Engine, Protocol):
    """An engine that also says why something waits."""

    def why(self, run: RunKey, task: str | None = None, index: int | None = None) -> Why | None:
        """The reason, None where it does not know the run."""
        ...


class Loop(Protocol):
    """What drives the engine."""

    def __call__(
        self, store: contracts.Writer, inbox: contracts.Inbox, executor: contracts.Executor, clock: contracts.Clock,
        new_engine: Callable[[Snapshot], contracts.Engine], stopping: Callable[[], bool], watch: Watch,
    ) -> None: ...  # fmt: skip


FENCE_KEY: Final = bytes(range(32))
Opened: TypeAlias = tuple[contracts.Writer, RowReader]


def in_memory() -> Opened:
    """The store that worlds remember with."""
    store = MemoryStore(FENCE_KEY)
    return MemoryWriter(store), MemoryReader(store)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is put into a world; a test that plants a bug replaces one of them.

    Args:
        store: opens the store that remembers, for writing and for the audit.
        engine: makes an engine from a snapshot.
        loop: drives it.
        faulty: DAGs that the engine is meant to fail over.
        name: where they are found, `module:NAME`, where they are not the product's own.
    """

    store: Callable[[], Opened] = in_memory
    engine: Callable[[Snapshot], TalkingEngine] = Engine
    loop: Loop = run_forever
    name: str = ""
    faulty: frozenset[str] = frozenset()


PRODUCT: Final = Parts()
