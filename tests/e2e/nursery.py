"""Starts `segue` many times over with its imports in memory, since four fifths of a short command are imports.

`Nursed` is a `subprocess.Popen` of `python -m segue` whose process is forked from a nursery: one process for each that
runs tests, which has imported what commands import and has done nothing else. What is born is a child of who asked, as
ever (`CLONE_PARENT`), with its own environment, folder, umask and streams, and runs `segue/__main__.py` as `__main__`.
Where a variable says how an interpreter begins, elsewhere than on Linux, and in `make chaos` (CHAOS_COLD) a command is
a new interpreter.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import platform
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

__all__ = ["run_segue", "start_segue"]

CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine())
"""The number of the system call."""
CLONE_PARENT = 0x8000
WARM = sys.platform == "linux" and CLONE is not None and not os.environ.get("CHAOS_COLD")
LARGEST = 1 << 17
READ_AT_START = ("PYTHON", "LC_", "LANG", "TERM", "COLUMNS")
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
_ASKING = Lock()


def start_segue(words: Sequence[str], **options: Any) -> "subprocess.Popen[str]":
    """Start `python -m segue` with these words; the options are those of `subprocess.Popen`."""
    is_warm = WARM and _at_start(options["env"]) == _at_start(ENVIRON)
    return (Nursed if is_warm else subprocess.Popen)([sys.executable, "-m", "segue", *words], **options)


def run_segue(words: Sequence[str], timeout: float, given: str = "", **options: Any) -> Any:
    """Run it to its end with that on its standard input."""
    with start_segue(words, stdin=subprocess.PIPE, text=True, **options) as process:
        try:
            out, err = process.communicate(given, timeout)
        finally:
            process.kill()
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def _at_start(environ: dict[str, str]) -> dict[str, str]:
    """What an interpreter and its imports read before any code of ours is run."""
    return {name: value for name, value in environ.items() if name.startswith(READ_AT_START)}


class Nursed(subprocess.Popen[str]):
    """A process that was forked and not executed; all else is `Popen`."""

    def _execute_child(self, args: Any, *given: Any) -> None:
        cwd, env, pipes = given[4], given[5], given[9:15]
        os.umask(umask := os.umask(0))
        asked = json.dumps([args[3:], str(cwd), env, umask]).encode()
        assert len(asked) < LARGEST
        with _ASKING:
            line = _nursery()
            socket.send_fds(line, [asked], [pipes[0], pipes[3], pipes[5]])
            self.pid = int(line.recv(100))
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


@cache
def _nursery() -> socket.socket:
    """The line to the nursery of this process; it ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = [sys.executable, str(Path(__file__)), str(theirs.fileno()), "segue"]
    nursery = subprocess.Popen(
        words, pass_fds=[theirs.fileno()], env=ENVIRON, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    theirs.close()

    def end() -> None:
        ours.close()
        nursery.wait()

    atexit.register(end)
    return ours


# --------------------------------------------------------------------------------------------------------- the nursery
def _load() -> None:
    """Import what commands import; the web server has a process of its own."""
    for room in ("segue.cli", "segue.app", "segue.show", "segue.engine", "segue.store"):
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if not module.name.startswith("segue.app.web"):
                importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def _fork() -> int:
    """Fork a child of our parent."""
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = ctypes.PyDLL(None).syscall(CLONE, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    (ctypes.pythonapi.PyOS_AfterFork_Parent if pid else ctypes.pythonapi.PyOS_AfterFork_Child)()
    return int(pid)


def _bear(line: socket.socket) -> bool:
    """Fork for each who asks; true in the child, and false once nobody will ask again."""
    while True:
        asked, streams, _, _ = socket.recv_fds(line, LARGEST, 3)
        if not asked:
            return False
        if (pid := _fork()) == 0:
            words, folder, environ, umask = json.loads(asked)
            _become(words, folder, environ, umask, streams)
            return True
        for stream in streams:
            os.close(stream)
        line.send(str(pid).encode())


def _become(words: list[str], folder: str, environ: dict[str, str], umask: int, streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, max(streams) + 1)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", errors=sys.stdout.errors, closefd=False)
    sys.stderr = os.fdopen(2, "w", errors=sys.stderr.errors, buffering=1, closefd=False)
    os.umask(umask)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv[1:] = words
    sys.path[0] = folder


if __name__ == "__main__":
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as asking:
        born = _bear(asking)
    if born:
        runpy.run_module("segue", run_name="__main__", alter_sys=True)
