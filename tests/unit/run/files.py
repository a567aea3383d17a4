"""Drives an executor with tasks of a real DAG file, and keeps their state as an engine and a store would."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from segue.app.clock import SystemClock
from segue.define.bundle import Bundle, Snapshots
from segue.define.loading import load_file
from segue.model.commands import Answer, Brief, Input, Launch
from segue.model.contracts import Executor
from segue.model.events import Asked, StateSet
from segue.model.ids import AttemptKey, RunKey
from segue.model.spec import DagSpec, TaskSpec
from segue.run.executors.process import ProcessExecutor
from tests.unit.run.driver import Driver, FakeResults, process_settings

__all__ = ["FileShop", "file_shop"]

_DAY = (1_775_001_600_000_000, 1_775_088_000_000_000)


class FileShop(Driver):
    """A folder with a DAG file, its bundle, and an executor.

    Attributes:
        kept: what tasks keep as state, by (task, index), durable.
        refuses: answer no to whoever sets state.
    """

    def __init__(self, executor: Executor, folder: Path, spec: DagSpec, bundle: Bundle, results: FakeResults) -> None:
        super().__init__(executor)
        self.folder, self.results, self._spec, self._bundle = folder, results, spec, bundle
        self._tasks = {task.id: task for task in spec.tasks}
        self.run_key = RunKey(spec.id, "2026-04-01", 1)
        self.kept: dict[tuple[str, int | None], dict[str, str]] = {}
        self.refuses = False

    def begin(self, task: str, *inputs: Input, index: int | None = None, number: int = 1, **launch: Any) -> AttemptKey:
        """Launch an attempt of a task (`load`), of a hook of one (`load!failure`) or of the DAG's (`!failure`)."""
        brief = Brief(self.run_key, self._bundle.digest, self._bundle.file, "", "UTC", slot=_DAY)
        key = AttemptKey(self.run_key, task, index, number)
        owner = task.partition("!")[0]
        given = {"state": tuple(self.kept.get((owner, index), {}).items()), **launch}
        spec = self._tasks[owner] if owner else TaskSpec("")
        self.executor.do([Launch(key, b"fence", brief, spec, inputs, **given)])
        return key

    def done(self, task: str, *inputs: Input, **options: Any) -> Any:
        """Launch an attempt and wait for its end."""
        return self.end(self.begin(task, *inputs, **options))

    def turn(self) -> None:
        heard = len(self.events)
        super().turn()
        for event in self.events[heard:]:
            if isinstance(event, Asked) and isinstance(event.what, StateSet):
                self._keep(event, event.what)

    def _keep(self, event: Asked, what: StateSet) -> None:
        if not self.refuses:
            self.kept.setdefault((event.key.task.partition("!")[0], event.key.index), {})[what.name] = what.value
        self.executor.do([Answer(event.key, event.seq, not self.refuses)])


@contextmanager
def file_shop(folder: Path, text: str, **settings: Any) -> Iterator[FileShop]:
    """An executor beside a project of one DAG file, closed afterwards."""
    project, home, results = folder / "project", folder / "home", FakeResults()
    project.mkdir()
    (project / "pyproject.toml").touch()
    (project / "shop.py").write_text(text)
    bundle = Snapshots(home / "bundles").take(project / "shop.py")
    loaded = load_file(bundle.folder / bundle.file, bundle.folder)
    assert loaded.errors == []
    given = process_settings(home, workshop="segue.run.children.workshop", **settings)
    executor = ProcessExecutor(given, results, SystemClock())
    try:
        executor.barrier()
        yield FileShop(executor, project, loaded.specs[0], bundle, results)
    finally:
        executor.close()
