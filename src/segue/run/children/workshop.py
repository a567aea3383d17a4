from __future__ import annotations

import os
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from segue.data.results import LazyResults, StoredValue, load_item, load_result, store_result
from segue.data.storage import LocalStorage, Storage, values_prefix
from segue.define.binding import annotations_of, bind, branch_choice, may_retry, retry_policy
from segue.define.bundle import origin_of
from segue.define.code import CodeLoader
from segue.define.context import RunContext, entered
from segue.define.dag import Dag
from segue.define.nodes import Call as Node
from segue.define.options import Retry
from segue.define.params import field_names, params_from
from segue.model.changes import Brief, Given, Many, Missing, Stored
from segue.model.errors import UnreadableValue
from segue.model.events import Value
from segue.model.interval import Interval
from segue.model.value import decode
from segue.run.children.attempt import Call, Workshop
from segue.run.children.secrecy import Secrecy
from segue.run.children.supply import Supply
from segue.run.wire import Revealed, Setup, Work

__all__ = ["open_workshop"]


def open_workshop(setup: Setup) -> Workshop:
    """The workshop that calls functions of DAG files, from the bundles that `setup` names."""
    values = decode(setup.values) if setup.values else {}
    return _FileWorkshop(Path(setup.bundles), LocalStorage(setup.storage), values)


class _FileWorkshop:
    def __init__(self, bundles: Path, storage: Storage, values: Mapping[str, object]) -> None:
        self._bundles, self._storage, self._values = bundles, storage, values
        self._loaders: dict[str, CodeLoader] = {}
        self._plans: dict[tuple[str, str, str, str], _Plan] = {}
        self._dags: dict[tuple[str, str, str], tuple[Dag, frozenset[str]]] = {}  # with the tasks that are mapped over
        self._turned_to = ("", "")

    def loads(self, work: Work, brief: Brief) -> bool:
        return self._turned_to != (brief.bundle, brief.file)

    def prepare(self, work: Work, brief: Brief, supply: Supply) -> Call:
        revealed = supply.revealed() if work.reveals else Revealed()
        secrecy = Secrecy(revealed)
        plan = self._plan(work, brief)
        given = _Inputs(work, supply, self._storage, plan.annotations)
        run = str(work.run)
        context = RunContext(
            dag_id=work.run.dag,
            run_id=run,
            task_id=work.task,
            map_index=work.index,
            attempt=work.number,
            slot=None if brief.slot is None else Interval.of(*brief.slot, brief.timezone),
            timezone=brief.timezone,
            due=brief.due,
            values=plan.params(brief.params),
            connections=revealed.connections,
            secrets=revealed.secrets,
        )
        bound = bind(plan.dag, work.task, given, work.picks, context, given.item)
        prefix = values_prefix(work.run.dag, run, work.task, work.index, work.number)

        def keep(result: object) -> Value:
            secrecy.check(result)
            return store_result(result, self._storage, prefix, mapped=plan.mapped).outcome()

        return Call(
            code=partial(bound.fn, *bound.args, **bound.kwargs),
            keep=keep,
            choose=plan.choose,
            may_retry=partial(may_retry, plan.retry),
            root=plan.root,
            within=entered(context),
        )

    def _plan(self, work: Work, brief: Brief) -> _Plan:
        name = (brief.bundle, brief.file, work.run.dag, work.task)
        if self._turned_to != name[:2]:
            self._turned_to = ("", "")
            root = self._bundles / brief.bundle
            with suppress(OSError):  # the folder has moved since
                os.chdir(origin_of(root) or root)
            self._loader(brief).dag(brief.file, work.run.dag)
            self._turned_to = name[:2]
        if name not in self._plans:
            if name[:3] not in self._dags:
                dag = self._loader(brief).dag(brief.file, work.run.dag)
                self._dags[name[:3]] = dag, frozenset(_listed(dag))
            dag, listed = self._dags[name[:3]]
            self._plans[name] = _Plan(dag, work.task, f"{self._bundles}/{brief.bundle}", work.task in listed)
        return self._plans[name]

    def _loader(self, brief: Brief) -> CodeLoader:
        if brief.bundle not in self._loaders:
            self._loaders[brief.bundle] = CodeLoader(self._bundles / brief.bundle, self._values)
        return self._loaders[brief.bundle]


class _Plan:
    """What does not change from one attempt of a task to the next."""

    def __init__(self, dag: Dag, task: str, root: str, listed: bool) -> None:
        self.dag, self.root, self._task = dag, root, task
        self.retry: Retry = retry_policy(dag, task)
        self.annotations = annotations_of(dag, task)
        self.mapped = listed and dag.calls[task].fan is None
        self._params: dict[bytes, dict[str, Any]] = {}

    def params(self, encoded: bytes) -> dict[str, Any]:
        """The run's params by name, those with a default included."""
        if encoded not in self._params:
            values = decode(encoded) if encoded else {}
            if kind := self.dag.params_class:
                filled = params_from(kind, values)
                values = {name: getattr(filled, name) for name in field_names(kind)}
            self._params = {encoded: values}
        return self._params[encoded]

    def choose(self, result: object) -> tuple[str, ...]:
        """The direct downstream tasks that a branch chose."""
        return branch_choice(self.dag, self._task, result)


class _Inputs(Mapping[str, object]):
    """The values of upstream tasks by id, loaded when they are asked for."""

    def __init__(self, work: Work, supply: Supply, storage: Storage, annotations: Mapping[str, object]) -> None:
        self._work, self._supply, self._storage, self._annotations = work, supply, storage, annotations
        self._given = dict(zip(work.data, work.inputs, strict=True))

    def __getitem__(self, task: str) -> object:
        given = self._given[task]
        match given:
            case Missing():
                return given
            case Many():
                return self._all(given, self._annotations.get(task))
            case _:
                return load_result(self._stored(given), self._storage, self._annotations.get(task))

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def item(self, task: str, number: int) -> object:
        """One item of a list that is mapped over."""
        given = self._given[task]
        if isinstance(given, Missing | Many):
            raise UnreadableValue(f"{task} gave no list to take item {number} of")
        return load_item(self._stored(given), self._storage, number, self._annotations.get(task))

    def _stored(self, given: Given | Stored) -> StoredValue:
        if isinstance(given, Given):
            return _stored(given.value)
        value = self._supply.one(self._work, given.task, given.index)
        if value is None:
            raise UnreadableValue(f"the store has no result of {given.task}")
        return _stored(value)

    def _all(self, given: Many, annotation: object) -> Sequence[object]:
        inner = typing.get_args(annotation)
        load = partial(load_result, storage=self._storage, annotation=inner[0] if inner else None)
        without = set(given.without)
        present = [k for k in range(given.items) if k not in without]

        def fetch(start: int, stop: int) -> Sequence[StoredValue]:
            wanted = present[start:stop]
            block = dict(self._supply.block(self._work, given.task, wanted[0], wanted[-1] + 1))
            lost = [k for k in wanted if k not in block]
            if lost:
                raise UnreadableValue(f"the store has no result of {given.task}[{lost[0]}]")
            return [_stored(block[k]) for k in wanted]

        return LazyResults(len(present), fetch, load)


def _listed(dag: Dag) -> Iterator[str]:
    """The tasks whose results are mapped over."""
    for call in dag.calls.values():
        for over in call.fan.over.values() if call.fan else ():
            if isinstance(over, Node):
                yield over.id


def _stored(value: Value) -> StoredValue:
    return StoredValue.of(value.inline, value.ref, value.length, value.digest)
