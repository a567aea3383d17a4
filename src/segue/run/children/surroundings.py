"""The state of a process that a task can change for the next one, and putting it back.

Checked after every attempt, so each look costs about a microsecond: private modules are used where the public ones
wrap every answer in an enum.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import decimal
import locale
import logging
import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from typing import Any

__all__ = ["Surroundings"]

_SIGNALS = tuple(int(number) for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP))
_environ: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # a plain dict: compared at once


class Surroundings:
    """What was kept last is what comes back."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.keep()

    def keep(self) -> None:
        """Take the present state as the one to come back to."""
        self._environ = _environ.copy()
        self._folder = _folder()
        self._umask = os.umask(0o022)
        os.umask(self._umask)
        self._handlers = list(map(_signal.getsignal, _SIGNALS))
        self._mask = _signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._decimal = decimal.getcontext().copy()
        self._locale = locale.setlocale(locale.LC_ALL)
        self._path, self._argv = sys.path[:], sys.argv[:]
        self._streams = (sys.stdin, sys.stdout, sys.stderr)
        self._warnings = (warnings.filters[:], warnings.showwarning)
        self._root = _state_of(logging.root)
        self._loggers = {name: _state_of(one) for name, one in _loggers().items()}
        self._disabled = logging.root.manager.disable
        self._threads = threading.active_count()

    def name(self, **names: str) -> None:
        """Set environment variables that tell an attempt which one it is; not put back, but set by the next one."""
        for name, value in names.items():
            if self._names.get(name) != value:
                self._names[name] = value
                os.environ[name] = value
                self._environ[os.fsencode(name)] = os.fsencode(value)

    def put_back(self) -> int:
        """Bring the kept state back; answers how many threads were left behind."""
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        if _environ != self._environ:
            self._put_back_environment()
        if _folder() != self._folder:
            os.chdir(self._folder)
        os.umask(self._umask)
        self._put_back_signals()
        decimal.setcontext(self._decimal.copy())
        if locale.setlocale(locale.LC_ALL) != self._locale:
            locale.setlocale(locale.LC_ALL, self._locale)
        if sys.path != self._path:
            sys.path[:] = self._path
        if sys.argv != self._argv:
            sys.argv[:] = self._argv
        sys.stdin, sys.stdout, sys.stderr = self._streams
        if warnings.filters != self._warnings[0] or warnings.showwarning is not self._warnings[1]:
            warnings.resetwarnings()
            warnings.filters[:] = self._warnings[0]  # type: ignore[index]
            warnings.showwarning = self._warnings[1]
        self._put_back_logging()
        return max(0, threading.active_count() - self._threads)

    def _put_back_environment(self) -> None:
        for name in [name for name in os.environb if name not in self._environ]:
            del os.environb[name]
        for name, value in self._environ.items():
            if os.environb.get(name) != value:
                os.environb[name] = value

    def _put_back_signals(self) -> None:
        if list(map(_signal.getsignal, _SIGNALS)) != self._handlers:
            for number, handler in zip(_SIGNALS, self._handlers, strict=True):
                if handler is not None:  # None: not set from Python
                    _signal.signal(number, handler)
        _signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _put_back_logging(self) -> None:
        if _state_of(logging.root) != self._root or logging.root.manager.disable != self._disabled:
            logging.disable(self._disabled)
            _restore(logging.root, self._root)
            for name, state in self._loggers.items():
                _restore(logging.getLogger(name), state)


_State = tuple[int, list[logging.Handler], list[Any], bool, bool]


def _state_of(logger: logging.Logger) -> _State:
    return (logger.level, logger.handlers[:], logger.filters[:], logger.propagate, logger.disabled)


def _restore(logger: logging.Logger, state: _State) -> None:
    if _state_of(logger) != state:
        logger.setLevel(state[0])
        logger.handlers[:], logger.filters[:] = state[1], state[2]
        logger.propagate, logger.disabled = state[3], state[4]


def _loggers() -> dict[str, logging.Logger]:
    known = logging.root.manager.loggerDict
    return {name: one for name, one in known.items() if isinstance(one, logging.Logger)}


def _folder() -> str:
    with suppress(OSError):  # it was deleted
        return os.getcwd()  # noqa: PTH109 - a string is compared
    return ""
