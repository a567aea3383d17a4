from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

from segue.model.access import Role
from segue.model.api.overview import Overview
from segue.show.api import specimens
from segue.show.api.routing import Routes
from segue.show.api.visiting import Visiting
from segue.show.views.overview import Wanted, overview_of

__all__ = ["OVERVIEW"]

OVERVIEW: Final = Routes("overview")


@OVERVIEW.get("/overview", needs=Role.VIEWER, example=specimens.OVERVIEW)
def overview(
    visit: Visiting,
    runs: Annotated[int, Query(ge=1, le=50, description="newest runs of each DAG")] = 14,
    hours: Annotated[int, Query(ge=1, le=168, description="so far ahead is looked")] = 24,
    days: Annotated[int, Query(ge=1, le=31, description="so far back is looked for what failed or is missing")] = 7,
) -> Overview:
    """What needs somebody, every DAG with its newest runs, and what comes."""
    seen = visit.seen()
    unread = visit.doors.unread() if seen is None else ()  # whose their DAGs will be nobody knows
    with visit.reading() as reading:
        return overview_of(reading, seen, visit.now, Wanted(runs, hours, days), unread)
