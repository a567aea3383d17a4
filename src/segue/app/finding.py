from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `good` is None where it is worth a note; `fix` says what helps."""

    topic: str
    text: str
    good: bool | None = True
    fix: str = ""
