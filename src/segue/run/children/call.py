from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import msgspec

from segue.model.commands import Brief
from segue.model.events import Value
from segue.run.children.supply import Supply
from segue.run.wire import Work

__all__ = ["NO_WRITES", "Call", "Workshop", "Writes", "unmeasured"]


class Writes(Protocol):
    """What the product's writers have done in an attempt; what is neither published nor described is discarded."""

    @property
    def rows(self) -> int | None:
        """Rows that were written; None where no writer was used."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What is to be told of them."""
        ...

    def publish(self) -> int:
        """Make it visible."""
        ...

    def describe(self) -> bytes:
        """Keep it, and say what an attempt of kind *publish* has to publish; empty for nothing."""
        ...


class _NoWrites:
    rows = None
    notes = ()

    def publish(self) -> int:
        return 0

    def describe(self) -> bytes:
        return b""


NO_WRITES: AbstractContextManager[Writes] = nullcontext(_NoWrites())


def unmeasured(_: object) -> None:
    """Of a result that the guard does not look at."""


class Call(msgspec.Struct, frozen=True):
    """One attempt, bound and ready.

    Args:
        code: calls the task's function with its arguments.
        keep: stores the result.
        choose: from what a branch returned to ids of direct downstream tasks; raises where one is none.
        may_retry: what `Retry(on=, not_on=)` says about an exception.
        root: folder of the bundle.
        within: entered around the code.
        on_cancel: calls what the task wants called when it is stopped.
        staging: entered around the code and the storing of its result; gives what its writers did.
        reports: what the code has reported so far: rows, source.
        refused: what the code has asked for so far and does not declare.
        hide: takes the attempt's secrets out of a text.
        length: rows of a result that the guard looks at, None where it does not.
        item: what the item of a mapped task is called.
    """

    code: Callable[[], object]
    keep: Callable[[object], Value]
    choose: Callable[[object], tuple[str, ...]]
    may_retry: Callable[[BaseException], bool]
    root: str = ""
    within: AbstractContextManager[object] = nullcontext()
    on_cancel: Callable[[], object] | None = None
    staging: AbstractContextManager[Writes] = NO_WRITES
    reports: Sequence[tuple[int | None, str | bytes | None]] = ()
    refused: Sequence[str] = ()
    length: Callable[[object], int | None] = unmeasured
    item: str | None = None
    hide: Callable[[str], str] = str


class Workshop(Protocol):
    """Turns work into calls."""

    def prepare(self, work: Work, brief: Brief, supply: Supply) -> Call:
        """Load the file, find the function, bind its arguments."""
        ...

    def loads(self, work: Work, brief: Brief) -> bool:
        """Whether `prepare` will turn to another file than the last one: what that changes is there to stay."""
        ...
