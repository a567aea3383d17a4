"""What attempts of a flow and of its steps are made of, here and in tests in process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from segue.data.results import StoredValue, load_result, store_result
from segue.data.storage import Storage, digest_of, values_prefix
from segue.define.binding import Bound
from segue.define.conductor import Keeper
from segue.define.futures import Called
from segue.model.commands import Recorded
from segue.model.context import Context
from segue.model.errors import UnreadableValue, UnstorableValue
from segue.model.events import Value
from segue.model.ids import RunKey
from segue.model.images import Step
from segue.model.value import encode
from segue.run.children.secrecy import Secrecy

__all__ = ["bind_step", "keeper_of"]

_INLINE: Final = 16 * 1024
"""Bytes of arguments that travel with a step; those of many travel in one report."""

_OF_ARGUMENTS: Final = 0
"""Where the number of an attempt stands in the path of what it keeps: no attempt has this one."""


def keeper_of(run: RunKey, storage: Storage, secrecy: Secrecy, read: Callable[[str], Value | None]) -> Keeper:
    """Keep arguments of steps like results, and give results of steps back.

    Args:
        run: the run of the flow.
        storage: where large values lie.
        secrecy: knows the secrets of the attempt.
        read: gives the value of a step by its id, where it does not travel with the record.
    """

    def keep(name: str, arguments: dict[str, object]) -> Value:
        secrecy.check(arguments, f"arguments of {name}")
        prefix = values_prefix(run.dag, str(run), name, None, _OF_ARGUMENTS)
        try:
            return store_result(arguments, storage, prefix, _INLINE, hide=secrecy.hide).outcome()
        except UnstorableValue as why:
            raise UnstorableValue(f"arguments of {name}: {why}") from why

    def load(one: Recorded, annotation: object) -> object:
        value = Value(one.inline) if one.inline is not None else read(one.task)
        if value is None:
            raise UnreadableValue(f"the store has no result of {one.task}")
        return load_result(_stored(value), storage, annotation)

    return Keeper(keep, _digest, load)


def bind_step(step: Step, task: Called, context: Context, storage: Storage) -> Bound:
    """Put the call of a step together."""
    given: Any = load_result(_stored(Value(step.inline, step.ref, None, step.digest)), storage)
    args, kwargs = task.function.spread(task.function.filled(given, context))
    return Bound(task.function.fn, args, kwargs)


def _digest(arguments: dict[str, object]) -> bytes | None:
    try:
        return digest_of(encode(arguments))
    except UnstorableValue:  # tables are compared only by what calls them
        return None


def _stored(value: Value) -> StoredValue:
    return StoredValue.of(value.inline, value.ref, value.length, value.digest)
