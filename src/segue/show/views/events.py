from __future__ import annotations

from segue.model.api.events import Event
from segue.model.moment import iso_utc
from segue.model.views import EventView
from segue.model.why import say

__all__ = ["event_of"]


def event_of(view: EventView) -> Event:
    """A row of the event log, as the API tells it."""
    return Event(
        view.seq, str(iso_utc(view.at)), view.kind, view.dag, None if view.run is None else str(view.run), view.task,
        view.index, view.attempt, view.old, view.new, "" if view.why is None else say(view.why), view.actor,
    )  # fmt: skip
