from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.app.settings import Settings
from segue.model.api.standing import Setting

__all__ = ["shown"]

_TOLD: Final = frozenset({
    "backfill_reserve", "dags", "definition_memory", "definition_timeout", "executor", "grace", "hold_reminder",
    "log_format", "log_level", "log_limit", "queue_ahead", "timezone", "worker_price", "workers",
})  # fmt: skip
"""Settings that nobody writes a password into. Of all others, also of those to come, only the name is told."""


def shown(settings: Settings) -> tuple[Setting, ...]:
    """What is set and where, for whoever may see it: names, and values only where no secret can hide (RELIABILITY D9).

    Args:
        settings: in force.
    """
    return tuple(_shown(settings))


def _shown(settings: Settings) -> Iterator[Setting]:
    for name in settings.keys.__struct_fields__:
        value = getattr(settings.keys, name)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        told = name in _TOLD and value is not None
        yield Setting(name, settings.origin.get(name, "default"), text if told else None)
