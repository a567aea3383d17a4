"""Nothing where there should be something: the guard that holds an empty update (SEMANTICS, "Zombie guard").

It looks at one number, the one that says most: what the code reported; else what the product's writers wrote; else how
long the table or list is that a task without upstream returned.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal, NamedTuple

from segue.model.events import Held, Outcome, Value
from segue.run.children.call import Call, Writes

__all__ = ["Made", "guarded", "measured"]

_LONGEST = 200  # characters of a source's fingerprint


class Made(NamedTuple):
    """What is known of the data an attempt made: rows, the words for how that is known, fingerprint of the source."""

    rows: int | None = None
    how: str = ""
    source: str = ""


def measured(call: Call, result: object, writes: Writes) -> Made:
    """Measure what an attempt made, after its code.

    Args:
        call: the attempt.
        result: what its code returned.
        writes: what its writers did.
    """
    reports = tuple(call.reports)
    source = _fingerprint([source for _, source in reports if source is not None])
    rows = [rows for rows, _ in reports if rows is not None]
    if rows:
        return Made(sum(rows), "reported", source)
    if writes.rows is not None:
        return Made(writes.rows, "wrote", source)
    length = call.length(result)
    return Made(length, "" if length is None else "returned", source)


def guarded(value: Value, made: Made, empty: Literal["hold", "warn", "ok"], writes: Writes) -> tuple[Outcome, str]:
    """The outcome of an attempt that gave a value, and a note where nothing is held; publishes what may be seen.

    Args:
        value: its result, stored.
        made: what it made.
        empty: what is to be done about nothing.
        writes: what its writers did.
    """
    text = f"it {made.how} 0 rows" if made.rows == 0 and empty != "ok" else ""
    if text and empty == "hold":
        return Held("empty", text, value, writes.describe()), ""
    writes.publish()
    return value, text


def _fingerprint(sources: list[str | bytes]) -> str:
    texts = [one.hex() if isinstance(one, bytes) else one for one in sources]
    if len(texts) == 1 and len(texts[0]) <= _LONGEST:
        return texts[0]
    return blake2b("\0".join(texts).encode(errors="backslashreplace"), digest_size=16).hexdigest() if texts else ""
