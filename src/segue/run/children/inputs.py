from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from segue.data.results import LazyResults, StoredValue, load_item, load_result
from segue.data.storage import Storage
from segue.model.commands import Given, Many, Missing, Stored
from segue.model.errors import UnreadableValue
from segue.model.events import Value
from segue.run.children.supply import Supply
from segue.run.wire import Work

__all__ = ["Inputs"]


class Inputs(Mapping[str, object]):
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


def _stored(value: Value) -> StoredValue:
    return StoredValue.of(value.inline, value.ref, value.length, value.digest)
