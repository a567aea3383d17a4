from __future__ import annotations

from segue.model.acts import Silence
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.resolve.selection import dag_fits
from segue.show.reading import Reading
from segue.show.selecting import read_until

__all__ = ["named_dags", "silenced"]


def silenced(reading: Reading, selection: str, until: str, reason: str, now: Instant, zone: str) -> Silence:
    """What asks for silence about a selection; *now* ends it.

    Raises:
        UsageError: the selection names no DAG, or the end is no instant to come.
    """
    end = now if until == "now" else read_until(until, now, zone)
    if until != "now" and not named_dags(reading, selection):
        raise UsageError(f"{selection!r} names no DAG of this home: write an id, a glob, tag:NAME or owner:NAME")
    return Silence(selection, end, reason)


def named_dags(reading: Reading, selection: str) -> list[str]:
    """The DAGs that a selection names, those that no file declares any more among them."""
    return [view.dag for view in reading.dags() if dag_fits(reading.newest(view), selection)]
