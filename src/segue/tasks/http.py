from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final, Unpack
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from segue.define.injection import injected
from segue.define.nodes import Node
from segue.define.options import TaskOptions
from segue.define.tasks import task
from segue.model.context import Context
from segue.model.duration import Duration, microseconds
from segue.model.errors import Fail, RetryAfter
from segue.tasks.declare import call
from segue.tasks.template import render_places

__all__ = ["http"]

_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LARGEST: Final = 100_000_000
_SCHEMES: Final = ("http", "https")


def http(
    url: str, *, method: str = "GET", query: Mapping[str, Any] | None = None, body: Any = None,
    headers: Mapping[str, str] | None = None, connection: str | None = None, wait: Duration = "60s",
    **options: Unpack[TaskOptions],
) -> Node[Any]:  # fmt: skip
    """Ask a web service; the value is its JSON, decoded, or its text.

    Args:
        url: a template; what `{{ … }}` inserts is percent-encoded. With `connection` a path below its address.
        method: of the request.
        query: added to the URL; values are templates.
        body: sent as JSON; strings in it are templates.
        headers: values are templates.
        connection: a connection with the service's address; its user and password are sent as basic authorisation.
        wait: how long the service may be silent.
        options: as for `@task`.

    Raises:
        Fail: the service refuses for good: a status 4xx other than 408, 425 and 429.
        OSError: it is away or answers 5xx; retried as `retry=` says, after the time it asks for with `Retry-After`.
    """
    known: Any = dict(options)
    if connection is not None:
        known["connections"] = [*options.get("connections", ()), connection]
    given = {
        "url": url, "method": method, "query": query, "body": body, "headers": headers, "connection": connection,
        "wait": wait,
    }  # fmt: skip
    return call(_http, given, known)


@task(id="http")
def _http(  # noqa: PLR0913  # one parameter an argument of `http`
    url: str, method: str, query: Mapping[str, Any] | None, body: Any, headers: Mapping[str, str] | None,
    connection: str | None, wait: Duration, templates: list[str], context: Context = injected,
) -> Any:  # fmt: skip
    given = {"url": url, "query": dict(query or {}), "body": body, "headers": dict(headers or {})}
    ready = render_places(given, templates, context, {"url": lambda value: quote(str(value), safe="")})
    head = {str(name): str(value) for name, value in ready["headers"].items()}
    address = ready["url"]
    if connection is not None:
        address, credentials = _below(context.connection(connection).uri, address)
        head = {**credentials, **head}
    if ready["query"]:
        address += ("&" if urlsplit(address).query else "?") + urlencode(ready["query"], doseq=True)
    if urlsplit(address).scheme not in _SCHEMES:
        raise Fail(f"url: {address!r} does not begin with http:// or https://")
    data = None
    if body is not None:
        data = json.dumps(ready["body"]).encode()
        head = {"Content-Type": "application/json", **head}
    return _answer(Request(address, data, head, method=method.upper()), microseconds(wait) / 1e6, context)  # noqa: S310


def _answer(request: Request, wait: float, context: Context) -> Any:
    shown = _shown(request.full_url)
    try:
        with urlopen(request, timeout=wait) as reply:  # noqa: S310 - the scheme was checked
            content, kind = reply.read(_LARGEST + 1), reply.headers.get_content_type()
            charset = reply.headers.get_content_charset() or "utf-8"
            context.log.info("%s %s: %d, %d bytes", request.get_method(), shown, reply.status, len(content))
    except HTTPError as why:
        with why:
            text = f"{request.get_method()} {shown}: {why.code} {why.reason}"
            if why.code not in _AGAIN:
                raise Fail(text) from None
            after = why.headers.get("Retry-After", "")
            raise (RetryAfter(int(after), text) if after.isdigit() else OSError(text)) from None
    except (URLError, HTTPException, TimeoutError) as why:
        raise OSError(f"{request.get_method()} {shown}: {getattr(why, 'reason', why)}") from None
    if len(content) > _LARGEST:
        raise Fail(f"{shown} answers with more than {_LARGEST:,} bytes: fetch it in a task of your own, to a file")
    if kind == "application/json" or kind.endswith("+json"):
        return json.loads(content)
    return content.decode(charset, errors="replace")


def _below(base: str, path: str) -> tuple[str, dict[str, str]]:
    """The address below a connection's, without credentials, and the header that carries them."""
    parts = urlsplit(base)
    plain = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/") + "/", parts.query, ""))
    credentials = {}
    if parts.username is not None:
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials["Authorization"] = f"Basic {b64encode(words.encode()).decode()}"
    return urljoin(plain, path.lstrip("/")), credentials


def _shown(url: str) -> str:
    """A URL for logs and errors: without credentials and query, where keys are often kept."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
