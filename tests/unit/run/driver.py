"""Drives an executor as the loop does, with errands instead of DAG files."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from segue.app.clock import SystemClock
from segue.model import value as values
from segue.model.commands import Brief, Given, Input, Launch
from segue.model.contracts import Executor, Vault
from segue.model.errors import UnknownName
from segue.model.events import Asked, Capacity, Ended, Event, Lost, Started, Value
from segue.model.ids import AttemptKey, RunKey
from segue.model.spec import Rules, TaskKind, TaskSpec
from segue.run.executors.process import ProcessExecutor
from segue.run.executors.settings import ExecutorSettings

ROOT = Path(__file__).parents[3]
RUN = RunKey("shop", "2026-04-01", 1)
PATIENCE = 60.0


class QuietInbox:
    def poll(self):
        return ()

    def ack(self, events, changes):
        pass

    def fileno(self) -> int | None:
        return None


class FakeResults:
    """Results by (run, task, index); counts the questions."""

    def __init__(self) -> None:
        self.kept: dict[tuple[RunKey, str, int | None], Value] = {}
        self.asked: list[tuple] = []

    def keep(self, task: str, value: object, index: int | None = None, run: RunKey = RUN) -> None:
        self.kept[run, task, index] = Value(values.encode(value))

    def result(self, run, task, index):
        self.asked.append((task, index))
        return self.kept.get((run, task, index))

    def results(self, run, task, first, stop):
        self.asked.append((task, first, stop))
        return [(k, self.kept[run, task, k]) for k in range(first, stop) if (run, task, k) in self.kept]


def brief(run: RunKey = RUN, bundle: str = "b1", file: str = "shop.py", location: str = "here") -> Brief:
    return Brief(run, bundle, file, location, "UTC")


BRIEF = brief()


def given(*arguments: object) -> tuple[Input, ...]:
    return tuple(Given(Value(values.encode(one))) for one in arguments)


class FakeVault:
    """Connections and secrets by name; keeps what it was asked."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.asked: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    def unseal(self, params: Mapping[str, bytes]) -> dict[str, str]:
        return {name: f'"{sealed.decode()}"' for name, sealed in params.items()}

    def reveal(self, connections: Sequence[str], secrets: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        self.asked.append((tuple(connections), tuple(secrets)))
        missing = [name for name in (*connections, *secrets) if name not in self.known]
        if missing:
            raise UnknownName(f"there is no {missing[0]}")
        return {name: self.known[name] for name in connections}, {name: self.known[name] for name in secrets}


class Driver:
    """An executor, and what it has said."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.events: list[Event] = []
        self._numbers = count()

    def launch(
        self,
        errand: str,
        *arguments: object,
        brief: Brief = BRIEF,
        ahead: bool = False,
        kind: TaskKind = "task",
        inputs: tuple[Input, ...] | None = None,
        number: int = 1,
        **rules: Any,
    ) -> AttemptKey:
        """Launch an errand as a task of its own."""
        task = TaskSpec(f"{errand}.{next(self._numbers)}", Rules(**rules), kind)
        key = AttemptKey(brief.run, task.id, None, number)
        upstream = given(*arguments) if inputs is None else inputs
        self.executor.do([Launch(key, b"fence", brief, task, upstream, ahead=ahead)])
        return key

    def run(self, errand: str, *arguments: object, **options: Any) -> Ended | Lost:
        """Launch an errand and wait for its end."""
        return self.end(self.launch(errand, *arguments, **options))

    def result(self, errand: str, *arguments: object, **options: Any) -> Any:
        """What an errand returned."""
        return result_of(self.run(errand, *arguments, **options))

    def end(self, key: AttemptKey) -> Ended | Lost:
        return self.until(Ended | Lost, key)

    def started(self, key: AttemptKey) -> Started:
        return self.until(Started, key)

    def asked(self, key: AttemptKey) -> Asked:
        return self.until(Asked, key)

    def until(self, kind: Any, key: AttemptKey) -> Any:
        """Take turns until there is an event of this kind about this attempt."""
        found: list[Event] = []

        def there() -> bool:
            found[:] = [one for one in self.events if isinstance(one, kind) and one.key == key]
            return bool(found)

        self.turn_until(there)
        return found[-1]

    def turn_until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, f"nothing came; so far: {self.events[-20:]}"
            self.turn()

    def turn(self) -> None:
        self.executor.wait(0.05, QuietInbox())
        events = self.executor.poll()
        self.events += events
        self.executor.ack(events)

    def unacknowledged(self, kind: Any) -> Sequence[Event]:
        """Wait, acknowledging nothing, until an event of this kind is there; all there is then."""
        deadline = time.monotonic() + PATIENCE
        while not any(isinstance(one, kind) for one in self.executor.poll()):
            assert time.monotonic() < deadline, f"nothing came; so far: {self.executor.poll()}"
            self.executor.ack([one for one in self.executor.poll() if isinstance(one, Capacity)])
            self.executor.wait(0.05, QuietInbox())
        return self.executor.poll()

    def ends(self, key: AttemptKey) -> list[Event]:
        return [one for one in self.events if isinstance(one, Ended | Lost) and one.key == key]

    @property
    def depth(self) -> int:
        return [one.depth for one in self.events if isinstance(one, Capacity)][-1]


def result_of(event: Ended | Lost) -> Any:
    assert isinstance(event, Ended), event
    assert isinstance(event.outcome, Value), event
    return values.decode(event.outcome.inline)


@contextmanager
def process_driver(
    home: Path, results: FakeResults | None = None, vault: Vault | None = None, **settings: Any
) -> Iterator[Driver]:
    """A process executor in `home`, closed afterwards."""
    executor = ProcessExecutor(process_settings(home, **settings), results or FakeResults(), SystemClock(), vault)
    try:
        executor.barrier()
        yield Driver(executor)
    finally:
        executor.close()


def process_settings(home: Path, **settings: Any) -> ExecutorSettings:
    home.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KEEP_ME": "kept", **settings.pop("env", {})}
    given = {"workers": 2, "grace": 0.5, "workshop": "tests.unit.run.errands", **settings}
    return ExecutorSettings(
        home=home, logs=home / "logs", storage=str(home / "storage"), bundles=home / "bundles", env=env, **given
    )


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def log_lines(home: Path, event: Ended | Lost) -> list[dict[str, Any]]:
    """The lines of an attempt's log, once it has its last one."""
    assert event.usage.log is not None, event
    return [msgspec.json.decode(line) for line in (home / "logs" / event.usage.log).read_bytes().splitlines()]
