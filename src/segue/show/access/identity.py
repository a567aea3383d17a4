"""Signing in elsewhere: what a provider of identities tells, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from segue.model.access import Grant
from segue.model.ids import Instant

__all__ = ["Begun", "Claimed", "Identity", "Return", "awaited"]


def awaited(name: str) -> str:
    """What stands for the subject of a user who is to come from the provider and has not come yet."""
    return f"awaited:{name}"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send a browser, and what it must still have when it comes back."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Return:
    """What a browser that comes back brings along, as it stands in its address and its cookie."""

    code: str = ""
    state: str = ""
    error: str = ""
    issuer: str = ""
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who somebody is at the provider.

    Args:
        subject: the same for ever, and of nobody else.
        name: what they are to be called here.
        grants: what their groups give them; None: that is decided here.
    """

    subject: str
    name: str
    grants: tuple[Grant, ...] | None


class Identity(Protocol):
    """A provider of identities."""

    def begin(self, callback: str) -> Begun:
        """Begin to sign somebody in.

        Args:
            callback: the address that the provider sends them back to.

        Raises:
            EnvironmentFault: the provider does not answer.
        """
        ...

    def finish(self, back: Return, callback: str, now: Instant) -> Claimed:
        """Find out who came back.

        Raises:
            Forbidden: it cannot be believed, with the reason.
            EnvironmentFault: the provider does not answer.
        """
        ...
