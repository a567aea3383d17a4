"""Asking the owner of a home, where there is one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.app.actor import actor_here, new_id
from segue.app.control_client import ControlClient, OwnerGone
from segue.app.database import database_of
from segue.app.home import Home
from segue.app.reading import open_reading
from segue.app.table_client import Asked, TableClient
from segue.model.acts import Act
from segue.model.events import Request
from segue.model.ids import RunKey
from segue.model.views import RunDetail
from segue.store.home import OwnerFacts, owner_of

__all__ = ["STANDING", "Answers", "ask_owner", "details_of", "owner_here", "standing_here"]

STANDING: Final = frozenset({"up", "dev", "scheduler"})
"""Kinds of owners that drive all runs, for good."""

_RESTART: Final = 15.0  # seconds in which a loop that has died is back
_TICK: Final = 0.05


@dataclass(frozen=True, slots=True)
class Answers:
    """What an owner said: sentences of what it does, refusals, and the runs it made or moved."""

    texts: list[str]
    refusals: list[str]
    runs: list[RunKey]


def owner_here(home: Home) -> Asked | None:
    """The owner that answers on this home, None where there is none; one that stays and begins again is waited for.

    Where the database is on a server and another one leads it, that one: it is asked by the table of requests.
    """
    end = time.monotonic() + _RESTART
    database = database_of(home)
    while True:
        if (owner := _at_socket(home)) is not None and (not database.url or owner.health().get("leading", True)):
            return owner
        if owner is not None:
            owner.close()
        if database.url and (leader := database.leader()):
            return TableClient(database, leader)
        if standing_here(home) is None or time.monotonic() > end:
            return None
        time.sleep(_TICK)


def _at_socket(home: Home) -> ControlClient | None:
    socket = home.socket()
    try:
        return None if socket is None else ControlClient(socket)
    except OwnerGone:
        return None


def standing_here(home: Home) -> OwnerFacts | None:
    """What the owner that stays says about itself, None where there is none; its loop may be about to begin again."""
    facts = owner_of(home.path)
    if facts is None or facts.kind not in STANDING:
        return None
    try:
        words = Path(f"/proc/{facts.pid}/cmdline").read_bytes()
    except OSError:
        return None
    return facts if b"segue" in words else None  # else another process has the number of one that is gone


def ask_owner(owner: Asked, acts: Sequence[Act]) -> Answers:
    """Have the owner carry acts out, one after the other; each is durable when it is answered.

    Raises:
        OwnerGone: it ended before it answered.
    """
    answers = Answers([], [], [])
    for act in acts:
        reply = owner.ask(Request(new_id(), actor_here(), act))
        (answers.texts if reply.ok else answers.refusals).append(reply.text)
        if reply.ok and reply.run is not None:
            answers.runs.append(reply.run)
    return answers


def details_of(home: Home, runs: Sequence[RunKey]) -> list[RunDetail]:
    """Runs as the store has them."""
    with open_reading(home) as reading:
        return [reading.detail(reading.find(str(run))) for run in runs]
