"""What attempts have been through: the numbers that the next one needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from segue.model.acts import MarkTask
from segue.model.events import Origin
from segue.model.ids import Instant

__all__ = ["HookTally", "Mark", "Outcomes", "Tally"]


class Mark(NamedTuple):
    """What a person wants a cell to be, and how they asked for it."""

    asked: MarkTask
    actor: str
    request: str
    origin: Origin = Origin()


class Tally:
    """What a cell has been through."""

    __slots__ = ("alive", "began", "fence", "losses", "mark", "not_before", "number", "platform", "round", "tries")

    def __init__(self) -> None:
        self.number = 0
        self.round = 1
        self.tries = 0
        self.losses = 0
        self.platform = 0
        self.not_before: Instant | None = None
        self.alive = False
        self.began: Instant | None = None
        self.fence = b""
        self.mark: Mark | None = None
        """What a person wants it to be once its attempt has ended."""


class Outcomes(NamedTuple):
    """Indexes of the items of a mapped task that gave a value, and of those that did not, both ascending."""

    done: tuple[int, ...]
    without: tuple[int, ...]

    @classmethod
    def of(cls, gave: Iterable[bool]) -> Outcomes:
        """Sort the indexes by whether the item gave a value."""
        sides: tuple[list[int], list[int]] = ([], [])
        for at, value in enumerate(gave):
            sides[not value].append(at)
        return cls(tuple(sides[0]), tuple(sides[1]))


class HookTally:
    """What one hook has been through.

    Attributes:
        number: of its newest attempt; tries: attempts of this call of it; round: of its task, when it was called.
        again: the round in which it was called while an attempt of an earlier call was alive, 0 for none.
    """

    __slots__ = ("again", "alive", "began", "fence", "number", "round", "tries")

    def __init__(self) -> None:
        self.number = self.tries = self.again = 0
        self.round = 1
        self.alive = False
        self.began: Instant | None = None
        self.fence = b""
