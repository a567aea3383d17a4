"""The kill drill: a DAG with real workers in throw-away homes, killed at drawn moments and gone on with.

First it runs undisturbed. Then it runs on the same files as they were before, workers and their owner are killed, and
`segue retry` goes on until the run has ended. Whatever was killed, what it leaves has to be the same.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory
from typing import Any, Final, Unpack

from segue.app.asking import read_target
from segue.app.vault import variable_of
from segue.model.errors import StoreEmpty, UsageError
from segue.model.moment import Moment
from segue.model.state import AttemptState, RunState
from segue.model.views import RunDetail, RunQuery
from segue.run.executors.forks import HOME_MARK
from segue.run.executors.home import mark_of
from segue.run.processes import marked
from segue.store.audit import validate_state
from segue.store.home import DATABASE
from segue.store.sqlite import SqliteReader
from segue.testing.given import Given
from segue.testing.outputs import Files, Made, differences, made_by

__all__ = ["Drill", "kill_drill"]

_PATIENCE: Final = 300.0  # seconds for one command
_BEFORE_TASKS: Final = 0.2  # of the kills at any moment since the start of the command, the others while code runs
_OWNER: Final = 0.4


@dataclass(frozen=True, slots=True)
class Drill:
    """What a kill drill saw.

    Attributes:
        seed: draws the same moments and victims again.
        killed: who was killed and when.
        runs: how many disturbed runs that took.
        lost: attempts that were killed.
        differences: in sentences, what the disturbed runs left otherwise than the undisturbed one.
    """

    seed: int
    killed: tuple[str, ...]
    runs: int
    lost: int
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether all came to what the undisturbed run came to."""
        return not self.differences

    def __str__(self) -> str:
        told = [f"{len(self.killed)} kills in {self.runs} runs, {self.lost} attempts lost; again: seed={self.seed}"]
        return "\n  ".join([*told, *self.killed, *self.differences])


def kill_drill(
    target: Path | str, date: Moment | None = None, params: Mapping[str, Any] | None = None, *,
    kills: int = 5, seed: int | None = None, outputs: Iterable[Path | str] = (), **given: Unpack[Given],
) -> Drill:  # fmt: skip
    """Run a DAG with real workers, kill workers and owners at drawn moments, and compare with an undisturbed run.

    A lost attempt is made again after 5 or 10 seconds, so a kill takes about as long.

    Args:
        target: its file, or `file.py:dag_id`.
        date, params: as for `segue run`.
        kills: how many.
        seed: draws moments and victims; None: a new one, which the report names.
        outputs: files and folders that it writes. They are put back before each run, and compared as by `run_twice`.
        given: `connections secrets env`; other connections and secrets are those of the settings beside the file.

    Raises:
        UsageError: the undisturbed run does not succeed; what it said is told.
    """
    seed = SystemRandom().randrange(10**9) if seed is None else seed
    with TemporaryDirectory(prefix="segue-drill-") as folder:
        scene = _Scene(target, date, params or {}, given, Path(folder))
        aside = Path(folder, "aside")
        aside.mkdir()
        files = Files(outputs, aside)
        calm = scene.home("calm")
        detail = calm.succeed()
        wanted, span = {**made_by(detail.entries()), **files.read()}, calm.span(detail)
        drill = _Drawn(Random(seed), kills, span)
        found: list[str] = []
        runs = lost = 0
        while len(drill.killed) < kills:
            runs += 1
            files.put_back()
            home = scene.home(f"disturbed-{runs}")
            detail = home.survive(drill)
            lost += sum(one.state is AttemptState.LOST for one in detail.attempts)
            found += _judged(wanted, {**made_by(detail.entries()), **files.read()}, home, detail)
        return Drill(seed, tuple(drill.killed), runs, lost, tuple(dict.fromkeys(found)))


def _judged(wanted: Made, made: Made, home: _Home, detail: RunDetail) -> list[str]:
    with home.reading() as reader:
        broken = [f"the store is damaged: {one}" for one in validate_state(reader)]
    failed = [] if detail.run.state is RunState.SUCCESS else [f"the run is {detail.run.state}: {detail.run.culprits}"]
    return [*broken, *failed, *differences(wanted, made)]


def _owes(detail: RunDetail) -> bool:
    """Whether a hook is still to be called, which the next owner does."""
    return any(view.state in (AttemptState.QUEUED, AttemptState.RUNNING) for view in detail.hooks)


