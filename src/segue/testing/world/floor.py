"""What attempts are to a scripted executor, and what the executors of all owners share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Literal, Protocol

from msgspec.structs import replace

from segue.model.commands import Launch
from segue.model.events import Asked, Ended, Event, Failure, Lost, Outcome, Skipped, StateSet, Value
from segue.model.ids import AttemptKey, Instant, TaskKey
from segue.model.masking import Veil
from segue.testing.world.script import CANARY, LEAK

__all__ = ["Floor", "Peer", "Process", "chatty"]


@dataclass(slots=True)
class Process:
    """One attempt's process."""

    launch: Launch
    draw: Random
    state: Literal["starting", "asking", "running", "gone"] = "starting"
    began: Instant | None = None
    stopping: bool = False
    seq: int = 1
    wishes: list[StateSet] = field(default_factory=list)
    asks: StateSet | None = None
    """a question without an answer; the end waits for that"""
    ending: Outcome | None = None


class Peer(Protocol):
    """An executor as those of other owners see it."""

    def fence_off(self) -> None:
        """Its owner does not lead any more."""
        ...

    def living(self) -> list[AttemptKey]:
        """Its living attempts."""
        ...


@dataclass(slots=True)
class Floor:
    """What the executors of all owners share.

    Args:
        spoken: what attempts really said; whatever else is accepted was made up.
        published: what readers of a task's data see.
        trace: what was launched and begun, and when.
        executors: all of them.
        hide: takes secrets out of what attempts say, given the veil of their worker.
    """

    spoken: dict[AttemptKey, list[Event]] = field(default_factory=dict)
    published: dict[TaskKey, bytes] = field(default_factory=dict)
    trace: list[tuple[Instant, str]] = field(default_factory=list)
    executors: list[Peer] = field(default_factory=list)
    lost: dict[tuple[TaskKey, int, bool], int] = field(default_factory=lambda: defaultdict(int))
    hide: Callable[[Ended | Lost | Asked, Veil], Ended | Lost | Asked] = lambda event, _: event

    def publish(self, launch: Launch, outcome: Outcome) -> None:
        """What readers see of an attempt that has ended so, heard or not."""
        if isinstance(outcome, Value) and launch.kind != "hook":
            self.published[launch.key.of] = launch.staged or outcome.inline or b""


def chatty(outcome: Outcome) -> Outcome:
    """The same outcome from a task that says its secret wherever it can."""
    match outcome:
        case Failure() if outcome == LEAK:
            return Value(inline=b"the address is " + CANARY.encode())
        case Failure():
            return replace(outcome, text=f"{outcome.text}, with {CANARY}")
        case Skipped(why):
            return Skipped(f"{why}, with {CANARY}")
        case _:
            return outcome
