"""A DAG run in this process, in a throw-away store: what a test of a pipeline calls."""

from __future__ import annotations

import difflib
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from segue.data.results import StoredValue, load_result
from segue.data.storage import LocalStorage
from segue.define.dag import Dag, load_values
from segue.define.faults import gathering, joined
from segue.define.loading import load_file
from segue.define.params import field_names, params_from
from segue.engine.core import Engine
from segue.model.changes import Answered, AttemptMoved, Change, RunMoved
from segue.model.errors import UsageError
from segue.model.events import Defined, Definition, Event, Request, TriggerRun
from segue.model.ids import AttemptKey, Instant, RunKey, manual_key
from segue.model.interval import Interval
from segue.model.moment import Moment
from segue.model.spec import DagSpec, spec_digest
from segue.model.state import RUN_FINAL, AttemptState, RunState, TaskState
from segue.model.value import encode
from segue.run.executors.inline import InlineExecutor
from segue.run.loop import run_forever
from segue.schedule.slot import Bounds
from segue.schedule.slots import latest_complete, slot_of
from segue.schedule.timetable import timetable_from_data
from segue.store.memory import MemoryResults, MemoryStore, MemoryWriter
from segue.testing.calls import Calls
from segue.testing.clock import FakeClock
from segue.testing.simulation import compiled

__all__ = ["Result", "execute_dag", "run"]

_REQUEST = "testing"


class Result:
    """What a run came to.

    Attributes:
        run_id: as printed.
        state: of the run; *held* where a person would have to decide.
        tasks: state of each task by its label, `clean` or `clean[3]`.
        raised: by label, the exception of the last attempt that raised one.
    """

    def __init__(self, run: RunKey, store: MemoryStore, folder: Path, raised: Mapping[str, BaseException]) -> None:
        self._run, self._store, self._storage = run, store, LocalStorage(folder)
        view = store.runs[run]
        self.run_id = str(run)
        self.state: RunState = view.state
        self.raised = dict(raised)
        spec = store.spec(run.dag, view.row.version)
        rows = store.tasks.get(run, {})
        expanded = {row.task for row in rows.values() if row.expanded is not None}
        states: dict[tuple[str, int | None], TaskState] = {
            (task.id, None): TaskState.PENDING for task in spec.tasks if task.id not in expanded
        }
        states |= {where: row.state for where, row in rows.items() if where[1] is not None or where[0] not in expanded}
        self.tasks: dict[str, TaskState] = {
            name if index is None else f"{name}[{index}]": state for (name, index), state in states.items()
        }

    def value(self, task: str, index: int | None = None) -> Any:
        """What a task returned; for a mapped task without `index` the list of its items' values.

        Raises:
            UsageError: it has no value, because it did not succeed or does not exist.
        """
        results = MemoryResults(self._store)
        row = self._store.tasks.get(self._run, {}).get((task, None))
        if index is None and row is not None and row.expanded is not None:
            return [self._load(value) for _, value in results.results(self._run, task, 0, row.expanded)]
        value = results.result(self._run, task, index)
        if value is None:
            label = task if index is None else f"{task}[{index}]"
            state = self.tasks.get(label)
            known = f"it is {state.value}" if state else f"the tasks are {', '.join(self.tasks)}"
            raise UsageError(f"{label} has no value: {known}")
        return self._load(value)

    def _load(self, value: Any) -> Any:
        return load_result(StoredValue.of(value.inline, value.ref, value.length, value.digest), self._storage)

    def __repr__(self) -> str:
        return f"<{self.run_id} {self.state.value}: {', '.join(f'{k} {v.value}' for k, v in self.tasks.items())}>"


def run(
    dag: Dag, date: Moment | Interval | None = None, params: Mapping[str, Any] | None = None, *,
    folder: Path | None = None,
) -> Result:  # fmt: skip
    """Run a DAG once in this process: no workers, no home, storage that is thrown away; retry delays pass at once.

    Args:
        dag: the DAG.
        date: the slot, by its logical date. None: the newest complete slot, or none on a DAG without a time table.
        params: values of its params, and of arguments of its function that are known at load.
        folder: where large values are kept; None: a folder that goes with the result.

    Raises:
        DefinitionError: the DAG declares something impossible.
        UsageError: the date names no slot, or a param is unknown or missing.
    """
    given = dict(params or {})
    dag = _with_arguments(dag, given)
    spec = compiled(dag)
    values = _params_of(dag, given)
    interval = _interval(spec, date)
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="segue-"))
        temporary = folder
    else:
        temporary = None
    store = MemoryStore()
    clock = FakeClock()
    if interval is not None:
        clock.sleep((interval.end_instant - clock.now()) / 1_000_000)
    calls = Calls(dag, values, MemoryResults(store), LocalStorage(folder))
    executor = InlineExecutor(calls.perform, clock)
    desk = _Desk(spec, interval, encode(values))
    run_forever(MemoryWriter(store), desk, executor, clock, Engine, desk.stopping, desk)
    assert desk.run is not None, desk.refused
    result = Result(desk.run, store, folder, calls.raised)
    if temporary is not None:
        weakref.finalize(result, shutil.rmtree, temporary, ignore_errors=True)
    return result


