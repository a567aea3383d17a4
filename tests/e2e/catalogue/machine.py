"""What this machine has to lend: small disks, control groups, other users; a test that gets none says so and skips."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.commands import PATIENCE

__all__ = ["control_group", "full", "nobody", "pids_in", "small_disk", "status", "wait"]

GROUPS = Path("/sys/fs/cgroup")
ENTER = 'echo $$ > "$0" && exec "$@"'
NOBODY = 65534
BECOME = (
    "import os, resource, sys; limit = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit)); "
    f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); os.execv(sys.argv[2], sys.argv[2:])"
)


def wait(until: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def status(pid: int, name: str) -> int:
    """A size in bytes of a living process: VmRSS, VmHWM (the largest it ever was)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


@contextmanager
def small_disk(folder: Path, megabytes: int, kind: str = "tmpfs") -> Iterator[Path]:
    """A file system of its own on a folder: of memory, or *ext4* in a file behind a loop device."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder.mkdir(parents=True)
    image = folder.with_name(f"{folder.name}.image")
    commands = [["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]]
    if kind == "ext4":
        image.touch()
        os.truncate(image, megabytes * 2**20)
        commands = [["mkfs.ext4", "-q", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(folder)]]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Meanwhile not a byte is free on its disk."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def control_group(controller: str, **limits: int) -> Iterator[tuple[str, ...]]:
    """A command that runs another one inside a group of its own below this process's.

    Args:
        controller: memory, pids.
        limits: by name of file, without the controller's: `max=100`; a name that the group does not have is no limit.
    """
    folder = _own_group(controller) / f"segue-catalogue-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no control group for {controller} can be made here: {error}")
    try:
        files = {folder / f"{controller}.{name}": value for name, value in limits.items()}
        if not any(file.exists() for file in files):
            pytest.skip(f"control groups here do not limit {controller}")
        for file, value in files.items():
            if file.exists():
                file.write_text(str(value))
        yield ("sh", "-c", ENTER, str(folder / "cgroup.procs"))
    finally:
        wait(lambda: not pids_in(folder))
        folder.rmdir()


def _own_group(controller: str) -> Path:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return GROUPS / controller / path.lstrip("/")
        if not names and controller in _controllers(GROUPS / path.lstrip("/")):
            return GROUPS / path.lstrip("/")
    pytest.skip(f"there is no controller {controller} here")


def _controllers(folder: Path) -> list[str]:
    file = folder / "cgroup.subtree_control"
    return file.read_text().split() if file.exists() else []


def pids_in(folder: Path) -> list[str]:
    """The processes of a control group."""
    return (folder / "cgroup.procs").read_text().split()


def nobody(folder: Path, processes: int) -> tuple[str, ...]:
    """A command that runs another one as a user without rights, who may have so many processes; the folder is his."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    for one in (folder, *folder.rglob("*")):
        os.chown(one, NOBODY, NOBODY)
    for one in folder.parents:
        if one.name.startswith(("pytest", "test_")):
            one.chmod(0o755)
    inside = (sys.executable, "-c", BECOME, str(processes))
    tried = subprocess.run([*inside, sys.executable, "-c", ""], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"another user cannot run this Python: {tried.stderr.splitlines()[-1]}")
    return inside
