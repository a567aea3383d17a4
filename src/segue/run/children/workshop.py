from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from segue.data.results import store_result
from segue.data.staging import Staging, publish_staged
from segue.data.storage import Storage, open_storage, values_prefix
from segue.define.binding import annotations_of, bind, branch_choice, item_name, may_retry, retry_policy
from segue.define.bundle import origin_of
from segue.define.code import CodeLoader
from segue.define.conductor import Replay, find_task, learn_step, raises_again
from segue.define.context import RunContext, entered
from segue.define.dag import Dag
from segue.define.hooks import hook_of
from segue.define.keeping import KeptState
from segue.define.params import field_names, params_from
from segue.model.commands import Brief
from segue.model.context import Context
from segue.model.errors import Fail
from segue.model.events import Value
from segue.model.interval import Interval
from segue.model.spec import HookName
from segue.model.value import decode
from segue.run.children.call import Call, Workshop, unmeasured
from segue.run.children.flows import bind_step, keeper_of
from segue.run.children.guard import Guarded, rows_of
from segue.run.children.inputs import Inputs
from segue.run.children.secrecy import Secrecy
from segue.run.children.supply import Supply
from segue.run.wire import Revealed, Setup, Work

__all__ = ["open_workshop"]

_NOTHING = Revealed()
_NO_SECRETS = Secrecy(_NOTHING)


def open_workshop(setup: Setup) -> Workshop:
    """The workshop that calls functions of DAG files, from the bundles that `setup` names."""
    values = decode(setup.values) if setup.values else {}
    return _FileWorkshop(Path(setup.bundles), open_storage(setup.storage), values)


class _FileWorkshop:
    def __init__(self, bundles: Path, storage: Storage, values: Mapping[str, object]) -> None:
        self._bundles, self._storage, self._values = bundles, storage, values
        self._loaders: dict[str, CodeLoader] = {}
        self._dags: dict[tuple[str, str, str], _Loaded] = {}
        self._turned_to = ("", "")

    def loads(self, work: Work, brief: Brief) -> bool:
        return self._turned_to != (brief.bundle, brief.file)

    def prepare(self, work: Work, brief: Brief, supply: Supply) -> Call:
        revealed, secrecy = _NOTHING, _NO_SECRETS
        if work.reveals:
            revealed = supply.revealed()
            secrecy = Secrecy(revealed)
        task, _, hook = work.task.partition("!")
        state = KeptState(work.state, _keeping(work, task, secrecy, supply))
        loaded = self._loaded(work, brief) if work.what != "publish" else None
        if loaded is not None and work.step is not None and task not in loaded.dag.calls:
            learn_step(loaded.dag, task, find_task(work.step))
        context = RunContext(
            dag_id=work.run.dag,
            run_id=str(work.run),
            task_id=task,
            map_index=work.index,
            attempt=work.number,
            slot=None if brief.slot is None else Interval.of(*brief.slot, brief.timezone),
            timezone=brief.timezone,
            due=brief.due,
            values=loaded.params(brief.params, revealed.params) if loaded else {},
            connections=revealed.connections,
            secrets=revealed.secrets,
            state=state,
        )
        if loaded is None:
            return self._publication(work, brief, context)
        if work.what == "hook":
            called = hook_of(loaded.dag, task, cast(HookName, hook))
            return _without_result(partial(called, context), context, loaded.root)
        return self._attempt(work, supply, loaded, context, secrecy)

    def _attempt(self, work: Work, supply: Supply, loaded: _Loaded, context: RunContext, secrecy: Secrecy) -> Call:
        plan = loaded.plan(work.task)
        given = Inputs(work, supply, self._storage, plan.annotations)
        bound = (
            bind(loaded.dag, work.task, given, work.picks, context, given.item)
            if work.step is None
            else bind_step(work.step, loaded.dag.calls[work.task].task, context, self._storage)
        )
        code: Callable[[], object] = partial(bound.fn, *bound.args, **bound.kwargs)
        if work.kind == "flow":
            keeper = keeper_of(work.run, self._storage, secrecy, lambda step: supply.one(work, step, None))
            code = partial(Replay(work.steps, keeper, loaded.dag.options.get("defaults", {})).perform, code)
        prefix = values_prefix(work.run.dag, str(work.run), work.task, work.index, work.number)

        def keep(result: object) -> Value:
            secrecy.check(result)
            return store_result(result, self._storage, prefix, mapped=plan.mapped, hide=secrecy.hide).outcome()

        return Call(
            code=code,
            keep=keep,
            choose=partial(branch_choice, loaded.dag, work.task),
            may_retry=partial(may_retry, plan.retry) if work.step is None else partial(raises_again, work.step),
            root=loaded.root,
            within=entered(context),
            on_cancel=_on_cancel(loaded.dag, context) if work.hooked else None,
            staging=Staging(prefix, self._storage),
            reports=context.reports,
            refused=context.refused,
            length=plan.length,
            item=None if work.index is None else item_name(loaded.dag, work.task, bound),
            hide=secrecy.hide,
        )

    def _publication(self, work: Work, brief: Brief, context: RunContext) -> Call:
        self._move(brief)
        return _without_result(partial(publish_staged, work.staged), context, "")

    def _loaded(self, work: Work, brief: Brief) -> _Loaded:
        called = brief.dag or work.run.dag
        name = (brief.bundle, brief.file, called)
        if self._turned_to != name[:2]:
            self._turned_to = ("", "")
            self._move(brief)
            self._loader(brief).dag(brief.file, called)
            self._turned_to = name[:2]
        if name not in self._dags:
            dag = self._loader(brief).dag(brief.file, called)
            self._dags[name] = _Loaded(dag, f"{self._bundles}/{brief.bundle}")
        return self._dags[name]

    def _move(self, brief: Brief) -> None:
        root = self._bundles / brief.bundle
        with suppress(OSError):  # the folder has moved since
            os.chdir(origin_of(root) or root)

    def _loader(self, brief: Brief) -> CodeLoader:
        if brief.bundle not in self._loaders:
            self._loaders[brief.bundle] = CodeLoader(self._bundles / brief.bundle, self._values)
        return self._loaders[brief.bundle]


