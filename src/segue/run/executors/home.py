from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

from segue.model.errors import HomeBusy
from segue.run.executors.forks import HOME_MARK
from segue.run.processes import descendants, kill_all, marked

__all__ = ["HomeLock", "mark_of"]

_PATIENCE = 30.0
_PAUSE = 0.02


def mark_of(home: Path) -> str:
    """The word in the environment of every worker process of a home."""
    return blake2b(os.fsencode(home.resolve()), digest_size=16).hexdigest()


class HomeLock:
    """The lock that living workers of a home hold, shared; whoever can take it alone is alone.

    Args:
        home: folder of the lock file.
        mark: finds worker processes of this home.
        patience: seconds to wait for the processes of an earlier owner to be gone.
    """

    def __init__(self, home: Path, mark: str, patience: float = _PATIENCE) -> None:
        self._mark, self._patience = f"{HOME_MARK}={mark}".encode(), patience
        self._home = home
        self.fd = os.open(home / "workers.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._passed = False

    def pass_barrier(self, *servers: int) -> None:
        """Kill what is left of an earlier owner's life and wait until it is gone; afterwards nothing more to do.

        Args:
            servers: process ids of our own fork servers, which are spared with their descendants.

        Raises:
            HomeBusy: something cannot be killed.
        """
        if self._passed:
            return
        end = time.monotonic() + self._patience
        strangers = self._strangers(servers)
        while kill_all(strangers, _PAUSE) or not self._alone():
            if time.monotonic() > end:
                raise HomeBusy(f"processes of an earlier owner of {self._home} are alive and cannot be killed")
            time.sleep(_PAUSE)
        fcntl.flock(self.fd, fcntl.LOCK_SH)
        self._passed = True

    def close(self) -> None:
        """Let go; workers that live keep their share."""
        os.close(self.fd)

    def _alone(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _strangers(self, servers: Sequence[int]) -> Callable[[], set[int]]:
        own = {one for server in servers for one in (server, *descendants(server))}
        return lambda: marked(self._mark) - own
