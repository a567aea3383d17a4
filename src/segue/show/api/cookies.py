from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from segue.show.access.entering import LIFE, Entry
from segue.show.api.entrance import cookie_name

__all__ = ["clear_cookie", "on_loopback", "set_cookie"]

_LOOPBACK: Final = ("127.0.0.1", "[::1]", "localhost")


def on_loopback(request: Request) -> bool:
    """Whether the browser calls us by a name of this machine itself; the entrance has checked that name."""
    host = request.headers.get("host", "").lower()
    return any(host == name or host.startswith(f"{name}:") for name in _LOOPBACK)


def set_cookie(response: Response, request: Request, instance: str, entry: Entry) -> None:
    """Give a browser its session; over an open network only by TLS.

    Args:
        response: that carries it.
        request: that it answers.
        instance: of this installation.
        entry: what is given.
    """
    _set(response, request, cookie_name(instance), entry.cookie, LIFE // 1_000_000)


def clear_cookie(response: Response, request: Request, instance: str) -> None:
    """Take a browser's session away."""
    _set(response, request, cookie_name(instance), "", 0)


def _set(response: Response, request: Request, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=not on_loopback(request), httponly=True, samesite="lax"
    )
    response.headers["Cache-Control"] = "no-store"
