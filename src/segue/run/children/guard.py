"""Nothing where there should be something: the guard that holds an empty update (SEMANTICS, "Zombie guard").

It looks at one number, the one that says most: what the code reported; else what the product's writers wrote; else how
long the table or list is that a task without upstream returned.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import Literal, NamedTuple, cast

from segue.data.codecs.registry import is_table
from segue.define.dag import Dag
from segue.define.nodes import Call as Node
from segue.define.nodes import data_ids
from segue.model.events import Deferred, Followed, Held, Outcome, StartsRun
from segue.model.spec import TaskKind
from segue.run.children.call import Call, Writes

__all__ = ["Guarded", "Made", "concluded", "measured", "rows_of"]

_LONGEST = 200  # characters of a source's fingerprint


class Guarded:
    """The tasks of whose result the guard looks at the length: those without upstream.

    A list that is there to be mapped over is looked at when that happens: nothing is held once, not twice. What is
    asked of one task costs nothing for the others: a DAG may have 100,000.

    Args:
        dag: as traced in this process.
    """

    def __init__(self, dag: Dag) -> None:
        self._dag = dag
        self._order = dag.order()
        self.listed = frozenset(name for call in dag.calls.values() if call.fan for name in _lists_of(call))
        """The tasks whose results are mapped over."""

    def __contains__(self, task: str) -> bool:
        if task not in self._order:
            return False  # a step of a flow
        call = self._dag.calls[task]
        if call.task.kind != "task" or self._order[task] or any(data_ids(call)):
            return False
        return task not in self.listed or task in self._taken_whole

    @cached_property
    def _taken_whole(self) -> frozenset[str]:
        """The tasks that somebody comes after, or takes, without mapping over them."""
        taken = (
            {*data_ids(call), *self._order[name]} - _lists_of(call) for name, call in self._dag.calls.items()
        )  # fmt: skip
        return frozenset().union(*taken)


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
    source = ""
    if reports := tuple(call.reports):
        source = _fingerprint([source for _, source in reports if source is not None])
        rows = [rows for rows, _ in reports if rows is not None]
        if rows:
            return Made(sum(rows), "reported", source)
    if writes.rows is not None:
        return Made(writes.rows, "wrote", source)
    length = call.length(result)
    return Made(length, "" if length is None else "returned", source)


def concluded(
    call: Call, result: object, made: Made, writes: Writes, kind: TaskKind, empty: Literal["hold", "warn", "ok"]
) -> tuple[Outcome, str]:
    """What a result comes to, stored and published, and a note where an empty one is let go.

    Args:
        call: the attempt.
        result: what its code returned.
        made: what it made.
        writes: what its writers did.
        kind: of its task.
        empty: what is to be done about nothing.
    """
    if isinstance(result, Deferred | StartsRun):
        return result, ""
    if kind == "branch":
        writes.publish()
        return Followed(call.choose(result)), ""
    value = call.keep(result)
    text = f"it {made.how} 0 rows" if made.rows == 0 and empty != "ok" else ""
    stops = kind == "short_circuit" and not result
    if text and empty == "hold" and not stops:
        return Held("empty", text, value, writes.describe()), ""
    writes.publish()
    return Followed((), value) if stops else value, text


def _lists_of(call: Node) -> set[str]:
    return {over.id for over in call.fan.over.values() if isinstance(over, Node)} if call.fan else set()


def rows_of(result: object) -> int | None:
    return len(cast(list[object], result)) if isinstance(result, list) or is_table(result) else None


def _fingerprint(sources: list[str | bytes]) -> str:
    texts = [one.hex() if isinstance(one, bytes) else one for one in sources]
    if len(texts) == 1 and len(texts[0]) <= _LONGEST:
        return texts[0]
    return blake2b("\0".join(texts).encode(errors="backslashreplace"), digest_size=16).hexdigest() if texts else ""