@dataclass(slots=True)
class _Drawn:
    """Moments and victims as they are drawn; `span`: seconds from the start of a command to its code and its end."""

    chance: Random
    kills: int
    span: tuple[float, float]
    killed: list[str] = field(default_factory=list)

    def disturb(self, home: _Home, process: subprocess.Popen[bytes]) -> None:
        """Kill until enough are killed, or the command has ended."""
        began = time.monotonic()
        while len(self.killed) < self.kills:
            early = self.chance.random() < _BEFORE_TASKS
            with suppress(subprocess.TimeoutExpired):
                process.wait(self.chance.uniform(0.0 if early else self.span[0], self.span[1]))
            if process.poll() is not None:
                return
            owner = self.chance.random() < _OWNER
            children = sorted(home.processes())
            victim = process.pid if owner or not children else self.chance.choice(children)
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                who = "the owner" if victim == process.pid else "a child of the owner"
                self.killed.append(f"{who}, {time.monotonic() - began:.2f} s after the start of its command")
            if victim == process.pid:
                return


class _Scene:
    """What all runs of a drill have in common."""

    def __init__(
        self, target: Path | str, date: Moment | None, params: Mapping[str, Any], given: Given, folder: Path
    ) -> None:
        file, dag = read_target(str(target))
        if file is None:
            raise UsageError(f"{target!r} names no DAG file: write file.py or file.py:dag_id")
        path = file.absolute()
        self.folder, self.root = folder, path.parent
        words = [f"{path}:{dag}" if dag else str(path), *(() if date is None else ("--date", str(date)))]
        for name, value in params.items():
            words += ("--param", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
        self.words = words
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
        self.environ |= {variable_of("connection", name): uri for name, uri in given.get("connections", {}).items()}
        self.environ |= {variable_of("secret", name): value for name, value in given.get("secrets", {}).items()}
        if "env" in given:
            self.environ["SEGUE_ENV"] = given["env"]

    def home(self, name: str) -> _Home:
        """A new home."""
        return _Home(self, self.folder / name)


class _Home:
    """A throw-away home, and the commands that are given in it."""

    def __init__(self, scene: _Scene, path: Path) -> None:
        self._scene, self._path, self._said = scene, path, path.with_name(f"{path.name}.txt")
        self._mark = f"{HOME_MARK}={mark_of(path)}".encode()
        places = {"SEGUE_HOME": path, "SEGUE_STORAGE": path / "storage", "SEGUE_LOGS": path / "logs"}
        self._environ = scene.environ | {name: str(place) for name, place in places.items()}
        self._began = 0.0

    def succeed(self) -> RunDetail:
        """Run undisturbed."""
        with self._command("run", *self._scene.words) as process:
            process.wait(_PATIENCE)
        detail = self._newest()
        if detail is None or detail.run.state is not RunState.SUCCESS:
            raise UsageError(f"the undisturbed run does not succeed:\n{self._said.read_text(errors='replace')}")
        return detail

    def span(self, detail: RunDetail) -> tuple[float, float]:
        """Seconds from the start of the command to the first and to the last instant of the run and its hooks."""
        started, ended = detail.run.started, detail.run.ended
        assert started is not None and ended is not None
        ended = max([ended, *(view.ended for view in detail.hooks if view.ended is not None)])
        return max(0.0, started / 1e6 - self._began), ended / 1e6 - self._began

    def survive(self, drill: _Drawn) -> RunDetail:
        """Run, disturbed, and go on until the run has ended by itself and its hooks have been called."""
        while True:
            detail = self._newest()
            before = len(drill.killed)
            words = ("run", *self._scene.words) if detail is None else ("retry", str(detail.run.run))
            with self._command(*words) as process:
                drill.disturb(self, process)
                process.wait(_PATIENCE)
            detail = self._newest()
            if detail is not None and detail.run.state is RunState.SUCCESS and not _owes(detail):
                return detail
            if process.returncode != -signal.SIGKILL and len(drill.killed) == before:
                if detail is None:
                    raise UsageError(f"it does not begin:\n{self._said.read_text(errors='replace')}")
                return detail

    def processes(self) -> set[int]:
        """The living children of its owner."""
        return marked(self._mark)

    @contextmanager
    def reading(self) -> Iterator[SqliteReader]:
        """Its database."""
        reader = SqliteReader(self._path / DATABASE)
        try:
            yield reader
        finally:
            reader.close()

    @contextmanager
    def _command(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        self._began = time.time()
        with (
            self._said.open("w") as said,
            subprocess.Popen(
                [sys.executable, "-m", "segue", *words], cwd=self._scene.root, env=self._environ,
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            ) as process,
        ):  # fmt: skip
            try:
                yield process
            finally:
                process.kill()
        deadline = time.monotonic() + _PATIENCE
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.01)  # without their owner they end by themselves

    def _newest(self) -> RunDetail | None:
        if not (self._path / DATABASE).exists():
            return None
        with suppress(StoreEmpty), self.reading() as reader:
            view = next(iter(reader.runs(RunQuery(limit=1))), None)
            return None if view is None else reader.run(view.run)
        return None
