from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ExecutorSettings"]


@dataclass(frozen=True, slots=True)
class ExecutorSettings:
    """How the process executor works. Times in seconds, sizes in bytes.

    Args:
        home: folder of the lock file that living workers hold.
        logs: folder of the attempts' logs.
        storage: where large values lie.
        bundles: folder of unpacked bundles.
        env: environment of the tasks; names that begin with `SEGUE_` are left out.
        values: what arguments of DAG functions that are no params are given: `[tool.segue.env.NAME]`.
        workers: attempts at once.
        depth: short attempts queued ahead for each worker, at most; 0: none.
        python: interpreter of the workers.
        pythons: interpreters by location, where not all have that one; no other location is known.
        preload: installed packages to import before the first fork.
        workshop: module that turns work into calls; it has `open_workshop(setup)`.
        grace: from TERM to KILL where the task does not say.
        started_after: an attempt that runs for longer is reported as started.
        take_back_after: work queued behind an attempt that runs for longer is taken back.
        queue_for: seconds of work to queue ahead.
        start_limit: what a fork server may take to be ready.
        load_limit: what reading values and importing the file may take.
        hook_limit: what a hook may take.
        launch_limit: a launch above it is fetched by the worker.
        attempts: a worker retires after so many.
        growth: resident memory after which a worker retires.
        log_head: kept of the beginning of a log.
        log_tail: kept of the end of a log that is longer.
        groups: where control groups are mounted.
        limit_watch: how often the memory of attempts that have a limit is measured.
        memory_watch: how often free memory is sampled while something runs.
    """

    home: Path
    logs: Path
    storage: str
    bundles: Path
    env: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    workers: int = 4
    depth: int = 64
    python: str = sys.executable
    pythons: Mapping[str, str] | None = None
    preload: tuple[str, ...] = ()
    workshop: str = "segue.run.children.workshop"
    grace: float = 10.0
    started_after: float = 0.02
    take_back_after: float = 0.01
    queue_for: float = 0.005
    start_limit: float = 60.0
    load_limit: float = 300.0
    hook_limit: float = 60.0
    launch_limit: int = 128 * 1024
    attempts: int = 1000
    growth: int = 200 * 1024 * 1024
    log_head: int = 40_000_000
    log_tail: int = 10_000_000
    memory_watch: float = 1.0
    limit_watch: float = 0.2
    groups: Path = Path("/sys/fs/cgroup")
