"""What a DAG file says, as frozen data.

A spec is compiled in the definition child and travels as bytes; nothing in it can run. Its digest is taken over the
canonical encoding without what differs between machines: paths, line numbers, function bodies.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final, Literal, TypeAlias

import msgspec

__all__ = [
    "MAX_DAGS",
    "MAX_DOC",
    "MAX_FILE",
    "MAX_ITEMS",
    "MAX_TASKS",
    "DagSpec",
    "HookName",
    "MapSpec",
    "Over",
    "ParamSpec",
    "RetrySpec",
    "Rules",
    "TaskKind",
    "TaskSpec",
    "TriggerRule",
    "decode_spec",
    "encode_spec",
    "share_strings",
    "spec_digest",
]

MAX_TASKS: Final = 100_000
MAX_ITEMS: Final = 100_000
MAX_DAGS: Final = 10_000
MAX_FILE: Final = 5_000_000
MAX_DOC: Final = 64 * 1024

TriggerRule: TypeAlias = Literal[
    "all_success", "all_done", "all_failed", "one_success", "one_failed", "one_done", "none_failed",
    "none_failed_min_one_success", "none_skipped", "all_skipped", "always",
]  # fmt: skip
TaskKind: TypeAlias = Literal["task", "branch", "short_circuit", "setup", "teardown", "flow"]
HookName: TypeAlias = Literal["success", "failure", "cancel"]


class RetrySpec(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Retries after the first attempt. Delays in microseconds; `on` and `not_on` are dotted names, for display only."""

    times: int = 0
    delay: int = 30_000_000
    backoff: float = 2.0
    max_delay: int = 600_000_000
    jitter: float = 0.0
    on: tuple[str, ...] = ()
    not_on: tuple[str, ...] = ()
    lost: int = 3


