from __future__ import annotations

from dataclasses import dataclass, field

from segue.model.api.standing import PoolItem

__all__ = ["DagCost", "ResourceHistory", "ResourcePoint", "Resources", "WorkerItem"]


@dataclass(frozen=True, slots=True)
class WorkerItem:
    """One worker process.

    Attributes:
        run_id, task, attempt: what it runs now, None where it is idle or that may not be seen.
        queued: short attempts that wait behind it.
        cpu: cores in use; None where it is not on this machine.
        memory: bytes, with all that it has started.
    """

    pid: int
    location: str
    busy: bool
    run_id: str | None = None
    task: str | None = None
    attempt: int | None = None
    queued: int = 0
    cpu: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class DagCost:
    """What the attempts of a DAG used: how many, seconds on a worker, CPU seconds, and the price of the former."""

    dag_id: str
    attempts: int
    worker_seconds: float
    cpu_seconds: float
    cost: float


@dataclass(frozen=True, slots=True)
class Resources:
    """What there is to work with, what waits for it, and what was used of it.

    Attributes:
        leads: somebody gives work to workers now.
        workers: how many attempts may run at once.
        busy: how many do; `utilisation` is that share.
        queued: tasks that wait for a worker; `ready`: those that would, were a pool or limit free as well.
        oldest_seconds: since when the one waits that has waited longest.
        wait_p50_seconds, wait_p95_seconds: what attempts of the window waited for a worker.
        window_seconds: what `costs` and waits are counted over; shorter than asked for where `complete` is false.
        price: of one worker for an hour; `cost`: of all DAGs together.
    """

    leads: bool
    workers: int
    busy: int
    utilisation: float
    queued: int
    ready: int
    oldest_seconds: float | None
    wait_p50_seconds: float | None
    wait_p95_seconds: float | None
    window_seconds: float
    complete: bool
    price: float
    cost: float
    crew: tuple[WorkerItem, ...] = ()
    pools: tuple[PoolItem, ...] = ()
    costs: tuple[DagCost, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class ResourcePoint:
    """One step of time.

    Attributes:
        at: when it begins.
        queued, busy: attempts that waited for a worker, and that ran, on average.
        wait_p50_seconds, wait_p95_seconds: what attempts that began in it had waited.
        cpu: cores that attempts which ran in it used, spread evenly over their time.
        memory: bytes: the peaks of all that ran together, on average.
    """

    at: str
    queued: float
    busy: float
    wait_p50_seconds: float | None
    wait_p95_seconds: float | None
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class ResourceHistory:
    """Queue, workers, CPU and memory over time, drawn from attempts.

    Attributes:
        start: the first instant; later than asked for where `complete` is false, because there were very many attempts.
    """

    start: str
    step_seconds: float
    complete: bool
    points: tuple[ResourcePoint, ...] = ()
