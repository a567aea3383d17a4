"""What a worker's user code says: two pipes, records of `logging`, and the marks that cut it all by attempt.

A mark is written after an attempt that said something, and only then. It begins with a NUL and the seal, a word that
the executor made for this worker, so that output which looks like a mark is none.
"""

from __future__ import annotations

import fcntl
import io
import logging
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from segue.run.page import STREAMS, Page

__all__ = ["Voice"]

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_encode = msgspec.json.Encoder(enc_hook=repr).encode


class Voice:
    """Standard output, standard error and logging of a worker."""

    def __init__(self, page: Page, seal: bytes, out: int, err: int) -> None:
        self._page, self._seal = page, b"\0" + seal
        self._fds = (out, err)
        self.redirect()
        os.close(os.open(os.devnull, os.O_RDONLY)) if _open(0) else None
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for the life of the process
        sys.stdout, sys.stderr = _text(1), _text(2)
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
        self._texts = (sys.stdout, sys.stderr)
        self._handler = _Records(self._record)
        logging.root.handlers[:] = [self._handler]
        logging.root.setLevel(logging.INFO)
        logging.captureWarnings(False)
        for stream, fd in enumerate(self._fds):
            page.settle(stream, fd)
