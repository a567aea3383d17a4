"""The page: built files, held in memory; what a browser asks for is a name in a table, never a path on a disk.

A file of `assets/` has a digest in its name, so browsers keep it; the document and the icon they ask for again. Where
nothing was built every address of the page says how to build it. The policy allows scripts, styles and fonts of this
server alone, and no text becomes code: what reaches a worker's or a script's address passes `ui/src/ui/trusted.ts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from fastapi import Request, Response

from segue.model.errors import NotFound
from segue.show.api.cookies import page
from segue.show.api.routing import Routes

__all__ = ["NOT_BUILT", "PAGES", "SECTIONS", "SINGLE", "Built"]

PAGES: Final = Routes("page", prefix="")

SINGLE: Final = ("/", "/sign-in", "/missing", "/alerts", "/resources", "/audit", "/settings")
"""Addresses of the page that nothing follows."""

SECTIONS: Final = ("/dags", "/runs", "/attempts", "/backfills", "/stress")
"""Addresses of the page that a name may follow."""

_POLICY: Final = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'", "img-src 'self' data:",
    "connect-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", "trusted-types segue",
))  # fmt: skip
_TYPES: Final = {
    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml", "woff2": "font/woff2", "json": "application/json", "png": "image/png",
}  # fmt: skip
_DOCUMENT: Final = "index.html"
_ASK_AGAIN: Final = "no-cache"
_KEEP: Final = "public, max-age=31536000, immutable"
_HOW_TO_BUILD: Final = (
    "<p>The page was not built into this installation. In a checkout of Segue, <code>make ui-build</code> builds it; "
    "then start this server again.</p><p>Everything else works: the terminal (<code>segue runs</code>) and the HTTP "
    "API under <code>/api/v1</code>.</p>"
)


class Built:
    """The files of the page.

    Args:
        files: contents by name, as built: `index.html`, `assets/…`; where `NAME.gz` stands beside `NAME`, it goes to
            whoever takes it. Empty: nothing was built.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {name: (body, f'"{blake2b(body, digest_size=12).hexdigest()}"') for name, body in files.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._files and not name.endswith(".gz")

    def answer(self, request: Request, name: str) -> Response:
        """A file, as this browser takes it; without a body where it has it already.

        Args:
            request: of the browser.
            name: of a file that is there.
        """
        packed = f"{name}.gz" in self._files and _takes_gzip(request.headers.get("accept-encoding", ""))
        body, tag = self._files[f"{name}.gz" if packed else name]
        headers = {
            "ETag": tag, "Vary": "Accept-Encoding", "Content-Security-Policy": _POLICY,
            "Cache-Control": _KEEP if name.startswith("assets/") else _ASK_AGAIN,
        }  # fmt: skip
        if tag in (one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
        kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        return Response(body, headers={**headers, "Content-Type": kind})


NOT_BUILT: Final = Built({})


def _takes_gzip(accepted: str) -> bool:
    """RFC 9110, 12.5.3; a weight of 0 is a no."""
    for one in accepted.lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def show_page(request: Request) -> Response:
    """Give the document, whose script looks at the address."""
    built: Built = request.app.state.page
    return built.answer(request, _DOCUMENT) if _DOCUMENT in built else page("Segue", _HOW_TO_BUILD, 404)


async def show_icon(request: Request) -> Response:
    """Give the icon."""
    return _file(request, "icon.svg")


async def show_asset(request: Request, file: str) -> Response:
    """Give a script, a style or a font."""
    return _file(request, f"assets/{file}")


def _file(request: Request, name: str) -> Response:
    built: Built = request.app.state.page
    if name not in built:
        raise NotFound("the page has no such file: it was built anew, so load it again")
    return built.answer(request, name)


# Every address of `ui/src/routes.tsx` gives the same document; a test compares the two.
_OPTIONS: Final[dict[str, Any]] = {"public": True, "include_in_schema": False, "response_model": None}
for _path in (*SINGLE, *SECTIONS, *(f"{section}/{{rest:path}}" for section in SECTIONS)):
    PAGES.get(_path, **_OPTIONS)(show_page)
PAGES.get("/icon.svg", **_OPTIONS)(show_icon)
PAGES.get("/assets/{file}", **_OPTIONS)(show_asset)
