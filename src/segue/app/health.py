"""What an owner says about itself, from one side of its socket to the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue.model.ids import Instant
from segue.show.doors import Health
from segue.show.vitals import Hand, Turns

__all__ = ["health_of"]


def health_of(said: Mapping[str, Any], now: Instant) -> Health:
    """What an owner has answered to the question how it is.

    Args:
        said: the answer; an owner in the foreground says less.
        now: the present.
    """
    leads = bool(said.get("leading", True))
    detail = "" if leads else "it stands by: nobody leads yet"
    if not leads and said.get("leader"):
        detail = f"it stands by: {said['leader']} leads"
    if leads and said.get("draining"):
        detail = "it is being drained: nothing begins"
    turns = said.get("turns", {})
    return Health(
        leads,
        f"segue {said.get('kind', 'run')}, process {said.get('pid', 0)}",
        detail,
        Instant(said.get("turn", now)),
        said.get("workers", 0),
        said.get("alive", 0),
        said.get("ready", 0),
        Turns(tuple(turns.get("bounds", ())), tuple(turns.get("counts", ())), turns.get("total", 0.0)),
        tuple(Hand(*one) for one in said.get("crew", ())),
    )
