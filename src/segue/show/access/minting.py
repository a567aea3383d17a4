"""Secrets that are shown once: a public id to look them up by, 256 random bits, of which only a digest is kept."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from secrets import compare_digest
from typing import Final

__all__ = ["Mint", "Minted", "csrf_of", "fits", "read_secret", "read_token"]

_KEY: Final = "[0-9a-f]{16}"
_SECRET: Final = "[A-Za-z0-9_-]{43}"
_COOKIE: Final = re.compile(f"({_KEY})\\.({_SECRET})", re.ASCII)
_TOKEN: Final = re.compile(f"segue_({_KEY})_({_SECRET})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Minted:
    """A new secret.

    Args:
        key: its public id.
        secret: what only its holder has.
        digest: what is kept.
    """

    key: str
    secret: str
    digest: bytes

    @property
    def text(self) -> str:
        """As cookies and links carry it."""
        return f"{self.key}.{self.secret}"

    @property
    def token(self) -> str:
        """As scripts carry it: whoever looks for leaked tokens knows it by its beginning."""
        return f"segue_{self.key}_{self.secret}"


class Mint:
    """Makes secrets.

    Args:
        draw: gives so many random bytes.
    """

    def __init__(self, draw: Callable[[int], bytes]) -> None:
        self._draw = draw

    def make(self) -> Minted:
        """A new one."""
        secret = urlsafe_b64encode(self._draw(32)).rstrip(b"=").decode()
        return Minted(self._draw(8).hex(), secret, _digest_of(secret))


def read_secret(text: str) -> tuple[str, str] | None:
    """Public id and secret of a cookie or link, None where it is none."""
    found = _COOKIE.fullmatch(text)
    return None if found is None else (found[1], found[2])


def read_token(text: str) -> tuple[str, str] | None:
    """Public id and secret of a token, None where it is none."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else (found[1], found[2])


def fits(secret: str, digest: bytes) -> bool:
    """Whether it is the secret of which that is kept; takes the same time whatever is wrong."""
    return compare_digest(_digest_of(secret), digest)


def csrf_of(secret: str) -> str:
    """What unsafe requests of a session must carry; who knows it does not know the cookie."""
    return hashlib.sha256(b"csrf " + secret.encode()).hexdigest()


def _digest_of(secret: str) -> bytes:
    # No slow hash is needed: nobody guesses 256 random bits.
    return hashlib.sha256(secret.encode()).digest()
