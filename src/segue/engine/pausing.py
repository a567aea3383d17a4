"""Acts upon clocks: pauses, and an owner that is being drained."""

from __future__ import annotations

from segue.engine.board import Board
from segue.model.acts import Drain, PauseDags, UnpauseDags
from segue.model.errors import Refused
from segue.model.events import Request

__all__ = ["drain", "pause", "unpause"]


def pause(board: Board, request: Request, wanted: PauseDags) -> str:
    """Stop the clocks of DAGs."""
    raise Refused("not yet")


def unpause(board: Board, request: Request, wanted: UnpauseDags) -> str:
    """Let the clocks of DAGs go on."""
    raise Refused("not yet")


def drain(board: Board, wanted: Drain) -> str:
    """Let what runs come to its end, and begin nothing."""
    board.agenda.draining = wanted.on
    return "draining" if wanted.on else "going on"
