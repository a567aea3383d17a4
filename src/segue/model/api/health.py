from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Part", "Readiness"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an installation: *scheduler*, *workers*, *store*, *dags*, *web*."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether somebody schedules and the store can be read, and how each part is."""

    ready: bool
    parts: tuple[Part, ...]
