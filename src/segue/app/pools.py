from __future__ import annotations

from msgspec.structs import replace

from segue.app.home import Home
from segue.app.reading import open_reading
from segue.app.settings import Settings
from segue.model.views import PoolView

__all__ = ["pools_of"]


def pools_of(settings: Settings) -> list[PoolView]:
    """All pools there are, by name, and what is in use; what a person has set wins over the settings."""
    with open_reading(Home(settings.home)) as reading:
        known = {view.name: view for view in reading.pools()}
    for name, slots in settings.keys.pools.items():
        view = known.get(name, PoolView(name, None))
        known[name] = replace(view, slots=slots if view.slots is None else view.slots)
    return [known[name] for name in sorted(known)]
