"""Who may do what: roles, grants, and whoever speaks (decision 0036)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from segue.model.ids import Instant

__all__ = ["ALL", "Grant", "Principal", "Role", "Subject"]

ALL = "*"
"""The selection of every DAG, and of what belongs to none."""


class Role(StrEnum):
    """What somebody may do; each may also what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    AUTHOR = "author"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Its place in that order, from 0."""
        return _ORDER.index(self)


_ORDER = tuple(Role)


class Grant(msgspec.Struct, frozen=True, gc=False):
    """A role on what a selection names: `*`, `orders_*`, `tag:retail`, `owner:dana`, `location:finance`."""

    role: Role
    select: str = ALL


class Principal(msgspec.Struct, frozen=True, gc=False):
    """Whoever speaks.

    Args:
        name: of the user, or `user/token` for one of their tokens; written into every audit row.
        grants: what they may do; of a token never more than its user.
        via: how they were recognised.
        key: public id of the session or token, by which it is ended.
        csrf: what a session's unsafe requests must carry; empty for a token.
        until: when the session or token ends by itself.
        must_set_password: signed in by a link and has none yet.
    """

    name: str
    grants: tuple[Grant, ...]
    via: Literal["session", "token"] = "session"
    key: str = ""
    csrf: str = ""
    until: Instant | None = None
    must_set_password: bool = False


class Subject(msgspec.Struct, frozen=True, gc=False):
    """A DAG, as far as grants speak of it."""

    dag: str
    location: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
