from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, TypeAlias

__all__ = ["Duration", "microseconds", "seconds", "show_duration"]

Duration: TypeAlias = str | timedelta

_SPELLING = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_UNITS: Final = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1_000)
_LONGEST: Final = 36_525 * 86_400_000_000
_FORMS: Final = "write '500ms', '30s', '10m', '2h', '1d', '1h30m' or a timedelta"


def microseconds(value: Duration) -> int:
    """Read a duration exactly.

    Args:
        value: `"500ms" "30s" "10m" "2h" "1d"`, larger units first where several are joined (`"1h30m"`), or a timedelta.

    Raises:
        ValueError: it is neither, is negative, or is longer than 100 years.
    """
    if isinstance(value, timedelta):
        length = value // timedelta(microseconds=1)
    elif isinstance(value, str) and value and (spelled := _SPELLING.fullmatch(value)):
        length = sum(int(count) * unit for count, unit in zip(spelled.groups(default="0"), _UNITS, strict=True))
    else:
        raise ValueError(f"{value!r} is not a duration: {_FORMS}")
    if not 0 <= length <= _LONGEST:
        raise ValueError(f"a duration lies between 0 and 100 years, {value!r} does not: {_FORMS}")
    return length


def seconds(value: Duration) -> float:
    """Read a duration as seconds; see `microseconds`."""
    return microseconds(value) / 1_000_000


def show_duration(length: int) -> str:
    """Write a duration for people: `350 ms`, `1.4 s`, `2 min 05 s`, `3 h 07 min`, `2 d 04 h`.

    Args:
        length: microseconds, 0 or more.
    """
    if length < 999_500:
        return f"{(length + 500) // 1_000} ms"
    if length < 59_950_000:
        return f"{length / 1_000_000:.1f} s"
    whole = (length + 500_000) // 1_000_000
    for unit, name, part, part_name in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min")):
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // part:02} {part_name}"
    return f"{whole // 60} min {whole % 60:02} s"
