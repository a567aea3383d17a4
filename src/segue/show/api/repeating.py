"""Requests that come again: with the same `Idempotency-Key` the same request has the same answer, and another one none.

The first to use a key claims it, for a day and for this caller. The ids of its requests to the owner follow from the
claim, so that whoever comes before the answer asks for the same; the answer is kept and given again, also where the
selection would mean something else by then. What was refused before anything was asked for gives the key back.
(IETF draft-ietf-httpapi-idempotency-key-header: another payload under a used key is 422.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Final, TypeVar

from fastapi import Response

from segue.model.errors import UsageError
from segue.model.moment import iso_utc
from segue.show.api.visiting import Repeat, Visit

__all__ = ["once", "with_body"]

_LONGEST: Final = 200
_Result = TypeVar("_Result")


def with_body(visit: Visit, body: bytes) -> Visit:
    """A visit that says more of what was sent.

    Args:
        visit: of the request.
        body: the same for whatever means the same.
    """
    return replace(visit, sent=visit.sent + b"\0" + body) if visit.key else visit


def once(visit: Visit, act: Callable[[Visit], _Result]) -> _Result | Response:
    """Carry a request out, or give the answer it has had.

    Args:
        visit: of the request; without a key it is carried out whenever it comes.
        act: carries it out.

    Raises:
        UsageError: the key was used for another request, or is too long.
    """
    if not visit.key:
        return act(visit)
    if len(visit.key) > _LONGEST:
        raise UsageError(f"the Idempotency-Key is longer than {_LONGEST} characters")
    claims, key = visit.doors.claims, blake2b("\0".join((visit.actor, visit.key)).encode(), digest_size=16).hexdigest()
    # Bodies may hold secrets: who has the table and no key of the caller's cannot try what fits.
    digest = blake2b(visit.sent, digest_size=16, key=blake2b(visit.key.encode()).digest()).digest()
    claim = claims.claim(key, digest, visit.now)
    if claim.digest != digest:
        raise UsageError(
            f"this Idempotency-Key was used for another request at {iso_utc(claim.at)}: send that one again as it was, "
            "or this one with a key of its own"
        )
    if claim.status:
        return _again(claim.status, claim.answer)
    try:
        return act(replace(visit, repeat=Repeat(claims, key, claim.at)))
    except UsageError:
        if claim.at == visit.now:  # nobody before us may be about to act
            claims.release(key)
        raise


def _again(status: int, body: str) -> Response:
    return Response(body, status, None, "application/json" if status == 200 else "application/problem+json")
