"""Lists page by page: a cursor says behind which row to go on, and fits only the question it was given for."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from secrets import compare_digest
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import msgspec
from fastapi import Depends, Query

from segue.model.api.listing import Listing
from segue.model.errors import UsageError
from segue.show.api.visiting import Visit

__all__ = ["MOST", "Page", "Paging", "Place", "page_of"]

MOST: Final = 200
"""Items of a page."""

Place: TypeAlias = tuple[Any, ...]

_MARK: Final = 12  # bytes of the digest
_Row = TypeVar("_Row")
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a list.

    Args:
        limit: items at most.
        cursor: as an answer gave it, None for the first page.
    """

    limit: int = 50
    cursor: str | None = None

    def after(self, visit: Visit, *question: object) -> Place | None:
        """Behind which place this page begins, None for the first one.

        Args:
            visit: whose.
            question: the list's name and all its filters.

        Raises:
            UsageError: the cursor was given for another question, or by nobody.
        """
        if self.cursor is None:
            return None
        try:
            data = urlsafe_b64decode(self.cursor.encode("ascii"))
            mark, place = data[:_MARK], data[_MARK:]
            if compare_digest(mark, _mark(visit, question, place)):
                return tuple(msgspec.msgpack.decode(place))
        except (ValueError, msgspec.MsgspecError):
            pass
        raise UsageError("this cursor belongs to another question: begin without one, with the same filters all along")

    def pointer(self, visit: Visit, place: Place, *question: object) -> str:
        """The cursor of the page behind a place."""
        data = msgspec.msgpack.encode(place)
        return urlsafe_b64encode(_mark(visit, question, data) + data).decode()

    def listed(
        self, visit: Visit, rows: Sequence[_Row], place: Callable[[_Row], Place], item: Callable[[_Row], _Item],
        *question: object,
    ) -> Listing[_Item]:  # fmt: skip
        """This page.

        Args:
            visit: whose.
            rows: one more than `limit` where there is another page.
            place: of a row.
            item: what is told of a row.
            question: as `after` had it.
        """
        told = rows[: self.limit]
        next_ = self.pointer(visit, place(told[-1]), *question) if len(rows) > self.limit else None
        return Listing(tuple(map(item, told)), next_)


def _mark(visit: Visit, question: tuple[object, ...], place: bytes) -> bytes:
    key = f"cursor {visit.doors.instance}".encode()[:64]
    return blake2b(repr(question).encode() + b"\0" + place, digest_size=_MARK, key=key).digest()


def page_of(
    limit: Annotated[int, Query(ge=1, le=MOST, description="items at most")] = 50,
    cursor: Annotated[str | None, Query(max_length=2000, description="`next` of the page before")] = None,
) -> Page:
    """The page that a request asks for."""
    return Page(limit, cursor)


Paging: TypeAlias = Annotated[Page, Depends(page_of)]
