from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["BundleFiles"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")


class BundleFiles:
    """The code that versions were made of.

    Args:
        folder: where bundles lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self, bundle: str) -> Mapping[str, bytes] | None:
        """The files of a bundle by their path in it, None where it is not kept any more."""
        place = self._folder / bundle
        if not _NAME.fullmatch(bundle) or not place.is_dir():
            return None
        found = (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())
        return {path.relative_to(place).as_posix(): path.read_bytes() for path in found}
