from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from segue.app.control_client import PATIENCE, ControlClient, OwnerGone
from segue.app.database import open_reader
from segue.app.home import Home
from segue.model.ids import RunKey
from segue.show.reading import Reading

__all__ = ["Neighbour", "open_reading"]


class Neighbour:
    """The owner of a home, asked over its socket.

    Args:
        home: the home.
        patience: seconds to wait for what it says.
    """

    def __init__(self, home: Home, patience: float = PATIENCE) -> None:
        self._home, self._patience = home, patience

    def driven(self) -> frozenset[str] | None:
        """The runs that it drives, None where it drives all; none at all where there is no owner."""
        socket = self._home.socket()
        if socket is None:
            return frozenset()
        try:
            with ControlClient(socket, self._patience) as owner:
                runs = owner.health()["runs"]
        except OwnerGone:
            return frozenset()
        return None if runs is None else frozenset(runs)

    def why(self, run: RunKey) -> list[tuple[str, str, str]]:
        """What it says of a run: label, state, sentence; empty where there is no owner."""
        socket = self._home.socket()
        if socket is None:
            return []
        try:
            with ControlClient(socket, self._patience) as owner:
                return [(label, state, text) for label, state, text in owner.why(run)]
        except OwnerGone:
            return []


@contextmanager
def open_reading(home: Home) -> Iterator[Reading]:
    """Open a home for reading; one that does not exist is empty."""
    with open_reader(home) as reader:
        yield Reading(reader, f"the home {home.path}", Neighbour(home))
