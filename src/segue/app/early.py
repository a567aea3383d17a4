"""The children that are started before anything heavy is imported, so that both take place at the same time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from segue.model.errors import DefinitionError, EnvironmentFault
from segue.model.events import FileError
from segue.run.children.definition_wire import Load, Read
from segue.run.wire import read_frame, write_frame

__all__ = ["DefinitionChild", "errors_of"]


class DefinitionChild:
    """Reads DAG files in a process of its own. Start it from the main thread: it dies with it.

    Args:
        python: the interpreter.
        environ: its environment; `SEGUE_*` is left out.
    """

    def __init__(self, python: str = sys.executable, environ: Mapping[str, str] = os.environ) -> None:
        self._socket, theirs = socket.socketpair()
        env = {name: value for name, value in environ.items() if not name.startswith("SEGUE_")}
        words = [python, "-P", "-m", "segue.run.children.definition", str(os.getpid()), str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                words, pass_fds=[theirs.fileno()], env=env, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def ask(self, load: Load) -> None:
        """Have a file read; answers come in order."""
        try:
            write_frame(self._socket, msgspec.msgpack.encode(load))
        except OSError as why:
            raise EnvironmentFault(f"the definition child has ended: {why}") from why

    def answer(self) -> Read:
        """What the next file asked for says."""
        try:
            return msgspec.msgpack.decode(read_frame(self._socket), type=Read)
        except (OSError, EOFError) as why:
            raise EnvironmentFault(f"the definition child has ended without an answer: {why}") from why

    def close(self) -> None:
        """End it."""
        self._socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def errors_of(read: Read) -> list[DefinitionError]:
    """The errors of a file as exceptions, paths as the user would write them from here."""
    return [_error(Path(read.root), error) for error in read.errors]


def _error(root: Path, error: FileError) -> DefinitionError:
    path: Any = root / error.file
    with suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return DefinitionError(error.message, file=str(path), line=error.line, dag=error.dag, task=error.task)
