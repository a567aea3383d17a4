"""The definition child: imports DAG files, so that nobody else has to. What leaves it is data.

Each file is loaded in a fork, so the state of one load never meets another; the fork is killed with all it started when
it has answered, takes too long or too much memory, or ends without a word.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import msgspec

from segue.define.bundle import Bundle, Snapshots, project_root
from segue.define.digest import code_digest, imported_files
from segue.define.loading import load_file
from segue.model.definition import Definition, FileError
from segue.model.errors import DefinitionError
from segue.model.spec import spec_digest
from segue.model.timing import Foretold
from segue.run.children.definition_wire import Found, Load, Read
from segue.run.children.lifeline import adopt_orphans, die_with_parent, dump_no_core
from segue.run.processes import descendants, kill_all, resident
from segue.run.wire import mismatch, read_frame, write_frame

__all__ = ["main"]

_TICK = 0.02  # seconds between two looks at time, memory and life of a load
_OUTPUT = 64 * 1024
_PATIENCE = 5.0  # seconds for killed processes to be gone

_encode = msgspec.msgpack.Encoder().encode
_load = msgspec.msgpack.Decoder(Load)
_read = msgspec.msgpack.Decoder(Read)


def main(parent: int, fd: int) -> None:
    """Answer requests until the socket is closed.

    Args:
        parent: process id of the starter; the child dies with it.
        fd: the inherited socket.
    """
    die_with_parent(parent)
    adopt_orphans()
    dump_no_core()
    os.umask(0o077)
    for name in [name for name in os.environ if name.startswith("SEGUE_")]:
        del os.environ[name]
    sys.dont_write_bytecode = True
    channel = socket.socket(fileno=fd)
    shelves: dict[str, Snapshots] = {}
    with suppress(EOFError, ConnectionError):
        while True:
            request = _load.decode(read_frame(channel))
            shelf = shelves.setdefault(request.bundles, Snapshots(Path(request.bundles)))
            write_frame(channel, _encode(_read_file(request, shelf)))


def _read_file(request: Load, shelf: Snapshots) -> Read:
    """Load one file in a fork of this process; must be called where there is one thread."""
    file = Path(request.file)
    root = project_root(file) or file.parent
    name = file.relative_to(root).as_posix()
    try:
        bundle = shelf.held(request.bundle, root, name) or shelf.take(file)
    except DefinitionError as why:
        return Read(name, str(root), errors=(FileError(name, None, why.message),))
    except OSError as why:
        return Read(name, str(root), errors=(FileError(name, None, f"folder {root} cannot be bundled: {why}"),))
    answer, output, end = _in_fork(lambda: _encode(_compiled(bundle, request)), request)
    text = output.decode(errors="replace")
    try:
        read = _read.decode(answer)
    except msgspec.DecodeError:
        return Read(name, str(root), bundle.digest, errors=(FileError(name, None, end),), output=text)
    return msgspec.structs.replace(read, output=text)


def _compiled(bundle: Bundle, request: Load) -> Read:
    os.chdir(bundle.root)
    opened = _listening()
    now = time.time_ns() // 1_000
    loaded = load_file(bundle.folder / bundle.file, bundle.folder, values=request.values, now=now)
    code = code_digest(bundle.folder / bundle.file, bundle.folder)
    imports = imported_files(bundle.folder / bundle.file, bundle.folder)
    reached = {path.relative_to(bundle.folder).as_posix() for path in imports} | _beside(bundle, opened)
    return Read(
        file=bundle.file,
        root=str(bundle.root),
        bundle=bundle.digest,
        definitions=tuple(
            Definition(spec, spec_digest(spec), code, bundle.digest, foretold=loaded.foretold.get(spec.id, Foretold()))
            for spec in loaded.specs
        ),
        errors=tuple(FileError(e.file or bundle.file, e.line, e.message, e.dag, e.task) for e in loaded.errors),
        findings=tuple(Found(**asdict(finding)) for finding in loaded.findings),
        arguments=tuple(sorted(loaded.arguments)),
        imports=tuple(sorted(reached)),
    )


def _listening() -> set[str]:
    """From now on, and until this process ends, note the files that are opened."""
    opened: set[str] = set()

    def hear(event: str, args: tuple[object, ...]) -> None:
        if event == "open" and isinstance(args[0], str):
            opened.add(os.path.abspath(args[0]))  # noqa: PTH100 - links stay

    sys.addaudithook(hear)
    return opened


def _beside(bundle: Bundle, opened: set[str]) -> set[str]:
    """Which files of the bundle were opened, there or where they were taken from."""
    tops = [f"{folder}{os.sep}" for folder in (bundle.folder, bundle.root)]
    names = {path.removeprefix(top) for path in opened for top in tops if path.startswith(top)}
    return {name for name in names if (bundle.folder / name).is_file()}


def _in_fork(work: Callable[[], bytes], request: Load) -> tuple[bytes, bytes, str]:
    """Do work in a fork: its answer, what it printed, and how it ended where it gave no answer."""
    answers, answer_end = os.pipe()
    prints, print_end = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent(parent)
            os.setsid()
            _redirect(print_end)
            # What a file writes into the channel, the starter would take for a frame.
            os.closerange(3, answer_end)
            os.closerange(answer_end + 1, 1 << 20)
            with open(answer_end, "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
                stream.write(work())
        except BaseException:  # noqa: BLE001 - whatever went wrong, a fork must not run its parent's code
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    os.close(answer_end)
    os.close(print_end)
    watch = _Watch(pid, answers, prints)
    try:
        end = watch.run(request)
    finally:
        kill_all(lambda: descendants(parent), _PATIENCE, _reap)
        watch.close()
    return bytes(watch.answer), bytes(watch.output), end


def _redirect(output: int) -> None:
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


class _Watch:
    """Watches a load: gathers what it says and prints, and ends it when it exceeds its limits."""

    def __init__(self, pid: int, answers: int, prints: int) -> None:
        self.answer, self.output = bytearray(), bytearray()
        self._pid, self._fds = pid, (answers, prints)
        self._selector = selectors.DefaultSelector()
        self._selector.register(answers, selectors.EVENT_READ, self.answer)
        self._selector.register(prints, selectors.EVENT_READ, self.output)

    def run(self, request: Load) -> str:
        """Wait for the end of the load; say how it ended."""
        deadline = time.monotonic() + request.seconds
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._gather(0 if pid else _TICK)
            if pid:
                while self._gather(0):
                    pass
                return _told(status)
            if time.monotonic() > deadline:
                self.answer.clear()
                return f"importing the file takes longer than {request.seconds:g} s: move the work into a task"
            if resident(self._pid) > request.memory:
                self.answer.clear()
                size = f"{request.memory / 1024**3:.3g} GiB"
                return f"importing the file takes more than {size} of memory: move the work into a task"

    def _gather(self, seconds: float) -> bool:
        found = False
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, 1 << 20)
            if not data:
                self._selector.unregister(key.fd)
                continue
            found = True
            key.data.extend(data)
            if key.data is self.output:
                del self.output[:-_OUTPUT]
        return found

    def close(self) -> None:
        self._selector.close()
        for fd in self._fds:
            os.close(fd)


def _told(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"importing the file was ended by signal {-code} ({signal.Signals(-code).name})"
    return f"importing the file ended the interpreter (exit status {code}): a DAG file must not call os._exit"


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    if fault := mismatch(*sys.argv[3:]):
        sys.exit(fault)
    main(int(sys.argv[1]), int(sys.argv[2]))
