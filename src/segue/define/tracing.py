"""Which DAG is being declared: calls of tasks go to it, and errors bear its name."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Protocol

__all__ = ["Tracing", "active", "uncollected"]


class Tracing(Protocol):
    """A DAG whose calls are being recorded."""

    links: list[Any]

    @property
    def id(self) -> str: ...

    def call(self, task: Any, bound: Mapping[str, object], fan: Any = None) -> Any: ...


active: Final[ContextVar[Tracing | None]] = ContextVar("segue_dag", default=None)
"""The DAG that calls of tasks go to."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no cycles of garbage meanwhile: what is made here stays, and a quarter of the time goes into looking."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
