"""What the API needs of the outside, as small contracts: `app/web` opens these doors, tests pass fakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex
from typing import Protocol

from segue.model.access import Principal
from segue.model.api.health import Part
from segue.model.api.standing import Setting
from segue.model.events import Request
from segue.model.ids import Instant, RunKey
from segue.show.access.entering import Entering
from segue.show.access.identity import Identity
from segue.show.access.people import People
from segue.show.archive import NOTHING, Code, Logs
from segue.show.backdoors import CLOSED, Channels, Deployer, House, OpenClaims, OpenRequests, Safe
from segue.show.sampling import Sampling
from segue.show.specs import Specs
from segue.show.vitals import NO_MACHINE, Hand, Machine, Turns
from segue.store.access.book import Claims, Noted
from segue.store.readers import Reader

__all__ = ["Desk", "Doors", "Gate", "Health", "Library", "Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the owner has answered to a request; `run` is the run it made or moved."""

    ok: bool
    text: str
    run: RunKey | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How whoever schedules is.

    Args:
        leads: somebody takes turns now.
        place: who, for people.
        detail: a sentence where not all is well.
        turned_at: the last turn, as far as it is known.
        workers: attempts at once.
        alive: attempts alive.
        ready: tasks that could begin, but for a worker, a pool or a limit.
        turns: how long turns took.
        crew: the worker processes.
    """

    leads: bool
    place: str = ""
    detail: str = ""
    turned_at: Instant | None = None
    workers: int = 0
    alive: int = 0
    ready: int = 0
    turns: Turns = Turns()
    crew: tuple[Hand, ...] = ()


class Library(Protocol):
    """Lends readers of the store."""

    def read(self) -> AbstractContextManager[Reader]:
        """Lend a reader for one request.

        Raises:
            EnvironmentFault: the store cannot be read now.
        """
        ...


class Desk(Protocol):
    """Takes requests to the owner."""

    def ask(self, requests: Sequence[Request], wait: float = 5.0) -> list[Reply | None]:
        """Send requests together and wait for the answers.

        Args:
            requests: each with an id of its own; one that was sent before has the answer it had then.
            wait: seconds for all of them together.

        Returns:
            An answer for each, None for one that has not come yet.

        Raises:
            NoOwner: nobody drives this home, and nobody will find the requests later.
        """
        ...

    def health(self) -> Health:
        """How the owner is; it never waits longer than a second."""
        ...

    def why(self, run: RunKey) -> list[tuple[str, str, str]]:
        """What the engine says of a living run: label, state, sentence; empty where no owner knows it."""
        ...

    def driven(self) -> frozenset[str] | None:
        """The runs that a living owner drives; None: all of them."""
        ...


class Gate(Protocol):
    """Recognises who speaks."""

    def by_session(self, cookie: str, now: Instant) -> Principal | None:
        """Whose session this is."""
        ...

    def by_token(self, token: str, now: Instant) -> Principal | None:
        """Whose token this is."""
        ...

    def still(self, principal: Principal, now: Instant) -> Principal | None:
        """The principal as it stands now, None where its session or token has ended."""
        ...

    def deny(self, who: str, what: str, why: str, now: Instant, address: str = "") -> None:
        """Write an audit row of what was refused."""
        ...

    def audit(
        self, before: int | None = None, limit: int = 100, *, actor: str = "", ok: bool | None = None
    ) -> Sequence[Noted]:
        """What was denied, signing in, and changes of users and tokens, the newest first; see `Book.audit`."""
        ...

    @property
    def entering(self) -> Entering:
        """Signs people in and out."""
        ...

    @property
    def people(self) -> People:
        """Users, what they may do, and their tokens."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """All of them.

    Args:
        clock: the time now.
        instance: hex digits that tell this installation from others.
        house: what the settings say.
        safe, deployer, channels: for acts that need them.
        draw: an id that nobody can guess, new at each call.
        asked: requests that were not answered in time.
        parts: how else this installation is, for `/readyz`.
        machine: where the workers are; `price` of one for an hour.
        identity: where else people sign in.
        sampling: the newest attempts, for statistics.
        claims: what keys were used for.
        unread: files of DAGs nobody knows, because they cannot be read: their names, and what is wrong.
    """

    library: Library
    desk: Desk
    gate: Gate
    clock: Callable[[], Instant]
    instance: str = ""
    house: House = House()
    safe: Safe = CLOSED
    deployer: Deployer = CLOSED
    channels: Channels = CLOSED
    draw: Callable[[], str] = partial(token_hex, 16)
    asked: OpenRequests = field(default_factory=OpenRequests)
    parts: Callable[[], Sequence[Part]] = tuple
    logs: Logs = NOTHING
    code: Code = NOTHING
    settings: Callable[[], Sequence[Setting]] = tuple
    specs: Specs = field(default_factory=Specs)
    machine: Machine = NO_MACHINE
    price: float = 0.0
    identity: Identity | None = None
    sampling: Sampling = field(default_factory=Sampling)
    claims: Claims = field(default_factory=OpenClaims)
    unread: Callable[[], Sequence[tuple[str, str]]] = tuple
