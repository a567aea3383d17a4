"""Memory: what an attempt may use, and whether one died for want of it.

A limit is kept by a control group of the worker's own where one can be made: the kernel then counts what the worker and
all its descendants touch, and stops them at the limit. It kills one process of them, whichever it likes; so the rest of
the tree is killed here. Where no group can be made the tree's resident memory is added up every so often.

The kernel says that it has killed for want of memory to nobody but its counters.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from segue.run.processes import descendants, resident

__all__ = ["MemoryGroup", "MemoryWatch", "make_group", "tree_size"]

_SCARCE = 0.05
_PROC: Final = Path("/proc")
_GROUPS: Final = Path("/sys/fs/cgroup")
_PREFIX: Final = "segue-"


class _Files(NamedTuple):
    """Names of a group's files: limits (a missing one is passed over but the first), peak, counter of kills."""

    limits: tuple[tuple[str, str | None], ...]
    peak: str
    kills: str


_VERSION_1: Final = _Files(
    (("memory.limit_in_bytes", None), ("memory.memsw.limit_in_bytes", None)),
    "memory.max_usage_in_bytes",
    "memory.oom_control",
)
_VERSION_2: Final = _Files(
    (("memory.max", None), ("memory.swap.max", "0"), ("memory.oom.group", "1")), "memory.peak", "memory.events"
)


class MemoryWatch:
    """Samples free memory and the kernel's counter of kills.

    Args:
        proc: the folder /proc.
        groups: the folder /sys/fs/cgroup.
    """

    def __init__(self, proc: Path = _PROC, groups: Path = _GROUPS) -> None:
        self._proc, self._counters = proc, _counters(proc, groups)
        self._kills = self._count()
        self._scarce = False

    def sample(self) -> None:
        """Look how much memory is free."""
        with suppress(OSError, ValueError, KeyError):
            lines = (self._proc / "meminfo").read_text().splitlines()
            sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
            self._scarce = sizes["MemAvailable"] < _SCARCE * sizes["MemTotal"]

    def to_blame(self) -> bool:
        """Whether a process that was killed just now was killed for its memory (RULINGS, "Tasks")."""
        before, self._kills = self._kills, self._count()
        return self._scarce or self._kills > before

    def _count(self) -> int:
        return sum(_kills(file) for file in self._counters)


class MemoryGroup:
    """A control group that limits the memory of one worker and all that it starts.

    Args:
        folder: the group.
        files: what its files are called.
    """

    def __init__(self, folder: Path, files: _Files) -> None:
        self.folder, self._files = folder, files
        self._past = 0

    @property
    def exceeded(self) -> bool:
        """Whether the kernel has killed one of its processes for being over the limit since `begin`."""
        return self._kills() > self._past

    def begin(self) -> None:
        """Another attempt begins: what happened before is none of its business."""
        self._past = self._kills()

    @property
    def peak(self) -> int:
        """The most bytes it has held, 0 where the kernel does not say."""
        with suppress(OSError, ValueError):
            return int((self.folder / self._files.peak).read_text())
        return 0

    def _kills(self) -> int:
        return _kills(self.folder / self._files.kills)

    def remove(self) -> None:
        """Give it back; one that is not empty yet stays for `make_group` of a later owner."""
        with suppress(OSError):
            self.folder.rmdir()


def make_group(worker: int, limit: int, proc: Path = _PROC, groups: Path = _GROUPS) -> MemoryGroup | None:
    """Make a group below this process's own; None where that is not allowed.

    Args:
        worker: its number, part of the group's name.
        limit: bytes.
        proc: the folder /proc.
        groups: the folder /sys/fs/cgroup.
    """
    for parent, files in _own_groups(proc, groups):
        folder = parent / f"{_PREFIX}{os.getpid()}-{worker}"
        with suppress(OSError):
            _sweep(parent, proc)
            folder.mkdir()
            try:
                for number, (name, value) in enumerate(files.limits):
                    if number == 0 or (folder / name).exists():
                        _set(folder / name, value or str(limit))
            except OSError:
                folder.rmdir()
                continue
            return MemoryGroup(folder, files)
    return None


def _set(file: Path, text: str) -> None:
    fd = os.open(file, os.O_WRONLY)  # must not make a file where this is no control group
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _sweep(parent: Path, proc: Path) -> None:
    """Remove groups of owners that are dead."""
    for folder in parent.glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not (proc / owner).exists():
            with suppress(OSError):
                folder.rmdir()


def tree_size(pid: int) -> int:
    """Resident bytes of a process and all its descendants; shared pages count for each."""
    return sum(resident(one) for one in {pid, *descendants(pid)})


def _own_groups(proc: Path, groups: Path) -> list[tuple[Path, _Files]]:
    """This process's groups that know about memory: version 2 of control groups, or the memory one of version 1."""
    found = []
    with suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0":
                found.append((groups / path.lstrip("/"), _VERSION_2))
            elif "memory" in controllers.split(","):
                found.append((groups / "memory" / path.lstrip("/"), _VERSION_1))
    return found


def _counters(proc: Path, groups: Path) -> list[Path]:
    """Files with `oom_kill N` of this process's groups."""
    files = [proc / "vmstat", *(folder / files.kills for folder, files in _own_groups(proc, groups))]
    return [file for file in files if file.exists()]


def _kills(file: Path) -> int:
    with suppress(OSError, ValueError):
        for line in file.read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0
