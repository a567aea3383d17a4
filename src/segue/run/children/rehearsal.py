"""A workshop for trying a DAG: its tasks run, and what the product's writers stage is told of instead of published."""

from __future__ import annotations

import msgspec

from segue.data.staging import Staging
from segue.model.commands import Brief
from segue.run.children.call import Call, Workshop
from segue.run.children.supply import Supply
from segue.run.children.workshop import open_workshop as open_real_workshop
from segue.run.wire import Setup, Work

__all__ = ["open_workshop"]


def open_workshop(setup: Setup) -> Workshop:
    """The workshop of DAG files, whose calls publish nothing."""
    return _Rehearsing(open_real_workshop(setup))


class _Rehearsing:
    def __init__(self, real: Workshop) -> None:
        self._real = real

    def loads(self, work: Work, brief: Brief) -> bool:
        return self._real.loads(work, brief)

    def prepare(self, work: Work, brief: Brief, supply: Supply) -> Call:
        call = self._real.prepare(work, brief, supply)
        if not isinstance(call.staging, Staging):
            return call
        return msgspec.structs.replace(call, staging=call.staging.rehearsed())
