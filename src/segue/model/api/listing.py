from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Listing"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """One page of a list.

    Attributes:
        items: in order.
        next: the cursor of the page after it, None where this is the last.
    """

    items: tuple[Item, ...]
    next: str | None = None
