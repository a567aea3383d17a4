"""Finding and killing processes through /proc.

A process that forks while it is being killed can outrun the killer. So every process found is stopped first, until a
scan finds no new one, and only then are all of them killed.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["descendants", "kill_all", "marked", "resident"]

_PROC = Path("/proc")


def descendants(pid: int, spared: Iterable[int] = ()) -> set[int]:
    """All living descendants of `pid`, without those in `spared` and theirs. Zombies are not alive."""
    children: dict[int, list[tuple[int, bool]]] = {}
    for one in _pids():
        with suppress(OSError, ValueError, IndexError):
            state, parent = (_PROC / str(one) / "stat").read_bytes().rpartition(b")")[2].split()[:2]
            children.setdefault(int(parent), []).append((one, state not in b"ZX"))
    found, spared, todo = set(), set(spared), [pid]
    while todo:
        for child, alive in children.get(todo.pop(), ()):
            if child not in spared:
                todo.append(child)
                if alive:
                    found.add(child)
    return found


def marked(mark: bytes) -> set[int]:
    """Processes whose environment at their start held `mark` (`NAME=value`), without this one."""
    found = set()
    for one in _pids():
        with suppress(OSError):
            if mark in (_PROC / str(one) / "environ").read_bytes().split(b"\0"):
                found.add(one)
    found.discard(os.getpid())
    return found


def kill_all(find: Callable[[], set[int]], seconds: float, reap: Callable[[], object] = lambda: None) -> set[int]:
    """Kill what `find` finds until it finds nothing.

    Args:
        find: gives process ids.
        seconds: how long to try; a process in uninterruptible sleep may outlast it.
        reap: called in between, so that children of the caller do not stay as zombies.

    Returns:
        All that was killed.
    """
    killed: set[int] = set()
    end = time.monotonic() + seconds
    while found := find():
        for _ in range(50):
            _send(found, signal.SIGSTOP)
            new = find() - found
            if not new:
                break
            found |= new
        _send(found, signal.SIGKILL)
        killed |= found
        reap()
        if time.monotonic() > end:
            break
        time.sleep(0.001)
    reap()
    return killed


def resident(pid: int | str = "self") -> int:
    """Resident bytes of a process, 0 where it cannot be read."""
    with suppress(OSError, ValueError, IndexError):
        pages = int((_PROC / str(pid) / "statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _pids() -> list[int]:
    with suppress(OSError):
        return [int(name) for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208 - ten times as fast
    return []


def _send(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
