from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Final, Protocol

from pwdlib.hashers.argon2 import Argon2Hasher

from segue.model.errors import UsageError

__all__ = ["LONGEST", "SHORTEST", "Argon2", "Passwords", "check_password"]

SHORTEST: Final = 12
"""Characters."""

LONGEST: Final = 1_000
"""Characters; more would only cost us time."""

_AT_ONCE: Final = 2
"""Hashes computed at the same time: each takes 32 MiB and a core."""

_WORDS: Final = (
    "password", "passwort", "passphrase", "motdepasse", "contrasena", "senha", "wachtwoord", "parola", "letmein",
    "welcome", "willkommen", "bienvenue", "admin", "administrator", "root", "superuser", "login", "signin", "changeme",
    "secret", "geheim", "default", "guest", "test", "testing", "demo", "user", "master", "access", "iloveyou",
    "trustno", "sunshine", "princess", "monkey", "dragon", "football", "baseball", "basketball", "superman", "batman",
    "pokemon", "starwars", "whatever", "mustang", "shadow", "michael", "jennifer", "jordan", "summer", "winter",
    "spring", "autumn", "monday", "friday", "january", "december", "google", "facebook", "computer", "internet",
    "samsung", "company", "server", "postgres", "airflow", "prefect", "dagster", "segue", "correcthorsebatterystaple",
    "qwerty", "qwertz", "azerty", "asdf", "zxcv", "abc", "pass", "hello", "hallo", "temp", "my", "the", "is", "new",
)  # fmt: skip
_ROWS: Final = (
    "01234567890123456789", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnmqwertyuiop", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "147258369", "789456123",
)  # fmt: skip
_LEET: Final = str.maketrans("@4301$5!7", "aaeoissit")
_KNOWN: Final = re.compile("|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)))
_LEFT: Final = 8
"""Characters that must be left when all that everybody tries first is taken away."""
_LOOKED_AT: Final = 100
_LONGEST_ROW: Final = 26


class Passwords(Protocol):
    """Makes and compares hashes."""

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        ...

    def verify(self, password: str, kept: str | None) -> bool:
        """Whether a password fits what is kept; None takes as long, and never does."""
        ...


class Argon2:
    """Argon2id with 32 MiB and two passes (RFC 9106): about 50 ms.

    Args:
        nobody: any text, random, whose hash stands for those who have none.
    """

    def __init__(self, nobody: str) -> None:
        self._hasher = Argon2Hasher(time_cost=2, memory_cost=32_768, parallelism=1)
        self._nobody = self._hasher.hash(nobody)
        self._turn = BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        with self._turn:
            return self._hasher.hash(_plain(password))

    def verify(self, password: str, kept: str | None) -> bool:
        """Whether a password fits what is kept; None takes as long, and never does."""
        with self._turn:
            fits = self._hasher.verify(_plain(password[:LONGEST]), self._nobody if kept is None else kept)
        return fits and kept is not None


def check_password(password: str, name: str) -> None:
    """Refuse what a guesser would try.

    Args:
        password: that somebody wants to have.
        name: of theirs.

    Raises:
        UsageError: it is too short, too long, or too easy; never with the password itself.
    """
    text = _plain(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise UsageError(f"a password has at least {SHORTEST} characters, and at most {LONGEST}: take a few words")
    low = text[:_LOOKED_AT].lower()
    if any(_is_left_by(forms, name) < _LEFT for forms in (low, low.translate(_LEET))):
        raise UsageError(
            "this password is one of the first that are tried: common words, names, rows of keys and repetitions do "
            "not count; take a few words that have nothing to do with each other"
        )


def _is_left_by(text: str, name: str) -> int:
    """How much of a text nobody would try first."""
    for known in (name.lower(), *re.split(r"[^a-z0-9]+", name.lower())):
        text = text.replace(known, "") if len(known) > 2 else text
    text = _KNOWN.sub("", text)
    for length in range(min(len(text), _LONGEST_ROW), 3, -1):
        text = _without(text, length, lambda part: any(part in row or part[::-1] in row for row in _ROWS))
    text = re.sub(r"(.{1,4})\1+", r"\1", text)  # abcabcabc, aaaa
    text = re.sub(r"^\W*\d{0,4}\W*|\W*\d{0,4}\W*$", "", text)  # a year before or behind
    return len(text) if len(set(text)) > 4 else 0


def _without(text: str, length: int, known: Callable[[str], bool]) -> str:
    at = 0
    while at + length <= len(text):
        if known(text[at : at + length]):
            text = text[:at] + text[at + length :]
        else:
            at += 1
    return text


def _plain(password: str) -> str:
    """One spelling of what looks the same (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
