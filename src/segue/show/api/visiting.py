from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request

from segue.model.access import Principal, Role, Subject
from segue.model.errors import Forbidden, NotFound
from segue.model.ids import Instant
from segue.show.access.deciding import decide, visible
from segue.show.access.subjects import Subjects
from segue.show.doors import Doors
from segue.show.reading import Reading
from segue.store.access.book import Claims
from segue.store.readers import Reader

__all__ = ["Guest", "Guesting", "Repeat", "Visit", "Visiting", "guest_of", "visit_of"]

_KEPT: Final = 256 * 1024  # bytes of an answer; a longer one is made anew out of the owner's answers


@dataclass(frozen=True, slots=True)
class Guest:
    """One request of somebody who may be unknown, on a public route.

    Args:
        doors: to the outside.
        now: when the request came.
        address: where it came from.
        cookie: the session's cookie as it came, empty where there was none.
        principal: whoever asks, where they are recognised.
    """

    doors: Doors
    now: Instant
    address: str = ""
    cookie: str = ""
    principal: Principal | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that may come again.

    Args:
        claims: where keys and answers are kept.
        key: who uses it, and the key, as one word.
        at: when it was first used.
    """

    claims: Claims
    key: str
    at: Instant

    def keep(self, status: int, body: bytes) -> None:
        """Give this answer again from now on."""
        if len(body) <= _KEPT:
            self.claims.settle(self.key, status, body.decode())


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is recognised.

    Args:
        doors: to the outside.
        principal: whoever asks.
        now: when the request came.
        subjects: the DAGs, as grants know them.
        key: the `Idempotency-Key` of the request, empty where it has none.
        sent: what was asked for, where there is a key: all that makes it another request than the one before.
        repeat: where its answer is kept, so that it is given again.
        if_none_match: the tags of what the caller has already.
        address: where it came from.
    """

    doors: Doors
    principal: Principal
    now: Instant
    subjects: Subjects
    key: str = ""
    if_none_match: str = ""
    address: str = ""
    sent: bytes = b""
    repeat: Repeat | None = None

    @property
    def actor(self) -> str:
        """Who acts, as audit rows and runs have it."""
        return self.principal.name

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A reader of the store."""
        with self.doors.library.read() as reader:
            yield reader

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """The reading side of the store."""
        with self.read() as reader:
            yield Reading(reader, "this server", self.doors.desk, self.doors.specs)

    def seen(self) -> frozenset[str] | None:
        """The ids of DAGs that the caller may see, None: all."""
        return self.seen_by(self.principal)

    def seen_by(self, principal: Principal) -> frozenset[str] | None:
        """The ids of DAGs that somebody may see, None: all."""
        if decide(principal, Role.VIEWER, None):
            return None
        with self.read() as reader:
            return visible(principal, Role.VIEWER, self.subjects.all(reader))

    def require(self, role: Role, dag: str | None) -> None:
        """Stop whoever lacks a role on a DAG, or (None) on everything.

        Raises:
            NotFound: they may not even see it, or it does not exist.
            Forbidden: they may see it.
        """
        if decide(self.principal, role, None):
            return
        if dag is None:
            raise Forbidden(f"this needs the role {role} on everything (`*`): {_has(self.principal)}")
        with self.read() as reader:
            why = self.barred(role, dag, self.subjects.one(reader, dag))
        if why is not None:
            raise why

    def barred(self, role: Role, dag: str, subject: Subject | None) -> NotFound | Forbidden | None:
        """Why the caller lacks a role on a DAG, None where they have it.

        Args:
            role: that is needed.
            dag: its id.
            subject: the DAG, None where there is none.
        """
        if decide(self.principal, role, subject):
            return None
        if subject is None or not decide(self.principal, Role.VIEWER, subject):
            return NotFound(f"there is no DAG {dag}")
        return Forbidden(f"this needs the role {role} on DAG {dag}: {_has(self.principal)}")

    def require_run(self, role: Role, run: str) -> None:
        """Stop whoever lacks a role on the DAG of a run, named as people do (`orders@latest`, `41`).

        Raises:
            NotFound: they may not even see it, or it does not exist.
            Forbidden: they may see it.
        """
        if decide(self.principal, role, None):
            return
        try:
            with self.reading() as reading:
                dag = reading.find(run).run.dag
            self.require(role, dag)
        except NotFound:  # without the names that are near: not all of them are the caller's to see
            raise NotFound(f"there is no run {run}") from None

    def require_some(self, role: Role) -> None:
        """Stop whoever has a role nowhere.

        Raises:
            Forbidden: they have it nowhere.
        """
        if not any(grant.role.rank >= role.rank for grant in self.principal.grants):
            raise Forbidden(f"this needs the role {role}: {_has(self.principal)}")


def _has(principal: Principal) -> str:
    has = ", ".join(f"{grant.role} on {grant.select}" for grant in principal.grants)
    return f"{principal.name} is {has}" if has else f"{principal.name} has no role anywhere"


async def guest_of(request: Request) -> Guest:
    """Whoever asks, known or not."""
    guest = request.scope["state"]["guest"]
    assert isinstance(guest, Guest)
    return guest


async def visit_of(request: Request) -> Visit:
    """The visit that a request is."""
    visit = request.scope["state"]["visit"]
    assert isinstance(visit, Visit)
    return visit


Visiting: TypeAlias = Annotated[Visit, Depends(visit_of)]
"""What a route's function takes to know who asks."""

Guesting: TypeAlias = Annotated[Guest, Depends(guest_of)]
"""What a public route's function takes to know who asks, if anybody does."""
