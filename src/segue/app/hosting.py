from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from segue.app.settings import WebTable

__all__ = ["base_of", "exposure", "is_loopback", "names_of"]

_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_ANYWHERE: Final = ("0.0.0.0", "::")


def is_loopback(host: str) -> bool:
    """Whether a server there is reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def exposure(table: WebTable, *, users: bool) -> str:
    """Why a server must not listen where the settings say, empty where it may (RELIABILITY D3).

    Args:
        table: the settings.
        users: there is somebody who can sign in.
    """
    if is_loopback(table.host):
        return ""
    where = f"{table.host} can be reached from other machines"
    if not table.public_hosts:
        return f'{where}: set public_host = "the.name.they.use" in [tool.segue.web], or leave host out'
    if not users:
        return f"{where}, and there is no user yet: make one first with `segue user add NAME`"
    return ""


def names_of(table: WebTable) -> frozenset[str]:
    """The names under which the server may be called, in lower case, without port (RELIABILITY D5)."""
    own = () if table.host in _ANYWHERE else (_bracketed(table.host.lower()),)
    return frozenset({*_LOOPBACK, *own, *table.public_hosts})


def base_of(table: WebTable, port: int) -> str:
    """The address that people use: where others call it, there is a proxy with TLS before it."""
    if is_loopback(table.host):
        return f"http://{_bracketed(table.host)}:{port}"
    return f"https://{table.public_hosts[0]}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
