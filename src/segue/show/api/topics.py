"""Every topic of the API, in the order in which OpenAPI shows them."""

from __future__ import annotations

from typing import Final

from segue.show.api.events import EVENTS
from segue.show.api.health import HEALTH
from segue.show.api.people import PEOPLE
from segue.show.api.routing import Routes
from segue.show.api.signing import DOORSTEP, SIGNING

__all__ = ["TOPICS"]

TOPICS: Final[tuple[Routes, ...]] = (HEALTH, EVENTS, DOORSTEP, SIGNING, PEOPLE)
