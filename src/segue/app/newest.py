from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from segue.app.early import DefinitionChild, Read, errors_of
from segue.app.home import Home
from segue.app.reading import open_reading
from segue.app.settings import Settings

__all__ = ["read_again"]


def read_again(settings: Settings, dags: Collection[str]) -> list[Read]:
    """The files of these DAGs as they are now; one that is gone is left out.

    Raises:
        DefinitionError: a file cannot be read.
    """
    with open_reading(Home(settings.home)) as reading:
        places = {Path(view.location) / view.file for view in reading.dags() if view.dag in dags}
    files = sorted(place for place in places if place.is_file())
    with DefinitionChild(settings) as child:
        for file in files:
            child.ask(file)
        reads = [child.answer() for _ in files]
    for read in reads:
        for error in errors_of(read):
            raise error
    return reads
