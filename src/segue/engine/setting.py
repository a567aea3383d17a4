"""Acts that concern no run: pools, connections and secrets."""

from __future__ import annotations

from typing import Final

from segue.engine.board import Board
from segue.model.acts import SetPool, SetSecret
from segue.model.changes import PoolSet, SecretSet
from segue.model.errors import Refused
from segue.model.events import Request
from segue.model.ids import is_id

__all__ = ["set_pool", "set_secret"]

_MOST_SLOTS: Final = 1_000_000


def set_pool(board: Board, wanted: SetPool) -> str:
    """Give a pool so many slots from now on, or take back what a person has set.

    What runs goes on: a pool that has become smaller starts nothing until there is room.

    Raises:
        Refused: it has no such name or number of slots, or there is no such pool to remove.
    """
    name, queue = wanted.name, board.queue
    if not is_id(name):
        raise Refused(f"{name!r} cannot name a pool: letters, digits, _ . - and a letter first")
    if wanted.slots is not None and not 0 <= wanted.slots <= _MOST_SLOTS:
        raise Refused(f"pool {name} cannot have {wanted.slots} slots: 0 stops it, {_MOST_SLOTS} are the most")
    if wanted.slots is None and name not in queue.pools:
        raise Refused(f"there is no pool {name}")
    queue.set_pool(name, wanted.slots)
    board.changes.append(PoolSet(name, wanted.slots, board.now))
    slots = queue.pools.get(name)
    if wanted.slots is not None:
        return f"pool {name} has {slots} slots"
    return f"pool {name} is removed" if slots is None else f"pool {name} has {slots} slots, as the settings say"


def set_secret(board: Board, request: Request, wanted: SetSecret) -> str:
    """Keep or remove what its sender has encrypted."""
    board.changes.append(
        SecretSet(wanted.kind, wanted.name, wanted.sealed, wanted.key, board.now, request.actor, wanted.was)
    )
    return f"{wanted.kind} {wanted.name} is {'removed' if wanted.sealed is None else 'kept'}"
