"""Nothing that an attempt reports becomes an event with a secret in it (I25)."""

from __future__ import annotations

from typing import assert_never

import msgspec

from segue.model.events import (
    Asked,
    Cancelled,
    Deferred,
    Ended,
    Failure,
    Followed,
    Held,
    Lost,
    Outcome,
    Skipped,
    StartsRun,
    StateSet,
    Value,
)
from segue.model.masking import Mask, Veil

__all__ = ["veiled", "veiled_question"]

_REFUSED = Failure("unstorable", "its result contains a secret: return something else, or a reference", retryable=False)


def veiled(event: Ended | Lost, veil: Veil) -> Ended | Lost:
    """The end of an attempt without its secrets: texts lose them, a result that holds one is refused.

    The child refuses such a result itself and names the place inside the value; what is compared here is the encoding.
    """
    mask, usage = veil.mask, event.usage
    if not mask:
        return event
    usage = msgspec.structs.replace(
        usage,
        notes=tuple(map(mask.hide_text, usage.notes)),
        source=mask.hide_text(usage.source),
        refused=tuple(map(mask.hide_text, usage.refused)),
    )
    if isinstance(event, Lost):
        return msgspec.structs.replace(event, usage=usage)
    return msgspec.structs.replace(event, usage=usage, outcome=_veiled_outcome(event.outcome, veil))


def veiled_question(event: Asked, veil: Veil) -> Asked:
    """A question without its secrets; a state that holds one is hidden, the child refuses it before."""
    mask = veil.mask
    if not mask or not isinstance(event.what, StateSet):
        return event
    what = StateSet(mask.hide_text(event.what.name), mask.hide_text(event.what.value))
    return msgspec.structs.replace(event, what=what)


def _veiled_outcome(outcome: Outcome, veil: Veil) -> Outcome:
    mask = veil.mask
    match outcome:
        case Failure(kind, text):
            return msgspec.structs.replace(outcome, kind=mask.hide_text(kind), text=mask.hide_text(text))
        case Skipped(why):
            return Skipped(mask.hide_text(why))
        case Value():
            return _REFUSED if _tells(outcome, veil.refused) else outcome
        case Followed(_, value):
            return _REFUSED if _tells(value, veil.refused) else outcome
        case Held(text=text, value=value, staged=staged):
            if _tells(value, veil.refused) or veil.refused.finds(staged):
                return _REFUSED
            return msgspec.structs.replace(outcome, text=mask.hide_text(text))
        case Deferred(steps):
            told = any(_tells(Value(step.inline, step.ref), veil.refused) for step in steps)
            return _REFUSED if told else outcome
        case StartsRun():
            return _REFUSED if veil.refused.finds(outcome.params) else outcome
        case Cancelled():
            return outcome
        case _:
            assert_never(outcome)


def _tells(value: Value, refused: Mask) -> bool:
    return any(refused.finds(part) for part in (value.inline or b"", value.ref or b"", value.preview))