class _Loaded:
    """A DAG, traced, and what does not change from one attempt to the next."""

    def __init__(self, dag: Dag, root: str) -> None:
        self.dag, self.root = dag, root
        self._guarded = Guarded(dag)
        self._plans: dict[str, _Plan] = {}
        self._params: dict[bytes, dict[str, Any]] = {}

    def plan(self, task: str) -> _Plan:
        """What is the same for all attempts of a task."""
        if task not in self._plans:
            self._plans[task] = _Plan(self.dag, task, self._guarded)
        return self._plans[task]

    def params(self, encoded: bytes, secret: Mapping[str, str]) -> dict[str, Any]:
        """The run's params by name, those with a default included; the secret ones are given as JSON."""
        if encoded not in self._params:
            values = decode(encoded) if encoded else {}
            values |= {name: msgspec.json.decode(value) for name, value in secret.items()}
            if kind := self.dag.params_class:
                filled = params_from(kind, values)
                values = {name: getattr(filled, name) for name in field_names(kind)}
            self._params = {encoded: values}
        return self._params[encoded]


class _Plan:
    """`mapped`: something maps over its result; `length`: what the guard sees of it."""

    def __init__(self, dag: Dag, task: str, guarded: Guarded) -> None:
        self.retry = retry_policy(dag, task)
        self.annotations = annotations_of(dag, task)
        call = dag.calls[task]
        self.mapped = task in guarded.listed and call.fan is None
        self.length = rows_of if task in guarded else unmeasured


def _keeping(work: Work, task: str, secrecy: Secrecy, supply: Supply) -> Callable[[str, str], None]:
    def keep(name: str, value: str) -> None:
        if not task:
            raise Fail("the hook of a DAG has no context.state: that belongs to a task")
        secrecy.check(value, f"context.state[{name!r}]")
        supply.set_state(work.token, name, value)

    return keep


def _on_cancel(dag: Dag, context: RunContext) -> Callable[[], object]:
    called: Callable[[Context], object] = hook_of(dag, context.task_id, "cancel")

    def call() -> object:
        entered(context).__enter__()  # in a thread of its own, which ends with this
        return called(context)

    return call


def _without_result(code: Callable[[], object], context: RunContext, root: str) -> Call:
    """A call whose result nobody wants."""
    return Call(
        code=code,
        keep=lambda _: Value(),
        choose=lambda _: (),
        may_retry=lambda _: True,
        root=root,
        within=entered(context),
    )
