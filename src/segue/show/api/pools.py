from __future__ import annotations

from typing import Final

from fastapi import Response

from segue.model.access import Role
from segue.model.acts import SetPool
from segue.model.api.acts import PutPool
from segue.model.api.outcomes import ObjectPlan, Outcome
from segue.show.api.asking import ANSWERS, ask, errand
from segue.show.api.routing import Of, Routes, encoded
from segue.show.api.visiting import Visiting

__all__ = ["POOLS"]

POOLS: Final = Routes("configure")
_ACTS: Final = {
    "needs": Role.OPERATOR, "of": Of.EVERYTHING, "responses": ANSWERS, "response_model": Outcome | ObjectPlan,
}  # fmt: skip


@POOLS.put("/pools/{name}", asks=PutPool(4), **_ACTS)
def set_pool(visit: Visiting, name: str, body: PutPool) -> Response:
    """Give a pool so many slots; those of the settings file are a start that this overrides."""
    if body.dry_run:
        return encoded(ObjectPlan("set pool", (name,), notes=(f"{name} would have {body.slots} slots",)))
    return ask(visit, [errand(visit, name, SetPool(name, body.slots))])


@POOLS.delete("/pools/{name}", **_ACTS)
def remove_pool(visit: Visiting, name: str, dry_run: bool = False) -> Response:
    """Take back what a person has set for a pool."""
    if dry_run:
        return encoded(ObjectPlan("remove pool", (name,)))
    return ask(visit, [errand(visit, name, SetPool(name, None))])
