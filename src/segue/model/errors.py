"""The one tree of errors, split by blame.

SegueError
├── DefinitionError      the user's DAG file: what, where (file, line, DAG, task), what to do
├── UsageError           the command or request makes no sense
│   ├── Refused          it makes sense, but not now: the blocker is named
│   ├── NotFound         what is asked for does not exist, or not for whoever asks
│   ├── Forbidden        whoever asks may see it, but not do this
│   └── UnknownName      a connection, secret or pool that does not exist
├── TaskError            the user's task, at run time
│   ├── Fail             raised by a task: no automatic retry
│   │   └── StepFailed   raised in a flow where a step of it failed
│   ├── RetryAfter       raised by a task: try again in so many seconds
│   ├── Skip             raised by a task: not an error, its descendants are skipped by rule
│   └── UnstorableValue  a result that cannot be stored; names type and path
├── EnvironmentFault     the machine: home, disk, database
│   ├── HomeBusy         another owner holds the home
│   ├── HomeUnusable     read-only, on a network filesystem, of a newer version, corrupted
│   ├── NoOwner          nobody drives this home, so nobody can do what is asked
│   ├── StoreDown        the store cannot be written now; nothing was lost
│   │   ├── ReadCut      a read took too long and was cut, so that the store stays fast for others
│   │   └── StoreEmpty   its owner is only making it
│   ├── StorageDown      the storage of large values is full or does not answer
│   ├── StorageRefused   the storage of large values forbids it: no automatic retry
│   ├── TargetBusy       another process has locked what a writer wants to write
│   ├── VaultDown        the place where secrets are kept does not answer, or its key does not fit
│   └── UnreadableValue  stored bytes are damaged, or of a newer format
└── Bug                  ours
    ├── Conflict         a compare-and-set met another state: reload
    └── LeaseLost        another owner leads
"""

from __future__ import annotations

__all__ = [
    "Bug",
    "Conflict",
    "DefinitionError",
    "EnvironmentFault",
    "Fail",
    "Forbidden",
    "HomeBusy",
    "HomeUnusable",
    "LeaseLost",
    "NoOwner",
    "NotFound",
    "ReadCut",
    "Refused",
    "RetryAfter",
    "SegueError",
    "Skip",
    "StepFailed",
    "StorageDown",
    "StorageRefused",
    "StoreDown",
    "StoreEmpty",
    "TargetBusy",
    "TaskError",
    "UnknownName",
    "UnreadableValue",
    "UnstorableValue",
    "UsageError",
    "VaultDown",
]


class SegueError(Exception):
    """Root of everything Segue raises."""


class DefinitionError(SegueError):
    """A DAG file says something impossible.

    Args:
        message: what is wrong and what to do, without the place.
        file: path of the file, as the user knows it.
        line: 1-based line.
        dag: id of the DAG, if known.
        task: id of the task, if known.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        dag: str | None = None,
        task: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.file, self.line, self.dag, self.task = message, file, line, dag, task

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{self.message} ({place})" if place else self.message


class UsageError(SegueError):
    """The command or request makes no sense as it was written."""


class Refused(UsageError):
    """The request makes sense, but not in the present state."""


class NotFound(UsageError):
    """What is asked for does not exist, or not for whoever asks; the nearest names are given."""


class Forbidden(UsageError):
    """Whoever asks may see it, but not do this: the role that would be needed is named."""


class UnknownName(UsageError):
    """A connection, secret or pool that does not exist; the message says where it was looked for and what to do."""


class TaskError(SegueError):
    """Something at run time that is the task's own doing."""


class Fail(TaskError):
    """Raise it in a task to fail without automatic retry."""


class StepFailed(Fail):
    """A step of a flow has failed, with all its retries.

    Args:
        step: its id, `load#3`.
        reason: why, in one line.
    """

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step} failed: {reason}")
        self.step, self.reason = step, reason


class RetryAfter(TaskError):
    """Raise it in a task to try again later; uses a retry.

    Args:
        seconds: delay, at most 24 h; it ignores `max_delay`.
    """

    def __init__(self, seconds: float, message: str = "") -> None:
        super().__init__(message or f"asked to be tried again in {seconds:g} s")
        self.seconds = seconds


class Skip(TaskError):
    """Raise it in a task to end as *skipped*."""


class UnstorableValue(TaskError, ValueError):
    """A result that cannot be stored: the message names its type and the path inside the value."""


class EnvironmentFault(SegueError):
    """The machine does not give what is needed."""


class NoOwner(EnvironmentFault):
    """Nobody drives this home, so nobody can do what is asked."""


class HomeBusy(EnvironmentFault):
    """Another owner holds the home.

    Args:
        pid: process id of the first owner, 0 if unknown.
    """

    def __init__(self, message: str, pid: int = 0) -> None:
        super().__init__(message)
        self.pid = pid


class HomeUnusable(EnvironmentFault):
    """The home cannot carry a database: the reason and the way out are named."""


class StoreDown(EnvironmentFault):
    """The store cannot be written now; nothing was acknowledged, so nothing is lost."""


class ReadCut(StoreDown):
    """A read took too long and was cut: an open snapshot would make the log of the database grow without bound."""


class StoreEmpty(StoreDown):
    """The database has no tables yet: its owner is only making it, or was killed over that."""


class StorageDown(EnvironmentFault):
    """The storage of large values is full or does not answer; nothing refers to what was not written."""


class StorageRefused(EnvironmentFault):
    """The storage of large values forbids reading or writing; trying again does not help."""


class TargetBusy(EnvironmentFault):
    """Another process has locked what a writer wants to write, for longer than the writer waits."""


class VaultDown(EnvironmentFault):
    """Secrets cannot be read: their back end does not answer, or the key at hand does not fit."""


class UnreadableValue(EnvironmentFault, ValueError):
    """A stored value cannot be read back: its bytes are damaged, or of a format newer than this version knows."""


class Bug(SegueError):
    """Ours."""


class Conflict(Bug):
    """A compare-and-set met another state than memory has, or the outcome of a commit is unknown: reload."""


class LeaseLost(Bug):
    """The epoch of this owner is stale."""
