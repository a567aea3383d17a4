from __future__ import annotations

import re
from typing import Final

__all__ = ["bytes_of", "show_bytes"]

_UNITS: Final = {
    "": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip
_FORM: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?I?B)?", re.IGNORECASE)
_MOST: Final = 2**62


def bytes_of(size: str | int) -> int:
    """A number of bytes from what people write: `"2GB"` (10⁹), `"512MiB"` (2²⁰), `1_000_000`.

    Raises:
        ValueError: it is no size, not above zero, or beyond any machine.
    """
    wanted = "a size above zero is wanted: '2GB', '512MiB', or a number of bytes"
    if isinstance(size, bool) or not isinstance(size, str | int):
        raise ValueError(f"{size!r}: {wanted}")
    found = _FORM.fullmatch(str(size).strip())
    if found is None:
        raise ValueError(f"{size!r}: {wanted}")
    count = round(float(found[1]) * _UNITS[(found[2] or "").upper()])
    if not 0 < count <= _MOST:
        raise ValueError(f"{size!r}: {wanted}")
    return count


def show_bytes(count: int) -> str:
    """A size for people: `2 GB`, `1.5 MB`, `900 B`."""
    for name in ("TB", "GB", "MB", "KB"):
        if count >= _UNITS[name]:
            return f"{count / _UNITS[name]:.3g} {name}"
    return f"{count} B"
