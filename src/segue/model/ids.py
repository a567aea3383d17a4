"""Names of things.

Keys are derived, never random: a second creation of the same run meets a unique index, a second launch of the same
attempt is recognised. The *fence* is derived too, but from a secret made with the database, so that nobody can guess
the word by which an attempt is believed.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, NamedTuple, NewType

__all__ = [
    "ID_RULE",
    "AttemptKey",
    "Instant",
    "RunKey",
    "TaskKey",
    "fence_of",
    "hook_id",
    "is_id",
    "manual_key",
    "started_by",
]

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00Z. Engine and store know no other time."""

ID_RULE: Final = "[A-Za-z_][A-Za-z0-9_.-]{0,199}"
_ID = re.compile(ID_RULE)


def is_id(text: str) -> bool:
    """Say whether `text` may name a DAG, task, group or asset (ARCHITECTURE, "Printed ids")."""
    return _ID.fullmatch(text) is not None


def hook_id(task: str, hook: str) -> str:
    """The id under which the attempts of a hook are kept: `load!failure`; that of a DAG's own is `!failure`.

    No task's id has an exclamation mark, so a hook never meets a task.
    """
    return f"{task}!{hook}"


class RunKey(NamedTuple):
    """One run: the n-th of its DAG with this key (the slot's text, or `manual-…`)."""

    dag: str
    key: str
    n: int

    def __str__(self) -> str:
        return f"{self.dag}@{self.key}" if self.n == 1 else f"{self.dag}@{self.key}.{self.n}"


class TaskKey(NamedTuple):
    """One task of a run; `index` is None where the task is not mapped."""

    run: RunKey
    task: str
    index: int | None  # type: ignore[assignment]  # a task's index, not the tuple's method

    @property
    def label(self) -> str:
        """The task as people write it: `clean`, `clean[3]`."""
        return self.task if self.index is None else f"{self.task}[{self.index}]"

    def __str__(self) -> str:
        return f"{self.run}/{self.label}"


class AttemptKey(NamedTuple):
    """One attempt; numbers never restart within a task of a run."""

    run: RunKey
    task: str
    index: int | None  # type: ignore[assignment]  # a task's index, not the tuple's method
    number: int

    @property
    def of(self) -> TaskKey:
        """The task this is an attempt of."""
        return TaskKey(self.run, self.task, self.index)

    def __str__(self) -> str:
        return f"{self.of}#{self.number}"


def fence_of(key: AttemptKey, secret: bytes) -> bytes:
    """Derive the 16 bytes by which every word of this attempt is checked.

    Args:
        key: the attempt.
        secret: the store's fence key, 32 random bytes.
    """
    run = key.run
    text = f"{run.dag}\0{run.key}\0{run.n}\0{key.task}\0{key.index}\0{key.number}"
    return blake2b(text.encode(), digest_size=16, key=secret).digest()


def started_by(task: TaskKey) -> str:
    """The id of the request that a task makes for a run of another DAG: one for all its attempts."""
    return f"started-by:{task}"


def manual_key(request_id: str) -> str:
    """The key of a run without interval: `manual-` and 8 hex digits of its request's digest."""
    return f"manual-{blake2b(request_id.encode(), digest_size=4).hexdigest()}"
