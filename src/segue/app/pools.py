"""Pools that a person sets; those of the settings stand below them."""

from __future__ import annotations

from collections.abc import Callable

from segue.app.errands import run_errands
from segue.app.settings import Settings
from segue.model.events import SetPool

__all__ = ["set_pool"]


def set_pool(settings: Settings, act: SetPool, warn: Callable[[str], None]) -> str:
    """Give a pool slots, or remove it: through the owner of the home, or as its owner for a moment.

    Raises:
        Refused: with the reason.
    """
    [said] = run_errands(settings, [act], warn)
    return said
