"""Was it the kernel that killed for want of memory? It does not say so to anybody but its counters."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

__all__ = ["MemoryWatch"]

_SCARCE = 0.05


class MemoryWatch:
    """Samples free memory and the kernel's counter of kills.

    Args:
        proc: the folder /proc.
        groups: the folder /sys/fs/cgroup.
    """

    def __init__(self, proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> None:
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


def _counters(proc: Path, groups: Path) -> list[Path]:
    """Files with `oom_kill N` of this process's group: version 2 of control groups, or the memory one of version 1."""
    files = [proc / "vmstat"]
    with suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0":
                files.append(groups / path.lstrip("/") / "memory.events")
            elif "memory" in controllers.split(","):
                files.append(groups / "memory" / path.lstrip("/") / "memory.oom_control")
    return [file for file in files if file.exists()]


def _kills(file: Path) -> int:
    with suppress(OSError, ValueError):
        for line in file.read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0
