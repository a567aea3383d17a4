"""How much the engine holds for a task that has not begun."""

from __future__ import annotations

import gc
import tracemalloc

from segue.engine.core import Engine
from segue.model.acts import TriggerRun
from segue.model.definition import Defined, Definition
from segue.model.events import Capacity, Request
from segue.model.ids import Instant
from segue.model.images import Snapshot
from segue.model.spec import DagSpec, MapSpec, Over, TaskSpec, decode_spec, encode_spec

__all__ = ["bytes_per_task"]


def bytes_per_task(tasks: int, *, declared: bool) -> float:
    """Bytes of one run of `tasks` pending tasks, with its decoded spec and graph, divided by `tasks`."""
    if declared:
        chain = (TaskSpec(f"task_{at}", data=(f"task_{at - 1}",) if at else ()) for at in range(tasks))
        spec = DagSpec("wide", tuple(chain))
    else:
        spec = DagSpec("wide", (TaskSpec("item", mapped=MapSpec("zip", (Over("x", None, tasks),))),))
    data = encode_spec(spec)
    del spec
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    engine = Engine(Snapshot(b"k" * 32))
    definition = Definition(decode_spec(data), "spec", "code", "bundle")
    ask = Request("r", "bench", TriggerRun("wide", "manual"))
    engine.step(Instant(1), [Capacity(2), Defined("", "wide.py", (definition,)), ask])
    del definition, ask
    engine.step(Instant(2), [])  # what the first turn decided is committed and gone
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return used / tasks
