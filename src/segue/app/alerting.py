"""What people do about alerts: look at them, try whether they arrive."""

from __future__ import annotations

from collections.abc import Sequence

from segue.app.actor import new_id
from segue.app.clock import SystemClock
from segue.app.database import open_reader
from segue.app.home import Home
from segue.app.routing import outbound_of, revealer_of, routes_of
from segue.app.settings import Settings
from segue.model.errors import SegueError, UsageError
from segue.model.views import AlertView, SilenceView
from segue.tell.channels import deliver
from segue.tell.letters import trial_letter

__all__ = ["HomeChannels", "alerts_of", "try_channels"]


def alerts_of(settings: Settings, *, open_only: bool, limit: int) -> tuple[Sequence[AlertView], Sequence[SilenceView]]:
    """The newest alerts of a home, and what is silenced now."""
    with open_reader(Home(settings.home)) as reader:
        if reader is None:
            return (), ()
        return reader.alerts(open_only=open_only, limit=limit), reader.silences(SystemClock().now())


class HomeChannels:
    """See `segue.show.backdoors.Channels`.

    Args:
        settings: in force.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def test(self, names: Sequence[str], actor: str) -> list[tuple[str, str]]:
        """Send a letter to channels."""
        return try_channels(self._settings, names, actor)


def try_channels(settings: Settings, names: Sequence[str], actor: str) -> list[tuple[str, str]]:
    """Send a letter to channels, all where none is named: each with what went wrong, empty where it has arrived.

    Raises:
        UsageError: there is no such channel, or none at all.
    """
    routes, outbound, reveal = routes_of(settings), outbound_of(settings), revealer_of(settings)
    channels = [routes.channel(name) for name in names or routes.names]
    if not channels:
        raise UsageError('no channel is set: write [tool.segue.channels.NAME], kind = "webhook" and url = "https://…"')
    told = []
    for channel in channels:
        letter = trial_letter(channel.name, actor, new_id())
        try:
            deliver(channel, letter, outbound, reveal, SystemClock().now())
            told.append((channel.name, ""))
        except SegueError as why:
            told.append((channel.name, str(why)))
    return told
