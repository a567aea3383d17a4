"""Hiding secrets in what a task says.

A secret is looked for in every form in which programs write it by habit: as it is, percent-encoded for an address, in
base64 (three alignments, because what stands before it shifts its bits), escaped as JSON or Python write strings, and
of one with several lines each line. What is found is replaced as a whole, also where two finds overlap, so that no end
of one is left standing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

__all__ = ["HIDDEN", "LEAST", "REFUSED", "Mask", "Veil", "bytes_of", "forms_of"]

HIDDEN: Final = "***"
LEAST: Final = 4
"""Characters; hiding something shorter would tear every log to pieces, so it is refused where it is set."""
REFUSED: Final = 8
"""Characters; a result that contains a secret of this length is refused, a shorter one may stand there by chance."""


def bytes_of(text: str) -> bytes:
    """The bytes that a program writes for a text; of one that cannot be written, some that are as good."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def forms_of(secret: str) -> frozenset[bytes]:
    """The byte strings that give a secret away."""
    parts = {secret, secret.strip(), *(line.strip() for line in secret.splitlines())}
    return frozenset(form for part in parts if len(part) >= LEAST for form in _written(part))


def _written(text: str) -> Iterator[bytes]:
    plain = bytes_of(text)
    yield plain
    for quoted in (quote(plain, safe=""), quote(plain), quote_plus(plain), quote(plain, safe="!$&'()*+,;=:@")):
        yield quoted.encode()
        yield _lower_escapes(quoted).encode()
    for escaped in (json.dumps(text), json.dumps(text, ensure_ascii=False), json.dumps(text).replace("/", "\\/")):
        yield bytes_of(escaped[1:-1])
    for shown in (repr(text)[1:-1], ascii(text)[1:-1], repr(plain)[2:-1]):
        yield bytes_of(shown)
    for before in range(3):
        yield from _base64(plain, before)


def _lower_escapes(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _base64(plain: bytes, before: int) -> tuple[bytes, bytes]:
    """The digits that depend on the secret alone, after so many bytes of something else."""
    digits = base64.b64encode(bytes(before) + plain)
    digits = digits[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]
    return digits, digits.translate(bytes.maketrans(b"+/", b"-_"))


class Mask:
    """Finds secrets and hides them.

    Args:
        secrets: the values; those with less than four characters are passed over.
    """

    __slots__ = ("_forms", "longest")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms = tuple(frozenset(form for secret in secrets for form in forms_of(secret)))
        self.longest = max(map(len, self._forms), default=0)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def finds(self, data: bytes) -> bool:
        """Whether a secret stands there."""
        return any(form in data for form in self._forms)

    def hide(self, data: bytes) -> bytes:
        """The same with every secret replaced."""
        spans = self._spans(data) if self._forms else []
        if not spans:
            return data
        parts: list[bytes] = []
        at = 0
        for start, stop in spans:
            parts += (data[at:start], HIDDEN.encode())
            at = stop
        return b"".join((*parts, data[at:]))

    def hide_text(self, text: str) -> str:
        """The same for a text."""
        if not self._forms:
            return text
        data = bytes_of(text)
        hidden = self.hide(data)
        return text if hidden is data else hidden.decode("utf-8", "replace")

    def hide_within(self, value: object) -> object:
        """The same for every text in a value of JSON, names of fields too."""
        match value:
            case str():
                return self.hide_text(value)
            case list():
                return [self.hide_within(one) for one in value]
            case dict():
                return {self.hide_text(str(name)): self.hide_within(one) for name, one in value.items()}
            case _:
                return value

    def safe_end(self, data: bytes, end: int) -> int:
        """The last place up to `end` at which `data` may be cut, though more of it is to come.

        No secret lies across it, neither one that is there whole nor one whose end may still come.
        """
        end = min(end, len(data) - self.longest + 1) if self._forms else end
        for start, stop in reversed(self._spans(data)):
            if start < end < stop:
                end = start
        return max(0, end)

    def _spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where secrets stand, in order, those that touch or overlap joined."""
        found: list[tuple[int, int]] = []
        for form in self._forms:
            at = data.find(form)
            while at >= 0:
                found.append((at, at + len(form)))
                at = data.find(form, at + 1)
        found.sort()
        joined: list[tuple[int, int]] = []
        for start, stop in found:
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
            else:
                joined.append((start, stop))
        return joined


class Veil:
    """What one worker's words go through: `mask` hides, what `refused` finds must not be a result.

    It only grows: a value that was replaced since may still be in the worker's memory.
    """

    __slots__ = ("_known", "mask", "refused")

    def __init__(self) -> None:
        self.mask = self.refused = Mask()
        self._known: frozenset[str] = frozenset()

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these too, from now on."""
        known = self._known.union(secrets)
        if known != self._known:
            self._known, self.mask = known, Mask(known)
            self.refused = Mask(secret for secret in known if len(secret) >= REFUSED)
