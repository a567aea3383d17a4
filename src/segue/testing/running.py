"""A DAG run in this process, in a throw-away store: what a test of a pipeline calls."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from segue.data.staging import discard_staged
from segue.data.storage import LocalStorage
from segue.define.dag import Dag
from segue.engine.core import Engine
from segue.model.acts import TriggerRun
from segue.model.changes import Answered, AttemptMoved, Change, RunMoved
from segue.model.definition import Defined, Definition
from segue.model.events import Event, Request
from segue.model.ids import AttemptKey, RunKey, manual_key
from segue.model.interval import Interval
from segue.model.moment import Moment
from segue.model.spec import DagSpec, spec_digest
from segue.model.state import RUN_FINAL, AttemptState, RunState
from segue.model.value import encode
from segue.run.executors.inline import InlineExecutor
from segue.run.loop import run_forever
from segue.store.memory import MemoryResults, MemoryStore, MemoryWriter
from segue.testing.calls import Calls, Told
from segue.testing.clock import FakeClock
from segue.testing.finding import find_dag
from segue.testing.given import Given, interval_of, limits_of, params_of, settings_of, spec_of, with_values
from segue.testing.result import Result

__all__ = ["execute_dag", "run"]

_REQUEST = "testing"


def run(
    dag: Dag, date: Moment | Interval | None = None, params: Mapping[str, Any] | None = None, *,
    connections: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None, env: str | None = None,
    folder: Path | None = None,
) -> Result:  # fmt: skip
    """Run a DAG once in this process: no workers, no home, storage that is thrown away; retry delays pass at once.

    Args:
        dag: the DAG.
        date: the slot, by its logical date. None: the newest complete slot, or none on a DAG without a time table.
        params: values of its params, and of arguments of its function that are known at load.
        connections: addresses by name, `{"shop": "sqlite:///shop.db"}`. Nothing else is looked at for them, so that a
            test reaches what it names and no more.
        secrets: values by name.
        env: environment, `[tool.segue.env.NAME]` of the settings beside the DAG's file; its guards hold too.
        folder: where large values are kept; None: a folder that goes with the result.

    Raises:
        DefinitionError: the DAG declares something impossible.
        UsageError: the date names no slot, or a param or the environment is unknown.
    """
    given, settings = dict(params or {}), settings_of(dag, env)
    dag = with_values(dag, given, settings)
    spec = spec_of(dag)
    values = params_of(dag, given)
    interval = interval_of(spec, date)
    kept = folder or Path(tempfile.mkdtemp(prefix="segue-"))
    store, clock = MemoryStore(), FakeClock()
    if interval is not None:
        clock.sleep((interval.end_instant - clock.now()) / 1_000_000)
    told = Told(values, connections or {}, secrets or {}, frozenset(one.name for one in spec.params if one.secret))
    calls = Calls(dag, told, MemoryResults(store), LocalStorage(kept))
    executor = InlineExecutor(calls.perform, clock)
    desk = _Desk(spec, interval, encode(values))
    engine = partial(Engine, limits=limits_of(spec, settings))
    run_forever(MemoryWriter(store), desk, executor, clock, engine, desk.stopping, desk)
    assert desk.run is not None, desk.refused
    for row in store.tasks.get(desk.run, {}).values():
        discard_staged(row.staged)  # nobody can release it any more
    result = Result(desk.run, store, kept, calls.raised)
    if folder is None:
        weakref.finalize(result, shutil.rmtree, kept, ignore_errors=True)
    return result


def execute_dag(
    dag_id: str, params: Mapping[str, Any] | None = None, *, date: Moment | Interval | None = None,
    path: Path | str = ".", folder: Path | None = None, **given: Unpack[Given],
) -> Result:  # fmt: skip
    """Run a DAG by its id, as `run` does.

    Args:
        dag_id: of a DAG in a module that has been imported, else of one in a file below `path`.
        params, date, folder: as for `run`.
        path: a DAG file, or a folder whose files are looked through.
        given: `connections secrets env`, as for `run`.

    Raises:
        DefinitionError: the file that seems to declare it cannot be loaded.
        UsageError: there is no such DAG; the nearest id is named.
    """
    return run(find_dag(dag_id, Path(path)), date, params, folder=folder, **given)


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
