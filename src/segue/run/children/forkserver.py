"""The fork server: a single-threaded interpreter that has imported what attempts need and makes workers of itself.

It is also the one who knows when a worker is dead: it reaps, so the signals to a worker's group go through it and can
never hit a process that got the same number later. As a subreaper it inherits what a worker leaves behind, kills it,
and only then says that the worker is gone. When its owner is gone it does the same to all workers and exits.

A package whose import starts a Python thread must not be imported before a fork. That is known only afterwards; then
the server starts itself anew, without that package.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from resource import struct_rusage
from typing import NoReturn

import msgspec

from segue.run.children.attempt import Seat, serve
from segue.run.children.lifeline import adopt_orphans, die_with_parent, dump_no_core
from segue.run.processes import descendants, kill_all
from segue.run.wire import Fork, ForkFailed, FromServer, Gone, Ready, Setup, Signal, ToServer, mismatch

__all__ = ["main"]

_PATIENCE = 5.0  # seconds to wait for a killed process that does not die
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[ToServer] = msgspec.msgpack.Decoder(ToServer)


class Server:
    """The loop of the fork server."""

    def __init__(self, sock: socket.socket, setup: Setup, owner: int) -> None:
        self._sock, self._setup, self._owner = sock, setup, owner
        self._workers: dict[int, int] = {}  # pid: worker
        self._dead: list[tuple[int, int, struct_rusage]] = []
        self._pid = os.getpid()
        self._told, self._tell = os.pipe()
        os.set_blocking(self._told, False)
        os.set_blocking(self._tell, False)
        signal.set_wakeup_fd(self._tell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: None)  # the owner's death: then its socket is at its end as well

    def run(self) -> None:
        """Serve until the owner is gone."""
        with selectors.DefaultSelector() as ready:
            ready.register(self._sock, selectors.EVENT_READ)
            ready.register(self._told, selectors.EVENT_READ)
            while os.getppid() == self._owner:
                for key, _ in ready.select():
                    if key.fileobj is self._sock:
                        if not self._obey():
                            return
                    else:
                        with suppress(BlockingIOError):
                            os.read(self._told, 4096)
                self._reap()

    def stop(self) -> None:
        """Kill every worker and what it left behind."""
        kill_all(lambda: descendants(self._pid), _PATIENCE, self._collect)

    def say(self, notice: FromServer) -> None:
        """Tell the owner; one that is gone hears nothing."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._sock.send(_encode(notice))

    def _obey(self) -> bool:
        try:
            data, fds, _, _ = socket.recv_fds(self._sock, 65536, 8)
        except ConnectionResetError:  # the owner left while something was on its way to it
            return False
        for fd in fds:
            os.set_inheritable(fd, False)
        if not data:
            return False
        match _decoder.decode(data):
            case Fork() as order:
                self._fork(order, fds)
            case Signal(worker=worker, number=number):
                for pid in [pid for pid, one in self._workers.items() if one == worker]:
                    _signal_group(pid, number)
        return True

    def _fork(self, order: Fork, fds: Sequence[int]) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self.say(ForkFailed(order.worker, f"no process for a worker: {error.strerror}"))
        else:
            if pid == 0:
                self._become_worker(order, fds)
            self._workers[pid] = order.worker
        finally:
            for fd in fds:
                os.close(fd)

    def _become_worker(self, order: Fork, fds: Sequence[int]) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            die_with_parent(self._pid)
            os.setsid()
            _join(order.group)
            adopt_orphans()
            for fd in (self._sock.detach(), self._told, self._tell):
                os.close(fd)
            serve(Seat(order.worker, order.seal, *fds), self._setup)
        finally:
            os._exit(70)  # a worker never comes back here

    def _reap(self) -> None:
        """Kill what dead workers left behind, then report them."""
        self._collect()
        if not self._dead:
            return
        left = kill_all(lambda: descendants(self._pid, self._workers), _PATIENCE, self._collect)
        for worker, code, usage in self._dead:
            cpu = int((usage.ru_utime + usage.ru_stime) * 1e6)
            died_by, exit_code = (-code, None) if code < 0 else (None, code)
            self.say(Gone(worker, died_by, exit_code, usage.ru_maxrss * 1024, cpu, len(left)))
        self._dead.clear()

    def _collect(self) -> None:
        """Take the status of dead workers and forget dead orphans."""
        with suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._workers:
                    self._dead.append((self._workers.pop(pid), os.waitstatus_to_exitcode(status), usage))


def _join(group: str) -> None:
    """Join a control group; without it the executor measures itself."""
    if group:
        with suppress(OSError), open(f"{group}/cgroup.procs", "w") as processes:  # noqa: PTH123
            processes.write("0")


def _signal_group(pid: int, number: int) -> None:
    """To the group; to the worker alone where it has not made its group yet."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _preload(packages: Sequence[str], skipped: dict[str, str]) -> None:
    """Import; where one starts a thread, start anew without it (does not return then)."""
    for name in packages:
        if name in skipped:
            continue
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - foreign code; the worker that needs it will say what is wrong
            skipped[name] = f"{name}: {type(error).__name__}: {error}"
        if threading.active_count() > 1:
            skipped[name] = f"{name}: its import starts a thread"
            _start_anew(skipped)


def _start_anew(skipped: dict[str, str]) -> NoReturn:
    """Replace this interpreter; the socket, its queue and the setup go along."""
    os.set_inheritable(int(sys.argv[1]), True)
    command = [sys.executable, "-P", "-m", "segue.run.children.forkserver", *sys.argv[1:4]]
    os.execv(sys.executable, [*command, msgspec.json.encode(skipped).decode()])


def main() -> None:
    """Run: socket's descriptor, owner's process id, setup and what not to preload (JSON) are the arguments."""
    owner = int(sys.argv[2])
    die_with_parent(owner, signal.SIGTERM)
    adopt_orphans()
    dump_no_core()
    sock = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(sock.fileno(), False)
    speech = msgspec.json.decode(sys.argv[3])  # by another Segue it may hold anything else
    if fault := mismatch(str(speech.get("wire")), str(speech.get("version"))):
        sys.exit(fault)
    setup = msgspec.json.decode(sys.argv[3], type=Setup)
    skipped = msgspec.json.decode(sys.argv[4], type=dict[str, str])
    server = Server(sock, setup, owner)
    for name in (setup.workshop, "segue.schedule.declare"):  # most DAG files name a schedule: 12 ms of each worker
        importlib.import_module(name)
    _preload(setup.preload, skipped)
    gc.collect()
    gc.freeze()  # what exists now is never looked at again, so its pages stay shared with the workers
    server.say(Ready(tuple(skipped.values())))
    try:
        server.run()
    finally:
        server.stop()
    os._exit(0)  # nothing to tear down; some preloaded libraries complain when they are


if __name__ == "__main__":
    main()
