"""From acts to an answer: ids that a repeated request has again, the owner's word on each object, the status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from fastapi import Response

from segue.model.acts import Act
from segue.model.api.outcomes import Done, Outcome, Pending, Refusal
from segue.model.errors import UsageError
from segue.model.events import Origin, Request
from segue.model.limits import Limits
from segue.show.api.problems import Fault, problem_about, problem_response
from segue.show.api.routing import PREFIX, encoded
from segue.show.api.visiting import Visit
from segue.show.api.wording import plain
from segue.show.plans.rehearsing import rehearse

__all__ = [
    "ANSWERS", "Errand", "ask", "check_reason", "errand", "example_of", "id_for", "origin_of", "rehearsed",
]  # fmt: skip

_PATIENCE: Final = 5.0  # seconds
_LONGEST_REASON: Final = 2_000
_TOLD: Final = 50

ANSWERS: Final = {202: {"model": Outcome, "description": "not answered yet: `pending` says where it will be"}}
"""What acting routes tell OpenAPI beside their own answer."""


def example_of(named: str, text: str, run: str | None = None) -> Outcome:
    """An answer, as OpenAPI shows it."""
    return Outcome((Done(named, text, "3f7a90c1d2b84e65a1f0c9d8e7b6a594", run),))


@dataclass(frozen=True, slots=True)
class Errand:
    """One act on one object, with the id of its request."""

    object: str
    request: str
    act: Act


def errand(visit: Visit, named: str, act: Act) -> Errand:
    """An act with its request's id."""
    return Errand(named, id_for(visit, type(act).__name__, named), act)


def id_for(visit: Visit, act: str, named: str) -> str:
    """The id of a request: with an `Idempotency-Key` the same whenever the same caller asks for the same.

    Args:
        visit: of the caller.
        act: its kind.
        named: the object.
    """
    if visit.repeat is None:
        return visit.doors.draw()
    claim = (visit.repeat.key, str(visit.repeat.at))
    return blake2b("\0".join((*claim, act, named)).encode(), digest_size=16).hexdigest()


def origin_of(visit: Visit, reason: str, selection: str = "") -> Origin:
    """Where requests come from, for the audit: those of one act on a selection have one parent."""
    return Origin(reason, id_for(visit, "selection", selection) if selection else "", selection)


def check_reason(reason: str, *, needed: bool = False) -> None:
    """Refuse what is no reason.

    Raises:
        UsageError: it is too long, or empty where one is needed.
    """
    if len(reason) > _LONGEST_REASON:
        raise UsageError(f"body.reason has {len(reason):,} characters, {_LONGEST_REASON:,} are the most")
    if needed and not reason.strip():
        raise UsageError("body.reason is empty: say why, it is kept")


def rehearsed(
    visit: Visit, errands: Sequence[Errand], refused: Sequence[Refusal], dags: Iterable[str],
    plan: Callable[[list[Errand], tuple[Refusal, ...], list[str]], object],
) -> Response:  # fmt: skip
    """Answer what acts would do, as the owner decides it now; what it would refuse whole is a conflict here too.

    Args:
        visit: of the caller.
        errands: what would be asked for.
        refused: objects that are left out already.
        dags: that they are about.
        plan: made of what would be done, what would not, and what the owner would say.
    """
    house = visit.doors.house
    limits = Limits(backfill_reserve=house.reserve, results=house.results)
    requests = [Request(one.request, visit.actor, one.act) for one in errands]
    with visit.reading() as reading:
        answers = rehearse(reading, requests, dags, visit.now, limits)
    told = [(one, ok, plain(text)) for one in errands for ok, text in (answers.get(one.request, (True, "")),)]
    left = (*refused, *(Refusal(one.object, text) for one, ok, text in told if not ok))
    good = [one for one, ok, _ in told if ok]
    if left and not good:
        return _answer(Outcome((), left))
    return encoded(plan(good, left, [text for _, ok, text in told if ok and text]))


def ask(
    visit: Visit, errands: Sequence[Errand], refused: Sequence[Refusal] = (), origin: Origin | None = None,
    finish: Callable[[Done], Done] = lambda done: done,
) -> Response:  # fmt: skip
    """Have the owner carry acts out, and answer.

    Args:
        visit: of the caller.
        errands: what is asked for.
        refused: objects that are left out already.
        origin: for the audit.
        finish: adds to what was done what only this act knows.

    Raises:
        NoOwner: nobody can be asked.
    """
    outcome = _outcome(visit, errands, refused, origin or Origin(), finish)
    if outcome.pending:
        answer = encoded(outcome, status=202)
        answer.headers["Location"] = outcome.pending[0].url
        return answer
    answer = _answer(outcome)
    if visit.repeat is not None:
        visit.repeat.keep(answer.status_code, bytes(answer.body))
    return answer


def _answer(outcome: Outcome) -> Response:
    """Where everything is refused that is a conflict."""
    if outcome.refused and not outcome.done:
        faults = tuple(Fault(one.object, one.why) for one in outcome.refused[:_TOLD])
        return problem_response(problem_about(409, "; ".join(dict.fromkeys(one.detail for one in faults)), faults))
    return encoded(outcome)


def _outcome(
    visit: Visit, errands: Sequence[Errand], refused: Sequence[Refusal], origin: Origin, finish: Callable[[Done], Done]
) -> Outcome:
    done: list[Done] = []
    left, pending = list(refused), []
    requests = [Request(one.request, visit.actor, one.act, origin=origin) for one in errands]
    replies = visit.doors.desk.ask(requests, _PATIENCE) if requests else []
    for one, reply in zip(errands, replies, strict=True):
        if reply is None:
            visit.doors.asked.note(one.request, visit.actor, type(one.act).__name__)
            pending.append(Pending(one.object, one.request, f"{PREFIX}/requests/{one.request}"))
        elif reply.ok:
            run = None if reply.run is None else str(reply.run)
            done.append(finish(Done(one.object, reply.text, one.request, run)))
        else:
            left.append(Refusal(one.object, plain(reply.text), one.request))
    return Outcome(tuple(done), tuple(left), tuple(pending))
