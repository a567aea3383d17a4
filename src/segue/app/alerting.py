"""What people do about alerts: look at them, silence some, try whether they arrive."""

from __future__ import annotations

from collections.abc import Sequence

from segue.app.clock import SystemClock
from segue.app.database import open_reader
from segue.app.home import Home
from segue.app.owner import actor_here, new_id
from segue.app.routing import outbound_of, revealer_of, routes_of
from segue.app.settings import Settings
from segue.model.acts import Silence
from segue.model.errors import SegueError, UsageError
from segue.model.ids import Instant
from segue.model.views import AlertView, SilenceView
from segue.resolve.selection import dag_fits
from segue.show.selecting import read_until
from segue.tell.channels import deliver
from segue.tell.letters import trial_letter

__all__ = ["alerts_of", "silenced", "try_channels"]


def alerts_of(settings: Settings, *, open_only: bool, limit: int) -> tuple[Sequence[AlertView], Sequence[SilenceView]]:
    """The newest alerts of a home, and what is silenced now."""
    with open_reader(Home(settings.home)) as reader:
        if reader is None:
            return (), ()
        return reader.alerts(open_only=open_only, limit=limit), reader.silences(SystemClock().now())


def silenced(settings: Settings, selection: str, until: str, reason: str) -> Silence:
    """What asks for silence about a selection; *now* ends it.

    Raises:
        UsageError: the selection names no DAG, or the end is no instant to come.
    """
    now = SystemClock().now()
    end = Instant(now) if until == "now" else read_until(until, now, settings.keys.timezone)
    with open_reader(Home(settings.home)) as reader:
        specs = [] if reader is None else [reader.spec(view.dag, view.version) for view in reader.dags()]
    if until != "now" and not any(dag_fits(spec, selection) for spec in specs):
        raise UsageError(f"{selection!r} names no DAG of this home: write an id, a glob, tag:NAME or owner:NAME")
    return Silence(selection, end, reason)


def try_channels(settings: Settings, names: Sequence[str]) -> list[tuple[str, str]]:
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
        letter = trial_letter(channel.name, actor_here(), new_id())
        try:
            deliver(channel, letter, outbound, reveal, SystemClock().now())
            told.append((channel.name, ""))
        except SegueError as why:
            told.append((channel.name, str(why)))
    return told
