"""How many tries a guesser has (NIST SP 800-63B, 3.2.2: at most 100 in a row).

A try counts as failed before the password is looked at, and is forgiven when it fits: so a hundred tries at once are a
hundred tries. Only who comes from one address waits; the account's owner enters from elsewhere meanwhile, until the
hundredth failure closes its password.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.model.ids import Instant
from segue.store.access.book import Strikes

__all__ = ["CEILING", "FREE", "PER_MINUTE", "Throttled", "judge", "origin_of"]

FREE: Final = 5
"""Failures of an account from an address before it waits."""

PER_MINUTE: Final = 20
"""Tries from an address, whatever the account."""

CEILING: Final = 100
"""Failures in a row that close the password of an account."""

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_LONGEST: Final = 900 * _SECOND
_DAY: Final = 86_400 * _SECOND


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many tries.

    Args:
        seconds: to wait; 0 where waiting does not help.
    """

    seconds: int

    @property
    def closed(self) -> bool:
        """Whether the password of the account is closed until somebody sets another."""
        return self.seconds == 0


def judge(found: Sequence[Strikes | None], now: Instant) -> Throttled | tuple[Strikes, Strikes, Strikes]:
    """Say whether one more try may be made, and what counts then.

    Args:
        found: against the account, the address, and both together.
        now: the present.
    """
    account, address, pair = found
    if account is not None and account.count >= CEILING:
        return Throttled(0)
    address = _begun(address, now, _MINUTE)
    pair = _begun(pair, now, _DAY, by_last=True)
    wait = address.since + _MINUTE - now if address.count >= PER_MINUTE else 0
    if pair.count >= FREE:
        delay = min(_SECOND << min(pair.count - FREE, 10), _LONGEST)
        wait = max(wait, pair.at + delay - now)
    if wait > 0:
        return Throttled(-(-wait // _SECOND))
    account = Strikes(0, now, now) if account is None else account
    return _one_more(account, now), _one_more(address, now), _one_more(pair, now)


def origin_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits that one customer has."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))


def _begun(strikes: Strikes | None, now: Instant, length: int, *, by_last: bool = False) -> Strikes:
    """Those that still count; a clock that was set back begins anew."""
    if strikes is None or not 0 <= now - (strikes.at if by_last else strikes.since) < length:
        return Strikes(0, now, now)
    return strikes


def _one_more(strikes: Strikes, now: Instant) -> Strikes:
    return Strikes(strikes.count + 1, strikes.since, now)
