"""What the owner would answer: the engine decides about the store as it is, and nobody keeps what it decided.

So a dry run refuses what the deed refuses, with its words: there is no second set of rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from segue.engine.core import Engine
from segue.model.changes import Answered
from segue.model.events import Request
from segue.model.ids import Instant
from segue.model.limits import Limits
from segue.show.reading import Reading

__all__ = ["MOST", "rehearse"]

MOST: Final = 200
"""Requests that are rehearsed: each reads its whole run."""


def rehearse(
    reading: Reading, requests: Sequence[Request], dags: Iterable[str], now: Instant, limits: Limits
) -> dict[str, tuple[bool, str]]:
    """By the id of a request whether it would be done, and the answer; what has none at once would be done.

    Runs that are not named are not there: of how many a backfill stops the answer knows nothing.

    Args:
        reading: of the home.
        requests: as they would be sent; of more than `MOST` the first.
        dags: that they are about.
        now: the present.
        limits: of the owner.
    """
    if not requests:
        return {}
    snapshot, known = reading.reader.rehearsal(frozenset(dags), requests[:MOST])
    driven = tuple(run for run in snapshot.runs if reading.shown(run.row.run, run.state) != "interrupted")
    decision = Engine(msgspec.structs.replace(snapshot, runs=driven), limits).step(now, known)
    return {one.request: (one.ok, one.text) for one in decision.changes if isinstance(one, Answered)}
