import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from segue.define.loading import Loaded, load_file
from segue.run.children.definition_wire import Load, Read
from segue.run.wire import read_frame, write_frame


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[[str], Loaded]]:
    """Loads a text as a DAG file; what loading did to the interpreter is put back."""
    modules, path = set(sys.modules), list(sys.path)

    def load(text: str, *, now: int | None = None, **values: object) -> Loaded:
        file = tmp_path / "pipeline.py"
        file.write_text(text)
        return load_file(file, tmp_path, values=values, now=now)

    yield load
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


class Child:
    """A running definition child."""

    def __init__(self, bundles: Path, env: dict[str, str]) -> None:
        self._socket, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "segue.run.children.definition", str(os.getpid()), str(theirs.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env={**os.environ, **env})
        theirs.close()
        self._bundles = bundles

    def load(self, file: Path, **limits: object) -> Read:
        write_frame(self._socket, msgspec.msgpack.encode(Load(str(file), str(self._bundles), **limits)))
        return msgspec.msgpack.decode(read_frame(self._socket), type=Read)

    def close(self) -> None:
        self._socket.close()
        self.process.wait(60)


@pytest.fixture
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    child = Child(tmp_path_factory.mktemp("bundles"), {"SEGUE_DATABASE_URL": "secret"})
    yield child
    child.close()
