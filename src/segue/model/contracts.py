"""The contracts between the loop and what it drives: small enough to read, one test suite for all implementations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from segue.model.acts import Act
from segue.model.changes import Change, Decision
from segue.model.commands import Command
from segue.model.definition import Definition
from segue.model.events import Event, Known, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import Facts, Snapshot
from segue.model.timing import SlotAsk

__all__ = ["Clock", "Engine", "Executor", "Inbox", "Lease", "Results", "Transaction", "Vault", "Writer"]


class Clock(Protocol):
    """The one place that reads time."""

    def now(self) -> Instant:
        """The present, in microseconds UTC; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Engine(Protocol):
    """Decides. Pure: the same calls give the same decisions."""

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        """Take events in, give changes and commands out."""
        ...

    def outstanding(self) -> Sequence[Command]:
        """What a new owner must do again: `Launch` for QUEUED attempts, `Adopt` for RUNNING ones."""
        ...


class Inbox(Protocol):
    """Where requests and definitions come from."""

    def poll(self) -> Sequence[Event]:
        """All that is not yet acknowledged, oldest first. Never blocks."""
        ...

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        """These are committed with these changes: answer who waits, forget them but for requests without answer."""
        ...

    def fileno(self) -> int | None:
        """A descriptor that becomes readable when something arrives, if there is one."""
        ...


class Executor(Protocol):
    """Runs attempts. Commands are idempotent by attempt key; events come again until they are acknowledged."""

    def do(self, commands: Iterable[Command]) -> None:
        """Carry commands out. Never blocks."""
        ...

    def poll(self) -> Sequence[Event]:
        """All that is not yet acknowledged, oldest first. Never blocks."""
        ...

    def ack(self, events: Iterable[Event]) -> None:
        """These are committed: forget them."""
        ...

    def barrier(self) -> None:
        """Return when no process of an earlier owner's life is left."""
        ...

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """Return when `poll` has something, the inbox has, or after so many seconds."""
        ...

    def close(self) -> None:
        """Kill what is left and release everything."""
        ...


class Lease(msgspec.Struct, frozen=True, gc=False):
    """The right to write: its epoch fences every commit.

    `renew_every`: so often (microseconds) at least its owner must commit something; an empty transaction will do. None
    where the lease never expires (SQLite).
    """

    epoch: int
    renew_every: int | None = None


class Transaction(Protocol):
    """One open transaction."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Write them, compare-and-set.

        Raises:
            Conflict: a row is not in the state that a change starts from.
        """
        ...


class Writer(Protocol):
    """The writing side of a store. One in a process, one thread."""

    def lease(self) -> Lease:
        """Take the right to write with a new epoch, or wait for it."""
        ...

    def snapshot(self, runs: Iterable[RunKey] | None) -> Snapshot:
        """One consistent read: all DAGs, the unfinished runs among `runs` (None: all), ended ones that owe a hook."""
        ...

    def transaction(self, epoch: int) -> AbstractContextManager[Transaction]:
        """Open a transaction that commits on leaving.

        Raises:
            LeaseLost: the epoch is stale.
            Conflict: also where the outcome of the commit is unknown.
            StoreDown: disk full, database away; nothing was written.
        """
        ...

    def facts(self, act: Act, request: str) -> Facts:
        """What the store knows about the object of a request."""
        ...

    def look(self, asks: Sequence[SlotAsk]) -> Known:
        """What the store knows about slots, in one consistent read."""
        ...

    def known(self, definition: Definition) -> Definition:
        """The same definition with its version's number where the store has it."""
        ...


class Results(Protocol):
    """Reads results for attempts; called from one thread that is not the loop's, on a connection of its own."""

    def result(self, run: RunKey, task: str, index: int | None) -> Value | None:
        """The accepted result of one task, None where it has none."""
        ...

    def results(self, run: RunKey, task: str, first: int, stop: int) -> Sequence[tuple[int, Value]]:
        """The accepted results of items `first <= index < stop`, in order of index."""
        ...


class Vault(Protocol):
    """Knows secrets; called from threads that are not the loop's. What it gives never leaves memory."""

    def unseal(self, params: Mapping[str, bytes]) -> dict[str, str]:
        """The values of secret params as JSON, by name, from their ciphertexts.

        Raises:
            VaultDown: the key does not fit.
        """
        ...

    def reveal(self, connections: Sequence[str], secrets: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The addresses of connections and the values of secrets, by name.

        Raises:
            UnknownName: one of them is nowhere; the message says where it was looked for and how to add it.
            VaultDown: a back end does not answer, or the key does not fit.
        """
        ...
