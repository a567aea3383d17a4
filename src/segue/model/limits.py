"""What the machine and its owner allow."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

__all__ = ["NO_SETTINGS", "Guards", "Limits"]

Guards: TypeAlias = Literal["hold", "warn", "off"]


class Limits(msgspec.Struct, frozen=True, gc=False):
    """What the settings say about how much may run at once, and how strict the guards of this environment are.

    Args:
        pools: (name, slots) of the pools in the settings; those set by a person (`Snapshot.pools`) win.
        resources: (name, amount) that attempts may use together, memory in bytes. A task that asks for what is not
            named here never runs, and says so.
        guards: *hold* as declared, *warn* instead of hold, *off*: none.
        backfill_reserve: slots of every pool, and workers, kept free of backfills where there are at least four.
        hold_reminder: microseconds after which a held task is told of once more.
        results: microseconds for which what a run has stored is kept after its end.
    """

    pools: tuple[tuple[str, int], ...] = ()
    resources: tuple[tuple[str, int], ...] = ()
    guards: Guards = "hold"
    backfill_reserve: int = 1
    hold_reminder: int = 3_600_000_000
    results: int = 14 * 86_400_000_000


NO_SETTINGS: Final = Limits()
"""What counts where nothing is set."""
