"""What steers a terminal: codes that only colour are kept, everything else is dropped (RELIABILITY D13).

Dropped are cursor moves, titles, links (OSC 8), the clipboard (OSC 52), and *conceal* and *blink* among the colours:
text that is there must be seen.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["only_colours"]

_STEERING: Final = re.compile(
    r"(?:\x1b\[|\x9b)(?P<args>[0-?]*)[ -/]*(?P<end>[@-~])"  # CSI
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_PLAIN: Final = frozenset(
    {"", *map(str, (*range(5), 7, 9, *range(21, 25), 27, 29, *range(30, 38), 39, *range(40, 48), 49))}
    | {str(code) for code in (*range(90, 98), *range(100, 108))}
)
_LONGEST: Final = 40


def only_colours(text: str) -> str:
    """The same without what steers anything but colours."""
    return _STEERING.sub(_kept, text)


def _kept(found: re.Match[str]) -> str:
    args = found["args"]
    if found["end"] != "m" or args is None or len(args) > _LONGEST or not _colours(args.split(";")):
        return ""
    return f"\x1b[{args}m"


def _colours(codes: list[str]) -> bool:
    while codes:
        if codes[0] in ("38", "48"):
            count = {"5": 1, "2": 3}.get(codes[1] if len(codes) > 1 else "", 0)
            values = codes[2 : 2 + count]
            if not count or len(values) < count or not all(one.isascii() and one.isdigit() for one in values):
                return False
            codes = codes[2 + count :]
        elif codes[0] in _PLAIN:
            codes = codes[1:]
        else:
            return False
    return True
