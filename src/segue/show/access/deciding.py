"""The one place that knows who may do what."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from segue.model.access import ALL, Grant, Principal, Role, Subject
from segue.model.errors import UsageError
from segue.resolve.selection import fits

__all__ = ["check_grant", "decide", "decide_grants", "scoped", "visible"]

_SORTS: Final = ("tag", "owner", "location")
_LONGEST: Final = 500


def decide(principal: Principal, role: Role, subject: Subject | None) -> bool:
    """Say whether somebody may do what needs a role.

    Args:
        principal: who speaks.
        role: that is needed.
        subject: the DAG it is done to; None: it belongs to none, so only a grant on everything counts.
    """
    return decide_grants(principal.grants, role, subject)


def decide_grants(grants: Iterable[Grant], role: Role, subject: Subject | None) -> bool:
    """Say whether grants give a role on a subject; see `decide`."""
    return any(grant.role.rank >= role.rank and fits(grant.select, partial(_names, subject)) for grant in grants)


def visible(principal: Principal, role: Role, subjects: Iterable[Subject]) -> frozenset[str] | None:
    """The ids of the DAGs on which somebody has a role; None: on all, and on what belongs to none.

    Args:
        principal: who speaks.
        role: that is needed.
        subjects: every DAG.
    """
    if decide(principal, role, None):
        return None
    return frozenset(subject.dag for subject in subjects if decide(principal, role, subject))


def scoped(grants: Iterable[Grant], scope: Grant) -> tuple[Grant, ...]:
    """What grants leave of a scope: of each the lesser role, on what both name.

    Args:
        grants: of a user.
        scope: of one of their tokens.
    """
    return tuple(
        Grant(min(grant.role, scope.role, key=lambda role: role.rank), _both(grant.select, scope.select))
        for grant in grants
    )


def check_grant(role: str, select: str) -> Grant:
    """A grant as a person has written it.

    Raises:
        UsageError: there is no such role, or the selection names nothing that could be.
    """
    if role not in tuple(Role):
        raise UsageError(f"there is no role {role!r}: there are {', '.join(Role)}")
    words = [word.strip() for part in select.split(",") for word in part.split("&")]
    if not all(words) or len(select) > _LONGEST or not select.isprintable():
        raise UsageError(f"{select[:_LONGEST]!r} is no selection: write `*`, 'orders_*', tag:retail, location:finance")
    for word in words:
        sort, colon, name = word.partition(":")
        if colon and (sort not in _SORTS or not name):
            raise UsageError(
                f"a grant knows no {word!r}: write {', '.join(f'{sort}:NAME' for sort in _SORTS)} or a glob"
            )
    return Grant(Role(role), ",".join("&".join(word.strip() for word in part.split("&")) for part in select.split(",")))


def _names(subject: Subject | None, word: str) -> bool:
    if subject is None:
        return word == ALL
    sort, colon, name = word.partition(":")
    if not colon:
        return fnmatchcase(subject.dag, word)
    match sort:
        case "tag":
            return any(fnmatchcase(tag, name) for tag in subject.tags)
        case "owner":
            return bool(subject.owner) and fnmatchcase(subject.owner, name)
        case "location":
            return bool(subject.location) and fnmatchcase(subject.location, name)
        case _:
            return False


def _both(one: str, other: str) -> str:
    """What both selections name: `&` binds closer than `,`, so each part of one meets each of the other."""
    if ALL in (one, other) or one == other:
        return other if one == ALL else one
    return ",".join(f"{left}&{right}" for left in one.split(",") for right in other.split(","))
