from __future__ import annotations

from typing import Final

from fastapi import Request, Response
from starlette.responses import HTMLResponse

from segue.show.access.entering import LIFE, Entry
from segue.show.api.entrance import cookie_name
from segue.show.api.visiting import Guest

__all__ = ["clear_cookie", "leave", "on_loopback", "page", "put_cookie", "set_cookie"]

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}
_HTML: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Segue: {title}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body><h1>{title}</h1>{body}</body></html>
"""
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
    put_cookie(response, request, cookie_name(instance), entry.cookie, LIFE // 1_000_000)


def clear_cookie(response: Response, request: Request, instance: str) -> None:
    """Take a browser's session away."""
    put_cookie(response, request, cookie_name(instance), "", 0)


def put_cookie(response: Response, request: Request, name: str, value: str, seconds: int, path: str = "/") -> None:
    """Set a cookie that no script reads; 0 seconds take it away."""
    response.set_cookie(
        name, value, max_age=seconds, path=path, secure=not on_loopback(request), httponly=True, samesite="lax"
    )
    response.headers["Cache-Control"] = "no-store"


def leave(guest: Guest) -> None:
    """End the session that a browser had before: who planted its cookie must not come in with us."""
    if guest.principal is not None and guest.principal.via == "session":
        guest.doors.gate.entering.sign_out(guest.principal, guest.now, guest.address)


def page(title: str, body: str, status: int = 200) -> Response:
    """A page that needs nothing else.

    Args:
        title: plain text of ours.
        body: HTML; what is not ours is escaped by whoever calls.
        status: of HTTP.
    """
    return HTMLResponse(_HTML.format(title=title, body=body), status, _HEADERS)
