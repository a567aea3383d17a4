from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segue.data.results import StoredValue, load_result
from segue.data.storage import LocalStorage
from segue.model.errors import UsageError
from segue.model.ids import RunKey
from segue.model.state import RunState, TaskState
from segue.store.memory import MemoryResults, MemoryStore
from segue.testing.outputs import Made, made_by

__all__ = ["Result"]


class Result:
    """What a run came to.

    Attributes:
        run_id: as printed.
        state: of the run; *held* where a person would have to decide.
        tasks: state of each task by its label, `clean` or `clean[3]`.
        raised: by label, the exception of the last attempt that raised one; of a hook by `clean!failure`.
        held: by label, what the guard says of each task that is held. Nothing that such a task wrote is published.
    """

    def __init__(self, run: RunKey, store: MemoryStore, folder: Path, raised: Mapping[str, BaseException]) -> None:
        self._run, self._store, self._storage = run, store, LocalStorage(folder)
        view = store.runs[run]
        self.run_id = str(run)
        self.state: RunState = view.state
        self.raised = dict(raised)
        spec = store.spec(run.dag, view.row.version)
        rows = store.tasks.get(run, {})
        expanded = {row.task for row in rows.values() if row.expanded}
        states: dict[tuple[str, int | None], TaskState] = {
            (task.id, None): TaskState.PENDING for task in spec.tasks if task.id not in expanded
        }
        states |= {where: row.state for where, row in rows.items() if where[1] is not None or where[0] not in expanded}
        self.tasks: dict[str, TaskState] = {
            name if index is None else f"{name}[{index}]": state for (name, index), state in states.items()
        }
        self.held = {row.label: str(row.why or "") for row in rows.values() if row.state is TaskState.HELD}

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

    def values(self) -> dict[str, Any]:
        """What the tasks that succeeded returned, by label."""
        good = [label for label, state in self.tasks.items() if state is TaskState.SUCCESS]
        split = {label: label.partition("[") for label in good}
        return {
            label: self.value(task, int(rest.rstrip("]")) if bracket else None)
            for label, (task, bracket, rest) in split.items()
        }

    def made(self) -> Made:
        """What its tasks came to and returned, for a comparison."""
        return made_by(self._store.tasks.get(self._run, {}).values())

    def _load(self, value: Any) -> Any:
        return load_result(StoredValue.of(value.inline, value.ref, value.length, value.digest), self._storage)

    def __repr__(self) -> str:
        return f"<{self.run_id} {self.state.value}: {', '.join(f'{k} {v.value}' for k, v in self.tasks.items())}>"