class Rules(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The options of a task that decide how it is run. Times in microseconds.

    `resources` are (name, amount) pairs, memory in bytes. `hooks` says which `on_…=` functions the task has. The
    `deadline` counts from the instant at which the run is due.
    """

    retry: RetrySpec = RetrySpec()
    timeout: int | None = None
    grace: int | None = None
    pool: str | None = None
    slots: int = 1
    priority: int = 0
    max_active: int | None = None
    trigger_rule: TriggerRule = "all_success"
    idempotent: bool = True
    allow_failure: bool = False
    isolation: Literal["shared", "fresh"] = "shared"
    empty: Literal["hold", "warn", "ok"] = "hold"
    owner: str | None = None
    role: str | None = None
    tags: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    resources: tuple[tuple[str, int], ...] = ()
    hooks: tuple[HookName, ...] = ()
    depends_on_past: bool = False
    deadline: int | None = None

    @property
    def memory(self) -> int | None:
        """Bytes that an attempt may use, where the task says so."""
        return dict(self.resources).get("memory")


class Over(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One list a task maps over: the result of `task`, or one written in the file with `length` items."""

    param: str
    task: str | None = None
    length: int | None = None


class MapSpec(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How a mapped task pairs its lists: `zip` (lengths must agree) or `product` (the last list turns fastest)."""

    mode: Literal["zip", "product"]
    over: tuple[Over, ...]


class TaskSpec(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One task.

    Args:
        id: unique in its DAG.
        rules: how it is run.
        kind: what its result means.
        data: ids of the upstream tasks whose value is an argument (also lists it maps over), in order of appearance.
        after: ids of upstream tasks by order alone, never in `data`.
        mapped: the lists it maps over, if it does.
        arguments: canonical text of its constant arguments, part of the digest.
        returns: the return annotation as written, for checks and display.
        function: digest of the function's own code; not part of the spec's digest.
        line: 1-based line of its call; not part of the digest.
        doc: the function's docstring or `doc=`.
        group: the group it lies in, `outer.inner` where nested, empty for none.
        renamed_from: the id it had before.
        inlets, outlets: names of the data it says to read and write.
        starts: ids of the DAGs it starts a run of.
    """

    id: str
    rules: Rules = Rules()
    kind: TaskKind = "task"
    data: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    mapped: MapSpec | None = None
    arguments: str = ""
    returns: str = ""
    function: str = ""
    line: int = 0
    doc: str = ""
    group: str = ""
    renamed_from: str | None = None
    inlets: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()

    @property
    def upstream(self) -> tuple[str, ...]:
        """Ids of all upstream tasks, each once."""
        return self.data + self.after


class ParamSpec(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One typed parameter of a DAG.

    `default` is an encoded value, absent where the param is required at trigger. `schema` is its JSON schema as text;
    a library writes it, so it is not part of the digest.
    """

    name: str
    type: str
    default: bytes | None = None
    choices: tuple[bytes, ...] = ()
    doc: str = ""
    schema: str = ""
    secret: bool = False


class DagSpec(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One DAG. Instants and durations in microseconds; `schedule` is a timetable as plain data, None for manual.

    `file` is relative to the root of its bundle and, like `line`, not part of the digest. `deadline` counts from the
    instant at which a run is due; `deadline_at` is the first such minute of a day, in the DAG's zone, at or after it.
    `lookback` is how many slots are run again after each scheduled run; `alerts` are channels of its own.
    """

    id: str
    tasks: tuple[TaskSpec, ...] = ()
    schedule: Any = None
    start: int | None = None
    end: int | None = None
    timezone: str = "UTC"
    catchup: bool = False
    missed: Literal["run", "latest", "skip"] = "run"
    max_active_runs: int | None = None
    max_active_tasks: int | None = None
    priority: int = 0
    overlap: Literal["wait", "skip"] = "wait"
    delay: int = 0
    params: tuple[ParamSpec, ...] = ()
    owner: str | None = None
    tags: tuple[str, ...] = ()
    location: str = ""
    doc: str = ""
    file: str = ""
    line: int = 0
    timeout: int | None = None
    hooks: tuple[HookName, ...] = ()
    renamed_from: str | None = None
    deadline: int | None = None
    deadline_at: int | None = None
    lookback: int = 0
    alerts: tuple[str, ...] = ()

    @property
    def is_flow(self) -> bool:
        """Whether its one task makes the others while it runs."""
        return len(self.tasks) == 1 and self.tasks[0].kind == "flow"

    @property
    def roles(self) -> dict[str, str]:
        """*source*, *transform*, *curated* or *consumer*, of the tasks that are labelled so."""
        return {task.id: task.rules.role for task in self.tasks if task.rules.role is not None}

    @property
    def run_limit(self) -> int:
        """Runs that may hold their place at once (SEMANTICS, "Overlap")."""
        if self.max_active_runs is not None:
            return self.max_active_runs
        return 16 if self.schedule is None else 1


def encode_spec(spec: DagSpec) -> bytes:
    """Encode for wire and store."""
    return msgspec.msgpack.encode(spec)


_decoder = msgspec.msgpack.Decoder(DagSpec)


def decode_spec(data: bytes) -> DagSpec:
    """Decode what `encode_spec` made."""
    return _decoder.decode(data)


def share_strings(spec: DagSpec) -> DagSpec:
    """The same spec with one string object for each task id: what was decoded has one for every mention."""
    ids = {task.id: task.id for task in spec.tasks}
    return msgspec.structs.replace(
        spec,
        tasks=tuple(
            msgspec.structs.replace(
                task, data=tuple(ids[up] for up in task.data), after=tuple(ids[up] for up in task.after)
            )
            if task.data or task.after
            else task
            for task in spec.tasks
        ),
    )


def spec_digest(spec: DagSpec) -> str:
    """The digest of what the spec means: the same on every machine, in every folder and Python version."""
    plain = msgspec.structs.replace(
        spec,
        file="",
        line=0,
        params=tuple(msgspec.structs.replace(param, schema="") for param in spec.params),
        tasks=tuple(msgspec.structs.replace(task, function="", line=0) for task in spec.tasks),
    )
    return blake2b(msgspec.json.encode(plain, order="deterministic"), digest_size=16).hexdigest()
