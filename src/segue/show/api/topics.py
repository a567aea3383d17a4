"""Every topic of the API, in the order in which OpenAPI shows them."""

from __future__ import annotations

from typing import Final

from segue.show.api.acting import ACTING
from segue.show.api.ahead import AHEAD
from segue.show.api.attempts import ATTEMPTS
from segue.show.api.backfilling import BACKFILLING
from segue.show.api.clocks import CLOCKS
from segue.show.api.dags import DAGS
from segue.show.api.deploying import DEPLOYING
from segue.show.api.elsewhere import ELSEWHERE
from segue.show.api.events import EVENTS
from segue.show.api.health import HEALTH
from segue.show.api.overview import OVERVIEW
from segue.show.api.pages import PAGES
from segue.show.api.people import PEOPLE
from segue.show.api.pools import POOLS
from segue.show.api.requests import REQUESTS
from segue.show.api.routing import Routes
from segue.show.api.runs import RUNS
from segue.show.api.signing import DOORSTEP, SIGNING
from segue.show.api.silences import SILENCES
from segue.show.api.standing import STANDING
from segue.show.api.triggering import TRIGGERING
from segue.show.api.vault import VAULT

__all__ = ["TOPICS"]

TOPICS: Final[tuple[Routes, ...]] = (
    HEALTH, OVERVIEW, DAGS, AHEAD, RUNS, ATTEMPTS, STANDING, EVENTS, ACTING, TRIGGERING, CLOCKS, BACKFILLING, SILENCES,
    REQUESTS, DEPLOYING, POOLS, VAULT, ELSEWHERE, DOORSTEP, SIGNING, PEOPLE, PAGES,
)  # fmt: skip
