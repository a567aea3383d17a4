"""The address of a system outside: `postgresql://user:password@host:5432/database?sslmode=require`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from segue.model.errors import UsageError
from segue.model.masking import HIDDEN, LEAST, Mask

__all__ = ["Address", "check_maskable"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SENSITIVE: Final = re.compile(r"pass|pwd|secret|token|key|credential|signature|^sig$", re.IGNORECASE)
_BROKEN: Final = "the address is no URI: percent-encode `/ : @ # ?` in its user and password"
_WEB: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """One address, taken apart. What is no `scheme://…` is kept whole and is a secret as a whole.

    Args:
        uri: the whole address, with credentials.
        scheme: `postgresql`, `https`, …; empty where it is no URI.
        host, port, user, password, database: percent-decoded; None where they are not given. Several hosts, `a:1,b:2`,
            are one `host` without port.
        extras: what stands after the question mark.
    """

    uri: str
    scheme: str = ""
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = None
    database: str | None = None
    extras: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, uri: str) -> Address:
        """Take an address apart.

        Raises:
            UsageError: its port is no number, its brackets do not match, or its password is not percent-encoded. The
                message does not quote it.
        """
        if not _SCHEME.match(uri):
            return cls(uri)
        try:
            parts = urlsplit(uri)
            hosts = parts.netloc.rpartition("@")[2]
            several = "," in hosts
            host, port = (hosts, None) if several else (parts.hostname, parts.port)
        except ValueError:
            raise UsageError(_BROKEN) from None
        rest = parts.path + parts.query + parts.fragment
        if port is not None and "@" not in parts.netloc and "@" in rest:
            raise UsageError(_BROKEN)  # a password with a slash looks like a port and a path
        return cls(
            uri, parts.scheme, host, port, _decoded(parts.username), _decoded(parts.password),
            _decoded(parts.path[1:]), MappingProxyType(dict(parse_qsl(parts.query))),
        )  # fmt: skip

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it must not be shown."""
        if not self.scheme:
            return (self.uri,)
        found = [value for name, value in self.extras.items() if _SENSITIVE.search(name)]
        if self.password is not None:
            found += (self.password, urlsplit(self.uri).password or "")
        elif self.scheme in _WEB and self.user is not None:
            found.append(self.user)  # a token stands there
        return tuple(dict.fromkeys(one for one in found if one))

    @property
    def shown(self) -> str:
        """The address without its secrets."""
        return Mask(self.secrets).hide_text(self.uri) if self.scheme else HIDDEN

    def __repr__(self) -> str:
        return f"Address({self.shown})"


def check_maskable(what: str, secrets: tuple[str, ...]) -> None:
    """Refuse what is too short to be hidden in logs.

    Args:
        what: names it in the message: `secret api_key`, `the password of connection shop`.
        secrets: the values.

    Raises:
        UsageError: one has less than four characters.
    """
    if any(len(secret.strip()) < LEAST for secret in secrets):
        raise UsageError(f"{what} has less than {LEAST} characters: it cannot be hidden in logs. Give it a longer one")


def _decoded(text: str | None) -> str | None:
    return unquote(text) if text else None
