"""The children that are started before anything heavy is imported, so that both take place at the same time."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import msgspec

from segue.app.asking import values_of
from segue.app.clock import SystemClock
from segue.app.locations import HERE, Location, location_of, placed
from segue.app.settings import Settings
from segue.data.storage import open_storage, refuse_unshared
from segue.define.bundle import project_root
from segue.model.contracts import Results, Vault
from segue.model.definition import FileError
from segue.model.errors import DefinitionError, EnvironmentFault
from segue.model.events import Value
from segue.model.ids import RunKey
from segue.model.version import VERSION
from segue.run.children.definition_wire import Load, Read
from segue.run.executors.process import ProcessExecutor
from segue.run.executors.settings import ExecutorSettings
from segue.run.interpreters import Child, environment_of
from segue.run.wire import WIRE, read_frame, write_frame

__all__ = [
    "DefinitionChild",
    "EarlyExecutor",
    "LateResults",
    "LateVault",
    "Read",
    "early_executor",
    "errors_of",
    "shown_path",
    "trouble_with",
]


_PATIENCE: Final = 10.0  # seconds for a child to end
_SPARE: Final = 60.0  # seconds for it to start and to take the bundle, beside what loading may take


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
def early_executor(settings: Settings, file: Path | None = None, *, rehearse: bool = False) -> Iterator[EarlyExecutor]:
    """An executor whose fork server starts in the background; in the end what is left of it is killed.

    Args:
        settings: in force; their home must exist.
        file: a DAG file that is about to be run: the fork server of its location starts as well.
        rehearse: writers tell what they would publish, and publish nothing.
    """
    refuse_unshared(settings.storage, executor_is_local=True)
    open_storage(settings.storage)  # a library that it needs may be missing; workers would only die of it
    settings.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock, results, vault = SystemClock(), LateResults(), LateVault()
    given = executor_settings(settings, os.environ)
    if rehearse:
        given = replace(given, workshop="segue.run.children.rehearsal")
    executor = ProcessExecutor(given, results, clock, vault)
    try:
        if file is not None:
            executor.warm(location_of(settings.locations, file).name)
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
        pythons={one.name: one.python for one in (HERE, *settings.locations)},
        workers=settings.workers,
        depth=keys.queue_ahead,
        grace=settings.grace / 1e6,
        log_head=keys.log_limit * 4 // 5,
        log_tail=keys.log_limit // 5,
    )


class DefinitionChild:
    """Reads DAG files in processes of their own, one for each interpreter of a location, started on first need.

    Ask it from the main thread: its processes die with the thread that starts them.

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
        self._environ = environ
        self._readers: dict[str, _Reader | EnvironmentFault] = {}
        self._asked: deque[tuple[Path, Location]] = deque()

    def ask(self, file: Path, bundle: str = "") -> None:
        """Have a file read, by the interpreter of its location; answers come in order.

        Args:
            file: absolute.
            bundle: one of its project that may be taken instead of a new one.
        """
        location = location_of(self._settings.locations, file)
        limits = (self._settings.definition_timeout / 1e6, self._settings.keys.definition_memory)
        load = Load(str(file), str(self._bundles), self._values, *limits, bundle)
        self._asked.append((file, location))
        python = location.python
        try:
            reader = self._readers.get(python) or _Reader(python, self._environ, limits[0] + _SPARE)
            if isinstance(reader, _Reader):
                reader.ask(load)
            self._readers[python] = reader
        except EnvironmentFault as why:
            self._readers[python] = why

    def answer(self) -> Read:
        """What the next file asked for says. Where its location's interpreter does not work that is the file's error.

        Raises:
            EnvironmentFault: this interpreter, the default location's, does not work.
        """
        file, location = self._asked.popleft()
        reader = self._readers[location.python]
        try:
            if isinstance(reader, EnvironmentFault):
                raise reader
            return placed(reader.answer(), location)
        except EnvironmentFault as why:
            self._readers[location.python] = why
            if isinstance(reader, _Reader):
                reader.close()
            if location is HERE:
                raise
            root = project_root(file) or file.parent
            name = file.relative_to(root).as_posix()
            return Read(name, str(root), errors=(FileError(name, None, f"{location.shown}{why}"),))

    def close(self) -> None:
        """End it."""
        for reader in self._readers.values():
            if isinstance(reader, _Reader):
                reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Reader:
    """One process that reads DAG files."""

    def __init__(self, python: str, environ: Mapping[str, str], patience: float) -> None:
        ours, theirs = socket.socketpair()
        words = [str(os.getpid()), str(theirs.fileno()), str(WIRE), VERSION]
        with theirs:
            try:
                env = environment_of(python, environ)
                self._child = Child(python, "segue.run.children.definition", words, env, theirs.fileno())
            except EnvironmentFault:
                ours.close()
                raise
        self._socket = ours
        self._socket.settimeout(patience)

    def ask(self, load: Load) -> None:
        with suppress(OSError):  # `answer` says why
            write_frame(self._socket, msgspec.msgpack.encode(load))

    def answer(self) -> Read:
        try:
            return msgspec.msgpack.decode(read_frame(self._socket), type=Read)
        except (OSError, EOFError):
            self._child.end(_PATIENCE)
            raise EnvironmentFault(f"no DAG file can be read: {self._child.complaint()}") from None

    def close(self) -> str:
        """End it; says why it did not work, where it did not."""
        self._socket.close()
        self._child.end(_PATIENCE)
        trouble = self._child.complaint() if self._child.process.returncode else ""
        self._child.close()
        return trouble


def trouble_with(python: str, environ: Mapping[str, str] = os.environ) -> str:
    """Why an interpreter cannot load DAG files, "" where it can."""
    try:
        reader = _Reader(python, environ, _PATIENCE)
    except EnvironmentFault as why:
        return str(why)
    return reader.close()


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
