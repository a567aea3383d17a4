"""The children that are started before anything heavy is imported, so that both take place at the same time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from segue.app.asking import values_of
from segue.app.clock import SystemClock
from segue.app.settings import Settings
from segue.data.storage import open_storage, refuse_unshared
from segue.model.contracts import Results, Vault
from segue.model.errors import DefinitionError, EnvironmentFault
from segue.model.events import FileError, Value
from segue.model.ids import RunKey
from segue.run.children.definition_wire import Load, Read
from segue.run.executors.process import ProcessExecutor
from segue.run.executors.settings import ExecutorSettings
from segue.run.wire import read_frame, write_frame

__all__ = [
    "DefinitionChild",
    "EarlyExecutor",
    "LateResults",
    "LateVault",
    "Read",
    "early_executor",
    "errors_of",
    "shown_path",
]


class LateResults:
    """Results for workers, from a reader that is there before the first attempt, but after the executor."""

    reader: Results

    def result(self, run: RunKey, task: str, index: int | None) -> Value | None:
        """The accepted result of one task, None where it has none."""
        return self.reader.result(run, task, index)

    def results(self, run: RunKey, task: str, first: int, stop: int) -> Sequence[tuple[int, Value]]:
        """The accepted results of items `first <= index < stop`, in order of index."""
        return self.reader.results(run, task, first, stop)


class LateVault:
    """Connections and secrets for workers, from a vault that is there before the first attempt."""

    vault: Vault

    def reveal(self, connections: Sequence[str], secrets: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """See `segue.model.contracts.Vault`."""
        return self.vault.reveal(connections, secrets)

    def unseal(self, params: Mapping[str, bytes]) -> dict[str, str]:
        """See `segue.model.contracts.Vault`."""
        return self.vault.unseal(params)


class EarlyExecutor(NamedTuple):
    """The executor, what its workers read, its clock, and what its workers are told in confidence."""

    executor: ProcessExecutor
    results: LateResults
    clock: SystemClock
    vault: LateVault


@contextmanager
def early_executor(settings: Settings) -> Iterator[EarlyExecutor]:
    """An executor whose fork server starts in the background; in the end what is left of it is killed.

    Args:
        settings: in force; their home must exist.
    """
    refuse_unshared(settings.storage, executor_is_local=True)
    open_storage(settings.storage)  # a library that it needs may be missing; workers would only die of it
    settings.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock, results, vault = SystemClock(), LateResults(), LateVault()
    executor = ProcessExecutor(executor_settings(settings, os.environ), results, clock, vault)
    try:
        yield EarlyExecutor(executor, results, clock, vault)
    finally:
        executor.close()


def executor_settings(settings: Settings, environ: Mapping[str, str]) -> ExecutorSettings:
    """What the process executor is told."""
    keys = settings.keys
    return ExecutorSettings(
        home=settings.home,
        logs=settings.logs,
        storage=settings.storage,
        bundles=settings.home / "bundles",
        env=dict(environ),
        values=values_of(settings.envs, settings.env),
        workers=settings.workers,
        depth=keys.queue_ahead,
        grace=settings.grace / 1e6,
        log_head=keys.log_limit * 4 // 5,
        log_tail=keys.log_limit // 5,
    )


class DefinitionChild:
    """Reads DAG files in a process of its own. Start it from the main thread: it dies with it.

    Args:
        settings: in force.
        bundles: where bundles are kept; default: in the home.
        environ: its environment; `SEGUE_*` is left out.

    Raises:
        UsageError: the settings name an environment that there is not.
    """

    def __init__(
        self, settings: Settings, bundles: Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._settings, self._bundles = settings, bundles or settings.home / "bundles"
        self._values = values_of(settings.envs, settings.env)
        self._socket, theirs = socket.socketpair()
        env = {name: value for name, value in environ.items() if not name.startswith("SEGUE_")}
        words = [sys.executable, "-P", "-m", "segue.run.children.definition", str(os.getpid()), str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                words, pass_fds=[theirs.fileno()], env=env, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def ask(self, file: Path) -> None:
        """Have a file read; answers come in order."""
        limits = (self._settings.definition_timeout / 1e6, self._settings.keys.definition_memory)
        load = Load(str(file), str(self._bundles), self._values, *limits)
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


def shown_path(path: Path) -> str:
    """A path as the user would write it from here."""
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _error(root: Path, error: FileError) -> DefinitionError:
    file = shown_path(root / error.file)
    return DefinitionError(error.message, file=file, line=error.line, dag=error.dag, task=error.task)
