from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context

from segue.run.wire import CONTROL

__all__ = ["Control"]


class Control:
    """The thread beside the code of an attempt that has an `on_cancel`: it waits for the word to call it.

    There is no such thread where there is no such hook: whoever forks with a second thread alive takes a risk.

    Args:
        fd: the control pipe's reading end.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._heard, self._bell = os.pipe()
        self._pid = os.getpid()

    @contextmanager
    def attending(self, token: int, call: Callable[[], None]) -> Iterator[None]:
        """While inside, `call` is called in the thread, once, when attempt `token` is to be stopped."""
        thread = threading.Thread(target=copy_context().run, args=(self._wait, token, call), daemon=True)
        thread.start()
        try:
            yield
        finally:
            if os.getpid() == self._pid:  # a fork that came back from the task has no thread, but our pipe
                os.write(self._bell, b"!")
                thread.join()

    def _wait(self, token: int, call: Callable[[], None]) -> None:
        while True:
            ready, _, _ = select.select([self._fd, self._heard], [], [])
            if self._heard in ready:
                os.read(self._heard, 1)
                return
            data = os.read(self._fd, CONTROL.size)
            if not data:  # the executor is gone, and this process will be soon
                os.read(self._heard, 1)
                return
            if CONTROL.unpack(data)[0] == token:
                call()