def execute_dag(
    dag_id: str, params: Mapping[str, Any] | None = None, *, date: Moment | Interval | None = None,
    path: Path | str = ".", folder: Path | None = None,
) -> Result:  # fmt: skip
    """Run a DAG by its id, as `run` does.

    Args:
        dag_id: of a DAG in a module that has been imported, else of one in a file below `path`.
        params, date, folder: as for `run`.
        path: a DAG file, or a folder whose files are looked through.

    Raises:
        DefinitionError: the file that seems to declare it cannot be loaded.
        UsageError: there is no such DAG; the nearest id is named.
    """
    known = {dag.id: dag for dag in _imported()}
    if dag_id not in known:
        known |= {dag.id: dag for dag in _in_files(Path(path).resolve(), dag_id)}
    if dag_id not in known:
        near = difflib.get_close_matches(dag_id, known, 1)
        hint = f"did you mean {near[0]}?" if near else "import its module first, or name its folder: path='…'"
        raise UsageError(f"there is no DAG {dag_id}: {hint}")
    return run(known[dag_id], date, params, folder=folder)


def _imported() -> Iterator[Dag]:
    """DAGs of modules that the test has imported itself; files are read anew each time."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("_dagfile_"):
            yield from _declared_in(module)


def _declared_in(module: ModuleType) -> list[Dag]:
    return [one for one in list(vars(module).values()) if isinstance(one, Dag)]


def _in_files(path: Path, dag_id: str) -> Iterator[Dag]:
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    for file in files:
        if dag_id not in file.read_text(errors="replace"):
            continue
        loaded = load_file(file, path if path.is_dir() else path.parent)
        if loaded.errors:
            raise joined(loaded.errors)
        for module in list(sys.modules.values()):
            if getattr(module, "__file__", None) == str(file):
                yield from _declared_in(module)


def _with_arguments(dag: Dag, given: dict[str, Any]) -> Dag:
    """Take from `given` what the DAG function wants at load, and trace it with that."""
    if dag.function is None:
        return dag
    fields = set(field_names(dag.params_class)) if dag.params_class else set()
    names = [name for name in dag.function.signature.parameters if name in given and name not in fields]
    if not names:
        return dag
    token = load_values.set({name: given.pop(name) for name in names})
    try:
        with gathering():
            again = Dag.of(dag.function, {**dag.options, "id": dag.id})
            again.trace()
    finally:
        load_values.reset(token)
    return again


def _params_of(dag: Dag, given: Mapping[str, Any]) -> dict[str, Any]:
    kind = dag.params_class
    names = field_names(kind) if kind else ()
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names) or 'none'}"
            raise UsageError(f"DAG {dag.id} has no param {name!r}: {hint}")
    if kind is None:
        return {}
    try:
        filled = params_from(kind, given)
    except (TypeError, ValueError) as why:
        raise UsageError(f"params of DAG {dag.id}: {why}") from why
    return {name: getattr(filled, name) for name in names}


def _interval(spec: DagSpec, date: Moment | Interval | None) -> Interval | None:
    if isinstance(date, Interval):
        return date
    if spec.schedule is None:
        return None if date is None else Interval(date, timezone=spec.timezone)
    timetable = timetable_from_data(spec.schedule)
    start, end = (None if one is None else Instant(one) for one in (spec.start, spec.end))
    bounds = Bounds(start, end, spec.timezone, spec.delay)
    now = Instant(time.time_ns() // 1_000)
    slot = latest_complete(timetable, bounds, now) if date is None else slot_of(timetable, bounds, date)
    return None if slot is None else Interval.of(slot.start, slot.end, spec.timezone)


class _Desk:
    """The run's only client: defines the DAG, asks for one run, and watches until it has ended."""

    def __init__(self, spec: DagSpec, interval: Interval | None, params: bytes) -> None:
        slot = None if interval is None else (interval.start_instant, interval.end_instant)
        key = manual_key(_REQUEST) if interval is None else interval.key
        definition = Definition(spec, spec_digest(spec), "", "")
        self._events: list[Event] = [
            Defined("", spec.file, (definition,)),
            Request(_REQUEST, "test", TriggerRun(spec.id, key, slot, params)),
        ]
        self.run: RunKey | None = None
        self.refused = ""
        self._over = False
        self._hooks: set[AttemptKey] = set()

    def poll(self) -> Sequence[Event]:
        return list(self._events)

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        self._events.clear()

    def fileno(self) -> int | None:
        return None

    def runs(self) -> None:
        """All runs are driven."""

    def deciding(self, changes: Sequence[Change]) -> None:
        """Nothing is told before the commit."""

    def committed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change, Answered):
                self.run, self.refused = change.run, "" if change.ok else change.text
                self._over = not change.ok
            elif isinstance(change, RunMoved):
                self._over = change.new in RUN_FINAL or change.new is RunState.HELD
            elif isinstance(change, AttemptMoved) and change.kind == "hook":
                alive = change.new in (AttemptState.QUEUED, AttemptState.RUNNING)
                (self._hooks.add if alive else self._hooks.discard)(change.key)

    def down(self, why: str) -> None:
        """A store in memory is never down."""

    def stopping(self) -> bool:
        return self._over and not self._hooks
