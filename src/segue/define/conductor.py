"""A flow, played again from the top until it has ended.

Each call of a task is a *step*: a task of the run, named by its task and the number of the call. A call that is on
record gives what was recorded; the first one whose result is not there yet ends the attempt (`Suspended`), with all
calls that are new. So the body waits without a process, and a crash costs nothing that has ended (RULINGS, "Flow").
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from logging import getLogger
from typing import Any, Final, NamedTuple, NoReturn, cast

from msgspec import structs

from segue.define.dag import Dag
from segue.define.futures import Called, conducting, settled
from segue.define.hooks import hook_names
from segue.define.injection import injected
from segue.define.nodes import Call
from segue.define.options import TASK_LATER
from segue.define.rules import name_of, rules_of
from segue.define.tasks import DeclaredTask
from segue.model.commands import Recorded
from segue.model.errors import DefinitionError, Fail, Skip, StepFailed
from segue.model.events import Deferred, Value
from segue.model.images import Step
from segue.model.spec import Rules, TaskSpec
from segue.model.state import FINAL, TaskState

__all__ = ["MAX_STEPS", "Keeper", "Replay", "Suspended", "find_task", "learn_step", "raises_again", "step_rules"]

MAX_STEPS: Final = 10_000
_BATCH: Final = 96 * 1024
"""Bytes of new calls that one report carries; with more the body goes on in another attempt."""

_INSTEAD: Final = {
    "branch": "write an if", "short_circuit": "write an if", "setup": "write try and finally",
    "teardown": "write try and finally", "sensor": "it cannot wait for a sensor",
}  # fmt: skip
_log = getLogger("segue.flow")


class Suspended(BaseException):
    """The body must wait: unwinds it, past every `except Exception`."""

    def __init__(self, deferred: Deferred) -> None:
        super().__init__("the flow waits for its steps")
        self.deferred = deferred


class Keeper(NamedTuple):
    """What arguments and results of steps are kept with.

    Args:
        keep: stores the arguments of a step by its id.
        digest: what `keep` would call the digest, None where only storing tells.
        load: reads the result of a step, by its id and what is on record.
    """

    keep: Callable[[str, dict[str, object]], Value]
    digest: Callable[[dict[str, object]], bytes | None]
    load: Callable[[Recorded, object], object]


class Replay:
    """Conducts one attempt of a flow's body.

    Args:
        record: what has become of the calls it made in earlier attempts, in order.
        keeper: stores and reads.
        defaults: options of all tasks of the flow.
        local: steps run in this process, and find functions that are defined inside others.

    Attributes:
        tasks: of the new calls, by id of the step.
    """

    def __init__(
        self, record: Sequence[Recorded], keeper: Keeper, defaults: Mapping[str, Any], *, local: bool = False
    ) -> None:
        self._record, self._keeper, self._defaults, self._local = record, keeper, defaults, local
        self._calls: list[Called] = []
        self._asked: set[int] = set()
        self._fresh: list[Step] = []
        self._size = 0
        self._suspended: Suspended | None = None
        self._rules: dict[int, Rules] = {}
        self.tasks: dict[str, DeclaredTask[..., Any]] = {}

    def perform(self, code: Callable[[], object]) -> object:
        """Run the body.

        Returns:
            What it returned; `Deferred` where it waits, or has made as many calls as one report carries. What it
            raised or returned while it was unwound counts for nothing then.
        """
        token = conducting.set(self)
        try:
            result = code()
            self._finish()
        except BaseException:
            if self._suspended is None:
                raise
            return self._suspended.deferred
        finally:
            conducting.reset(token)
        return result

    def submit(self, task: Called, bound: Mapping[str, object]) -> int:
        """Make a call, or find it on record; gives its number.

        Raises:
            Fail: it was another task before, or it cannot be a step.
            UnstorableValue: an argument cannot be stored.
        """
        self._go_on()
        arguments = {name: value for name, value in settled(bound).items() if value is not injected}
        if missing := task.function.missing(arguments):
            raise Fail(f"task {task.id} misses {', '.join(f'argument {name!r}' for name in missing)}")
        number = len(self._calls) + 1
        if number > MAX_STEPS:
            raise Fail(f"a flow makes at most {MAX_STEPS:,} calls: give one task a list of things to do")
        name = f"{task.id}#{number}"
        if number <= len(self._record):
            self._compare(name, number, arguments)
            self._calls.append(task)
            return number
        step = self._step(task, name, arguments)
        self._calls.append(task)
        self._fresh.append(step)
        self.tasks[name] = cast("DeclaredTask[..., Any]", task)
        self._size += len(step.inline or b"") + 1024
        if self._size > _BATCH:
            self._suspend(())
        return number

    def results(self, numbers: Sequence[int]) -> list[Any]:
        """What these calls returned; all are waited for together.

        Raises:
            StepFailed: one has failed.
            Skip: one was skipped.
        """
        self._go_on()
        if waiting := [number for number in numbers if not self._ended(number)]:
            self._suspend(waiting)
        return [self._result(number) for number in numbers]

    def _go_on(self) -> None:
        """Nothing is called while the body is unwound, as by its `finally`."""
        if self._suspended is not None:
            raise self._suspended

    def _suspend(self, awaits: Sequence[int]) -> NoReturn:
        self._suspended = Suspended(Deferred(tuple(self._fresh), tuple(dict.fromkeys(awaits))))
        raise self._suspended

    def _ended(self, number: int) -> bool:
        return number <= len(self._record) and self._record[number - 1].state in FINAL

    def _result(self, number: int) -> object:
        self._asked.add(number)
        one = self._record[number - 1]
        if one.state is TaskState.SUCCESS:
            function = self._calls[number - 1].function
            return None if one.marked else self._keeper.load(one, _annotation(function.returns))
        if one.state is TaskState.SKIPPED:
            raise Skip(f"{one.task} was skipped")
        raise StepFailed(one.task, one.reason or f"it is {one.state.value}")

    def _finish(self) -> None:
        """The body has ended: its steps have to, and what failed unseen fails it."""
        self._go_on()
        if len(self._calls) < len(self._record):
            number = len(self._calls) + 1
            raise Fail(f"call {number} of the flow was {self._record[number - 1].task}, now there is none: {_SAME}")
        if waiting := [number for number in range(1, len(self._calls) + 1) if not self._ended(number)]:
            self._suspend(waiting)
        for number, one in enumerate(self._record, 1):
            if one.state is TaskState.FAILED and number not in self._asked:
                self._result(number)

    def _compare(self, name: str, number: int, arguments: dict[str, object]) -> None:
        was = self._record[number - 1]
        if was.task != name:
            raise Fail(f"call {number} of the flow was {was.task}, now it is {name}: {_SAME}")
        digest = self._keeper.digest(arguments)
        if digest is not None and digest != was.digest:
            _log.warning("%s is called with other arguments than before: its recorded result counts", name)

    def _step(self, task: Called, name: str, arguments: dict[str, object]) -> Step:
        if task.kind != "task":
            raise Fail(f"{task.id} is a {task.kind}, in a flow {_INSTEAD[task.kind]}")
        fn = task.function.fn
        where = f"{getattr(fn, '__module__', '')}:{getattr(fn, '__qualname__', '')}"
        if "<locals>" in where and not self._local:
            raise Fail(
                f"task {task.id} is defined inside {where.partition(':')[2].partition('.<locals>')[0]}: a step runs in "
                "a process of its own and does not find it there; define it at the top level of a module"
            )
        if id(task) not in self._rules:
            self._rules[id(task)] = step_rules(task, self._defaults, _refuse)
        value = self._keeper.keep(name, arguments)
        spec = TaskSpec(name, self._rules[id(task)], line=getattr(getattr(fn, "__code__", None), "co_firstlineno", 0))
        failed = (number for number in sorted(self._asked) if self._record[number - 1].state is TaskState.FAILED)
        return Step(spec, where, value.inline, value.ref, value.digest, tuple(failed))


_SAME: Final = "the calls of a flow may depend on its params and on results of its steps, on nothing else"


_OF_SLOTS: Final = frozenset({"deadline", "depends_on_past"})
"""Options that compare one slot with another or with the clock: of a flow only the body is there in every run."""


def step_rules(task: Called, defaults: Mapping[str, Any], report: Callable[[str], None]) -> Rules:
    """How the steps of a task are run; it has no upstream, and that it failed matters only if the body says so."""
    options = {**defaults, **task.options}
    for name in sorted(TASK_LATER.intersection(options)):
        report(f"{name}= of task {task.id} is not available in this version: leave it out")
    for name in sorted(_OF_SLOTS.intersection(task.options)):
        report(f"{name}= of task {task.id} has no meaning for the steps of a flow: put it in defaults= of the flow")
    rules = rules_of({name: value for name, value in options.items() if name not in _OF_SLOTS}, report)
    hooks = hook_names(options, report)
    return structs.replace(rules, trigger_rule="all_success", allow_failure=True, hooks=hooks)


def learn_step(dag: Dag, name: str, task: DeclaredTask[..., Any]) -> None:
    """Give a flow the task of one of its steps, as if it had been declared with the others."""
    dag.calls[name] = Call(dag, task.with_options(id=name), "", {}, None, dag.place)


def find_task(step: Step) -> DeclaredTask[..., Any]:
    """The task of a step, where its module declares it.

    Raises:
        Fail: it does not.
    """
    name, _, path = step.where.partition(":")
    module = sys.modules.get(name) or importlib.import_module(name)
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part, None)
    mine = [found, *vars(module).values()]
    tasks = [one for one in mine if isinstance(one, DeclaredTask) and one.function.fn.__qualname__ == path]
    if not tasks:
        raise Fail(f"task {step.task.id.partition('#')[0]} is not at the top level of {name} when it is loaded again")
    named = [one for one in tasks if one.id == step.task.id.partition("#")[0]]
    return (named or tasks)[0]


def raises_again(step: Step, error: BaseException) -> bool:
    """What `Retry(on=, not_on=)` of a step says about an error: its options may be those of one call, so by name."""
    retry, names = step.task.rules.retry, {name_of(kind) for kind in type(error).__mro__}
    wanted = not names.isdisjoint(retry.on) if retry.on else isinstance(error, Exception)
    return wanted and names.isdisjoint(retry.not_on)


def _annotation(returns: Any) -> object:
    return None if returns is None or isinstance(returns, str) or returns is inspect.Signature.empty else returns


def _refuse(text: str) -> None:
    raise DefinitionError(text)
