"""Connections to the outside that cannot be turned inwards (RELIABILITY, D21).

Whoever controls a target of alerts, or the name under which it is found, must not reach what only this machine can
reach: the metadata service of a cloud, services on the loopback, machines of the private network. So a name is resolved
once, the address that the socket is really connected to is judged, redirects are answers like any other failure, and
nothing answers for longer or at greater length than a receipt needs.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Event, Timer
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from segue.model.errors import EnvironmentFault, UsageError

__all__ = ["Answer", "Forbidden", "Outbound", "Resolve", "Undelivered", "resolve"]

PATIENCE: Final = 5.0
"""Seconds for each step, and for the whole of what is read."""
LONGEST: Final = 64 * 1024
"""Bytes of an answer."""

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
_IP: TypeAlias = IPv4Address | IPv6Address
_ODD_HOST: Final = re.compile(r"[\x00-\x20\x7f\\/?#@%]")
_NUMBERS: Final = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*\.?", re.IGNORECASE)
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
_INSIDE: Final = tuple(map(ip_network, ("::/96", "64:ff9b:1::/48", "192.0.0.0/24", "168.63.129.16")))
"""Public by their number, and yet the inside of a machine or a cloud."""


class Undelivered(EnvironmentFault):
    """It did not arrive, this time."""


class Forbidden(Undelivered):
    """It must not be sent there; trying again does not help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Outbound:
    """Opens connections.

    Args:
        allowed: private networks (`10.0.0.0/8`, `127.0.0.1`) and names (`hooks.internal`) that are targets too.
        patience: seconds for each step, and for all that is read together.
        resolver: gives the addresses of a name.

    Raises:
        UsageError: an entry of `allowed` is neither.
    """

    def __init__(self, allowed: Sequence[str] = (), *, patience: float = PATIENCE, resolver: Resolve = resolve) -> None:
        self.patience, self._resolve = patience, resolver
        self._networks, self._names = [], set()
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                if "/" in entry or not _is_name(entry):
                    raise UsageError(f"alert_hosts: {entry!r} is neither a network nor the name of a host") from None
                self._names.add(entry.lower())

    @contextmanager
    def connected(self, host: str, port: int, steps: int = 1) -> Iterator[socket.socket]:
        """A connection to a host, closed afterwards. It is cut when the time of so many steps is over.

        Raises:
            Forbidden: the address that it leads to is not one of the outside.
            Undelivered: there is no connection.
        """
        if not _is_name(host) and not _is_address(host):
            raise Forbidden(f"{host!r} is no name of a host")
        connection = self._connect(host, port)
        guard, late = connection.dup(), Event()  # TLS takes the descriptor of the first over
        watch = Timer(steps * self.patience, _cut, (guard, late))
        watch.daemon = True
        watch.start()
        try:
            yield connection
            if late.is_set():
                raise TimeoutError
        except (OSError, ValueError, http.client.HTTPException) as why:
            text = _words(TimeoutError() if late.is_set() else why)
            raise Undelivered(f"{host} does not answer as it should: {text}") from None
        finally:
            watch.cancel()
            watch.join()
            guard.close()
            connection.close()

    def _connect(self, host: str, port: int) -> socket.socket:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as why:
            raise Undelivered(f"{host} is not known here: {_words(why)}") from None
        last: Undelivered = Undelivered(f"{host} has no address")
        for address in dict.fromkeys(found):  # the name is not resolved again: what is judged is what is used
            self._check(host, address)
        for address in dict.fromkeys(found):
            try:
                connection = self._open(address, port)
            except OSError as why:
                last = Undelivered(f"{host} cannot be reached: {_words(why)}")
                continue
            try:
                self._check(host, str(connection.getpeername()[0]))
            except (Forbidden, OSError):
                connection.close()
                raise
            return connection
        raise last

    def _open(self, address: str, port: int) -> socket.socket:
        return socket.create_connection((address, port), self.patience)

    def _check(self, host: str, address: str) -> None:
        if host.lower().rstrip(".") in self._names:
            return
        ip = _innermost(ip_address(address.partition("%")[0]))
        if any(ip in network for network in self._networks if network.version == ip.version):
            return
        if not ip.is_global or ip.is_multicast or any(ip in network for network in _INSIDE):
            raise Forbidden(
                f"{host} leads to {ip}, which is not an address of the outside: if alerts are to go there, name it in "
                "alert_hosts of [tool.segue]"
            )

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send something by HTTP; a redirect is an answer.

        Args:
            url: `https://…` or `http://…`, without user and password.
            body: what is sent.
            headers: beside those of the protocol.

        Raises:
            Forbidden: the address is none, or leads inside.
            Undelivered: no answer came.
        """
        scheme, host, port, path = _parts(url)
        with self.connected(host, port) as plain:
            connection = plain
            if scheme == "https":
                connection = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            try:
                exchange = http.client.HTTPConnection(host, port)
                exchange.sock = connection
                exchange.request("POST", path, body, {**headers, "Connection": "close"})
                answer = exchange.getresponse()
                return Answer(answer.status, answer.read(LONGEST))
            finally:
                connection.close()


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Forbidden("its address is no URL") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\x00-\x20\x7f]", url) or not url.isascii():
        raise Forbidden("its address is no URL of the web: write https://…")
    if parts.username is not None:
        raise Forbidden("its address holds a user or password: a receiver knows us by its path or by a header")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path


def _is_name(host: str) -> bool:
    """Whether it is a name, and no address in one of the forms that only some programs read as one."""
    return bool(host) and not _ODD_HOST.search(host) and ":" not in host and not _NUMBERS.fullmatch(host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _innermost(ip: _IP) -> _IP:
    """The address that packets to it reach in the end."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _cut(connection: socket.socket, late: Event) -> None:
    late.set()
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def _words(why: Exception) -> str:
    if isinstance(why, TimeoutError):
        return "no answer in time"
    if isinstance(why, OSError) and why.strerror:
        return why.strerror
    return str(why) or type(why).__name__
