from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from segue.engine.core import Engine
from segue.model import contracts
from segue.model.events import Asked, Ended, Lost
from segue.model.ids import RunKey
from segue.model.images import Snapshot
from segue.model.masking import Veil
from segue.model.why import Why
from segue.run.executors.veiling import veiled, veiled_question
from segue.run.loop import Watch, run_forever
from segue.store.memory import MemoryReader, MemoryStore, MemoryWriter
from segue.store.readers import RowReader, SlotReader

__all__ = ["FENCE_KEY", "PRODUCT", "Loop", "Opened", "Parts", "Rows", "TalkingEngine", "in_memory"]


class TalkingEngine(contracts.Engine, Protocol):
    """An engine that also says why something waits, and whether it begins anything."""

    @property
    def draining(self) -> bool:
        """Whether it was told to begin nothing."""
        ...

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


class Rows(RowReader, SlotReader, Protocol):
    """What the audit reads."""


Opened: TypeAlias = tuple[contracts.Writer, Rows]


def hide_secrets(event: Ended | Lost | Asked, veil: Veil) -> Ended | Lost | Asked:
    """What the product's executor does to every word before anybody sees it."""
    return veiled_question(event, veil) if isinstance(event, Asked) else veiled(event, veil)


def in_memory() -> Opened:
    """The store that worlds remember with."""
    store = MemoryStore(FENCE_KEY)
    return MemoryWriter(store), MemoryReader(store)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is put into a world; a test that plants a bug replaces one of them.

    Args:
        store: opens the store that remembers, for writing and for the audit.
        engine: makes an engine from a snapshot and the settings' limits, and `planning=True` where clocks run.
        loop: drives it.
        hide: takes secrets out of what attempts say.
        faulty: DAGs that the engine is meant to fail over.
        name: where they are found, `module:NAME`, where they are not the product's own.
    """

    store: Callable[[], Opened] = in_memory
    engine: Callable[..., TalkingEngine] = Engine
    loop: Loop = run_forever
    hide: Callable[[Ended | Lost | Asked, Veil], Ended | Lost | Asked] = hide_secrets
    name: str = ""
    faulty: frozenset[str] = frozenset()


PRODUCT: Final = Parts()
