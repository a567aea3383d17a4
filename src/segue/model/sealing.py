"""Secret params of a run: encrypted before the run exists, decrypted for the attempts that run in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from segue.model.value import decode

__all__ = ["SEALED", "has_sealed", "mark_sealed", "sealed_params", "text_of"]

SEALED: Final = b"segue:sealed:"
"""Begins the value of a secret param; what follows is its ciphertext."""


def mark_sealed(ciphertext: bytes) -> bytes:
    """The value that stands for a secret param."""
    return SEALED + ciphertext


def has_sealed(params: bytes) -> bool:
    """Whether the encoded params of a run may have a secret one among them; cheap."""
    return SEALED in params


def sealed_params(params: bytes) -> Mapping[str, bytes]:
    """The ciphertexts in the encoded params of a run, by name."""
    if not has_sealed(params):
        return {}
    values = decode(params)
    return {
        name: value.removeprefix(SEALED)
        for name, value in values.items()
        if isinstance(value, bytes) and value.startswith(SEALED)
    }


def text_of(value: str) -> str:
    """What must be hidden of the value of a secret param, given as JSON: the text itself where it is one."""
    found = msgspec.json.decode(value)
    return found if isinstance(found, str) else value
