from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from segue.app.control_client import ControlClient, OwnerGone
from segue.app.database import Database
from segue.app.health import health_of
from segue.app.home import Home
from segue.app.pulse import Pulse
from segue.app.reading import Neighbour
from segue.model.errors import EnvironmentFault, NoOwner
from segue.model.events import Request
from segue.model.ids import Instant, RunKey
from segue.run import control
from segue.show.doors import Health, Reply

__all__ = ["HomeDesk", "ServedDesk"]

_LOOK: Final = 0.05  # seconds between two looks for an answer in a table
_HEALTH: Final = 1.0  # seconds that whoever schedules has to say how it is
_WHY: Final = 0.3  # seconds that it has to say why a run waits; a page does without


class HomeDesk:
    """Asks the owner of a home over its socket; see `segue.show.doors.Desk`.

    Args:
        home: the home.
        clock: the time now.
    """

    def __init__(self, home: Home, clock: Callable[[], Instant]) -> None:
        self._home, self._clock = home, clock
        self._pulse = Pulse(self._look, time.monotonic)
        self.why = Neighbour(home, _WHY).why

    def ask(self, requests: Sequence[Request], wait: float = 5.0) -> list[Reply | None]:
        """Send requests together and wait for the answers.

        Raises:
            NoOwner: nobody drives this home.
        """
        try:
            with self._client(wait) as owner:
                answers = owner.ask_all(requests, wait)
        except OwnerGone:
            why = "the scheduler does not run now: it is started again within seconds, or start it with `segue up`"
            raise NoOwner(why) from None
        return [None if (one := answers.get(request.id)) is None else _told(one) for request in requests]

    def health(self) -> Health:
        """How the owner is."""
        said = self._pulse.feel()
        return Health(False, detail=said) if isinstance(said, str) else health_of(said, self._clock())

    def driven(self) -> frozenset[str] | None:
        """The runs that the owner drives, None where it drives all; none at all where there is no owner."""
        said = self._pulse.feel()
        runs = () if isinstance(said, str) else said["runs"]
        return None if runs is None else frozenset(runs)

    def _look(self) -> Mapping[str, Any] | str:
        """What it says of itself; a sentence where it says nothing."""
        try:
            with self._client(_HEALTH) as owner:
                said: Mapping[str, Any] = owner.health()
                return said
        except OwnerGone as gone:
            return str(gone)

    def _client(self, patience: float) -> ControlClient:
        path = self._home.socket()
        if path is None:
            raise OwnerGone("nobody drives this home: start it with `segue up`")
        return ControlClient(path, patience)


class ServedDesk:
    """Asks whoever leads a server's database: the neighbour where it is him, else by the table of requests.

    Args:
        home: ours, whose owner may be leading.
        database: on a server.
        clock: the time now.
    """

    def __init__(self, home: Home, database: Database, clock: Callable[[], Instant]) -> None:
        self._near, self._database, self._clock = HomeDesk(home, clock), database, clock
        self._pulse = Pulse(self._look, time.monotonic)

    def ask(self, requests: Sequence[Request], wait: float = 5.0) -> list[Reply | None]:
        """Send requests together and wait for the answers; what nobody answers waits for whoever leads next."""
        end = time.monotonic() + wait
        for request in requests:
            self._database.put(request, self._clock())
        answers: dict[str, Reply] = {}
        with closing(self._database.reader(short=True)) as reader:
            while True:
                for request in requests:
                    if request.id not in answers and (found := reader.answer_to(request.id)) is not None:
                        answers[request.id] = Reply(found.ok, found.text, found.run)
                if len(answers) == len(requests) or time.monotonic() > end:
                    return [answers.get(request.id) for request in requests]
                time.sleep(_LOOK)

    def health(self) -> Health:
        """How whoever leads is, as far as that is known from here."""
        near = self._near.health()
        return near if near.leads else self._pulse.feel()

    def _look(self) -> Health:
        try:
            leader = self._database.leader()
        except EnvironmentFault as fault:
            return Health(False, detail=str(fault))
        if not leader:
            return Health(False, detail="nobody leads this database: start `segue scheduler`")
        return Health(True, leader)

    def why(self, run: RunKey) -> list[tuple[str, str, str]]:
        """What the neighbour says of a run, where it leads."""
        return self._near.why(run)

    def driven(self) -> None:
        """Whoever leads drives all runs."""


def _told(reply: control.Reply) -> Reply:
    return Reply(reply.ok, reply.text, reply.run)
