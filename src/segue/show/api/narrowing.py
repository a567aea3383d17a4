"""What questions have in common: which DAGs, since when, in which state."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Final, TypeAlias

from fastapi import Path, Query

from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.show.api.visiting import Visit
from segue.show.selecting import read_since

__all__ = ["DagPath", "Glob", "Id", "RunPath", "Word", "among", "glob_of", "moment_of", "narrowed", "several"]

_LONGEST: Final = 500

DagPath: TypeAlias = Annotated[str, Path(description="id of a DAG", examples=["daily_orders"])]
RunPath: TypeAlias = Annotated[
    str, Path(description="a run: `dag@key`, `dag@latest` or its number", examples=["daily_orders@2026-04-01"])
]
Id: TypeAlias = Annotated[int, Path(ge=1, le=(1 << 63) - 1, description="a number", examples=[1])]
Word: TypeAlias = Annotated[str | None, Query(max_length=_LONGEST)]
Glob: TypeAlias = Annotated[str | None, Query(max_length=_LONGEST, description="a glob: `orders_*`")]


def narrowed(
    visit: Visit, tag: str | None = None, owner: str | None = None, dag: str | None = None
) -> frozenset[str] | None:
    """The ids of the DAGs that are asked about and that whoever asks may see; None: all there are.

    Args:
        visit: whose.
        tag, owner: of a DAG, exactly.
        dag: its id.
    """
    seen = visit.seen()
    if tag is None and owner is None and dag is None:
        return seen
    with visit.read() as reader:
        subjects = visit.subjects.all(reader)
    return frozenset(
        one.dag
        for one in subjects
        if (seen is None or one.dag in seen)
        and (tag is None or tag in one.tags)
        and owner in (None, one.owner)
        and dag in (None, one.dag)
    )


def several(texts: list[str] | None) -> tuple[str, ...]:
    """Words of a filter that may be given several times, or joined by commas."""
    return tuple(dict.fromkeys(word for text in texts or () for word in map(str.strip, text.split(",")) if word))


def among(name: str, texts: list[str] | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The same, where only certain words are known.

    Raises:
        UsageError: one is not among them; the nearest is named.
    """
    words = tuple(word.lower() for word in several(texts))
    for word in words:
        if word not in allowed:
            near = get_close_matches(word, allowed, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(allowed)}"
            raise UsageError(f"{name}={word[:_LONGEST]}: {hint}")
    return words


def moment_of(visit: Visit, name: str, text: str | None) -> Instant | None:
    """An instant: `2026-04-01`, `2026-04-01T05:30Z`, `02:00` (the last one), `2h` (ago).

    Raises:
        UsageError: it is none of them.
    """
    if text is None:
        return None
    try:
        return read_since(text, visit.now, visit.doors.house.zone)
    except (UsageError, OverflowError):
        form = "2026-04-01, 2026-04-01T05:30Z, 02:00 or 2h"
        raise UsageError(f"{name}={text[:_LONGEST]} is no moment: write {form}") from None


def glob_of(name: str, text: str | None) -> str | None:
    """A pattern of `*`, `?` and `[…]`.

    Raises:
        UsageError: there is something in it that stands in no name.
    """
    if text is not None and not text.isprintable():
        raise UsageError(f"{name}: a pattern is made of printable characters")
    return text
