"""What ties a child to its parent.

Linux sends the parent-death signal when the *thread* that started the child ends, so children are started from the
main thread. A parent that died before the signal was asked for is seen by comparing the parent's id.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

__all__ = ["adopt_orphans", "die_with_parent", "dump_no_core"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int, number: int = signal.SIGKILL) -> None:
    """Be sent signal `number` when the process `parent` dies; exit at once where it is dead already."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, also of those in other sessions."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def dump_no_core() -> None:
    """Write no core files: they hold secrets and fill the disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _prctl(option: int, value: int) -> None:
    if _libc is not None and _libc.prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
