"""Attempts as calls in this process: for tests, which own the process anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import partial
from types import CoroutineType
from typing import cast

import msgspec

from segue.data.results import StoredValue, load_item, load_result, store_result
from segue.data.staging import Staging, publish_staged
from segue.data.storage import Storage, values_prefix
from segue.define.binding import annotations_of, bind, branch_choice, may_retry, retry_policy
from segue.define.conductor import Replay, learn_step
from segue.define.context import RunContext, entered
from segue.define.dag import Dag
from segue.define.hooks import hook_of
from segue.define.keeping import KeptState
from segue.define.nodes import Call as Node
from segue.define.options import Retry
from segue.model.acts import SecretKind
from segue.model.commands import Given, Launch, Many, Missing, Stored
from segue.model.contracts import Results
from segue.model.errors import UnknownName, UnreadableValue
from segue.model.events import Failure, Outcome, Value
from segue.model.ids import Instant
from segue.model.interval import Interval
from segue.model.spec import HookName
from segue.run.children.call import Call, unmeasured
from segue.run.children.flows import bind_step, keeper_of
from segue.run.children.guard import Guarded, concluded, measured, rows_of
from segue.run.children.outcome import outcome_of
from segue.run.children.secrecy import Secrecy
from segue.run.wire import Revealed
from segue.testing.timeouts import Overran, limited

__all__ = ["Calls", "Told"]


@dataclass(frozen=True, slots=True)
class Told:
    """What tasks are told: the run's params by name, and connections and secrets; of them what they declare.

    `secret` names the params that are to be kept as a secret.
    """

    values: Mapping[str, object]
    connections: Mapping[str, str]
    secrets: Mapping[str, str]
    secret: frozenset[str] = frozenset()

    def revealed(self, launch: Launch) -> Revealed:
        """What one attempt is told in confidence.

        Raises:
            UnknownName: it declares what there is not.
        """
        rules = launch.task.rules
        return Revealed(
            {name: _known(self.connections, "connection", name) for name in rules.connections},
            {name: _known(self.secrets, "secret", name) for name in rules.secrets},
            params={name: msgspec.json.encode(self.values[name]).decode() for name in self.secret},
        )


def _known(given: Mapping[str, str], kind: SecretKind, name: str) -> str:
    if name not in given:
        raise UnknownName(
            f"there is no {kind} {name!r}: a run in process has what it is given, {kind}s={{{name!r}: …}}"
        )
    return given[name]


class Calls:
    """Calls the functions of one DAG, for an inline executor.

    Args:
        dag: the DAG whose tasks are called.
        told: what they are told.
        results: where results of upstream tasks are read.
        storage: where large results and tables go.

    Attributes:
        raised: by task label, what the last attempt raised.
    """

    def __init__(self, dag: Dag, told: Told, results: Results, storage: Storage) -> None:
        self._dag, self._told, self._results, self._storage = _own(dag), told, results, storage
        over = [one for call in dag.calls.values() if call.fan for one in call.fan.over.values()]
        self._listed = {one.id for one in over if isinstance(one, Node)}
        self._guarded = Guarded(dag)
        self._kept: dict[tuple[str, int | None], KeptState] = {}
        self.raised: dict[str, BaseException] = {}

    def perform(self, launch: Launch) -> Outcome:
        """Run one attempt to its outcome."""
        secrecy = Secrecy(Revealed())
        try:
            revealed = self._told.revealed(launch)
            secrecy = Secrecy(revealed)
            return self._outcome(launch, self._context(launch, revealed, secrecy), secrecy)
        except Overran as error:
            self.raised[launch.key.of.label] = error
            return Failure("timeout", str(error))
        except Exception as error:  # noqa: BLE001 - whatever user code raises is its outcome
            self.raised[launch.key.of.label] = error
            policy = retry_policy(self._dag, launch.task.id) if launch.kind == "user" else Retry()
            return outcome_of(error, "", lambda raised: may_retry(policy, raised), secrecy.hide)

    def _outcome(self, launch: Launch, context: RunContext, secrecy: Secrecy) -> Outcome:
        task, _, hook = launch.key.task.partition("!")
        with entered(context):
            if launch.kind == "publish":
                publish_staged(launch.staged)
                return Value()
            if launch.kind == "hook":
                _awaited(hook_of(self._dag, task, cast(HookName, hook))(context))
                return Value()
            call = self._call(launch, context, secrecy)
            with call.staging as writes:
                with limited(launch.task.rules.timeout):
                    result = _awaited(call.code())
                made = measured(call, result, writes)
                return concluded(call, result, made, writes, launch.task.kind, launch.empty)[0]

    def _context(self, launch: Launch, revealed: Revealed, secrecy: Secrecy) -> RunContext:
        key, brief = launch.key, launch.brief
        task = key.task.partition("!")[0]
        where = (task, key.index)
        if where not in self._kept:
            self._kept[where] = KeptState((), lambda name, value: secrecy.check(value, f"context.state[{name!r}]"))
        return RunContext(
            dag_id=key.run.dag,
            run_id=str(key.run),
            task_id=task,
            map_index=key.index,
            attempt=key.number,
            slot=None if brief.slot is None else Interval.of(*brief.slot, brief.timezone),
            timezone=brief.timezone,
            due=Instant(brief.due),
            values=self._told.values,
            connections=revealed.connections,
            secrets=revealed.secrets,
            state=self._kept[where],
        )

    def _call(self, launch: Launch, context: RunContext, secrecy: Secrecy) -> Call:
        key = launch.key
        given = _Inputs(launch, self._results, self._storage, annotations_of(self._dag, key.task))
        bound = (
            bind(self._dag, key.task, given, launch.picks, context, given.item)
            if launch.step is None
            else bind_step(launch.step, self._dag.calls[key.task].task, context, self._storage)
        )
        prefix = values_prefix(key.run.dag, str(key.run), key.task, key.index, key.number)
        mapped = key.index is None and key.task in self._listed

        def keep(result: object) -> Value:
            secrecy.check(result)
            return store_result(result, self._storage, prefix, mapped=mapped, hide=secrecy.hide).outcome()

        code: Callable[[], object] = partial(bound.fn, *bound.args, **bound.kwargs)
        return Call(
            code=code if launch.task.kind != "flow" else partial(self._body, launch, code, secrecy),
            keep=keep,
            choose=partial(branch_choice, self._dag, key.task),
            may_retry=lambda _: True,
            staging=Staging(prefix, self._storage),
            reports=context.reports,
            length=rows_of if key.task in self._guarded else unmeasured,
        )

    def _body(self, launch: Launch, code: Callable[[], object], secrecy: Secrecy) -> object:
        run = launch.key.run
        keeper = keeper_of(run, self._storage, secrecy, lambda step: self._results.result(run, step, None))
        replay = Replay(launch.steps, keeper, self._dag.options.get("defaults", {}), local=True)
        try:
            return replay.perform(code)
        finally:
            for name, task in replay.tasks.items():
                learn_step(self._dag, name, task)


def _own(dag: Dag) -> Dag:
    """The DAG with calls of its own: those of a flow get more with every step."""
    mine = copy(dag)
    mine.calls = dict(dag.calls)
    return mine


def _awaited(result: object) -> object:
    return asyncio.run(result) if isinstance(result, CoroutineType) else result


class _Inputs(Mapping[str, object]):
    """Values of upstream tasks by id, read when they are asked for."""

    def __init__(self, launch: Launch, results: Results, storage: Storage, annotations: Mapping[str, object]) -> None:
        self._run, self._results, self._storage = launch.key.run, results, storage
        self._annotations = annotations
        self._given = dict(zip(launch.task.data, launch.inputs, strict=True))

    def __getitem__(self, task: str) -> object:
        given = self._given[task]
        match given:
            case Missing():
                return given
            case Many(items=items):
                return [self._load(value) for _, value in self._results.results(self._run, task, 0, items)]
            case _:
                return self._load(self._value(given), self._annotations.get(task))

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def item(self, task: str, number: int) -> object:
        """One item of a list that is mapped over."""
        given = self._given[task]
        if isinstance(given, Missing | Many):
            raise UnreadableValue(f"{task} gave no list to take item {number} of")
        return load_item(_stored(self._value(given)), self._storage, number)

    def _value(self, given: Given | Stored) -> Value:
        value = given.value if isinstance(given, Given) else self._results.result(self._run, given.task, given.index)
        if value is None:
            raise UnreadableValue("the store has no result of an upstream task")
        return value

    def _load(self, value: Value, annotation: object = None) -> object:
        return load_result(_stored(value), self._storage, annotation)


def _stored(value: Value) -> StoredValue:
    return StoredValue.of(value.inline, value.ref, value.length, value.digest)
