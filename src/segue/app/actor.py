"""Who asks, and under which number."""

from __future__ import annotations

import os
import secrets
from getpass import getuser

__all__ = ["actor_here", "new_id"]


def new_id() -> str:
    """The id of a new request."""
    return secrets.token_hex(8)


def actor_here() -> str:
    """In whose name this process asks."""
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())
