"""`python -m tests.sweep [ZONE ...]`: every change of these zones, or of all zones; exit 1 where something differs."""

import sys
import time
from datetime import timedelta
from multiprocessing import get_context

from tests.sweep.comparing import differences
from tests.sweep.walls import Window, changes, expressions, zones

_SHOWN = 3


def sweep(zone: str) -> tuple[str, int, list[str]]:
    """The number of changes of a zone, and what differs."""
    at = changes(zone)
    return zone, len(at), [one for change in at for one in differences(Window(zone, change))]


def main(names: list[str]) -> int:
    names = names or zones()
    print(f"{len(names)} zones, {len(expressions())} expressions", flush=True)
    begin, seen, wrong = time.monotonic(), 0, list[str]()
    with get_context("fork").Pool(2) as pool:
        for number, (zone, count, said) in enumerate(pool.imap_unordered(sweep, names), 1):
            seen += count
            wrong += said
            passed = time.monotonic() - begin
            left = timedelta(seconds=round(passed / number * (len(names) - number)))
            print(f"{number}/{len(names)} {zone}: {count} changes, {len(said)} differences; {left} left", flush=True)
            for one in said[:_SHOWN]:
                print(f"  {one}", flush=True)
    took = timedelta(seconds=round(time.monotonic() - begin))
    print(f"{len(names)} zones, {seen:,} changes: {len(wrong)} differences in {took}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
