"""What a task may ask of the attempt it runs in: the object itself is made by its child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from segue.model.interval import Interval

if TYPE_CHECKING:
    from logging import Logger

__all__ = ["Connection", "Context", "State", "Trigger"]


class State(Protocol):
    """A few small values that outlive an attempt: the id of a remote job, a cursor."""

    def get(self, key: str, default: str | None = None) -> str | None:
        """The value last set in this task of this run, or the default."""
        ...

    def set(self, key: str, value: str) -> None:
        """Keep a value; it is durable when this returns."""
        ...


class Trigger(Protocol):
    """One asset update or event that started the run."""

    @property
    def source(self) -> str:
        """Name of the asset or event source."""
        ...

    @property
    def partition_key(self) -> str | None:
        """The partition that was updated, where there are partitions."""
        ...


class Connection(Protocol):
    """How to reach a system outside."""

    @property
    def uri(self) -> str:
        """The whole address, with credentials."""
        ...

    @property
    def host(self) -> str | None:
        """The machine; the parts of an address are None where it does not have them."""
        ...

    @property
    def port(self) -> int | None:
        """The port."""
        ...

    @property
    def user(self) -> str | None:
        """The user, percent-decoded."""
        ...

    @property
    def password(self) -> str | None:
        """The password, percent-decoded."""
        ...

    @property
    def database(self) -> str | None:
        """The path without its first slash: a database, or the path of a file."""
        ...

    @property
    def extras(self) -> Mapping[str, str]:
        """What stands after the question mark."""
        ...


class Context(Protocol):
    """The attempt a task runs in: a parameter annotated with it is filled; `current()` gives the same object."""

    @property
    def dag_id(self) -> str:
        """Id of the DAG."""
        ...

    @property
    def run_id(self) -> str:
        """The run as it is printed: `daily_orders@2026-04-01`."""
        ...

    @property
    def task_id(self) -> str:
        """Id of the task."""
        ...

    @property
    def map_index(self) -> int | None:
        """Which item of a mapped task this is, from 0; None where it is not mapped."""
        ...

    @property
    def attempt(self) -> int:
        """Number of this attempt, from 1."""
        ...

    @property
    def interval(self) -> Interval:
        """What the run covers. Raises `Fail` in a run without interval, naming `--date`."""
        ...

    @property
    def logical_date(self) -> datetime:
        """Start of the interval, in the DAG's zone."""
        ...

    @property
    def execution_date(self) -> datetime:
        """The same as `logical_date`."""
        ...

    @property
    def scheduled_start_time(self) -> datetime:
        """The same as `logical_date`."""
        ...

    @property
    def data_interval_start(self) -> datetime:
        """The same as `interval.start`."""
        ...

    @property
    def data_interval_end(self) -> datetime:
        """The same as `interval.end`."""
        ...

    @property
    def scheduled_at(self) -> datetime:
        """When the run became due, in the DAG's zone."""
        ...

    @property
    def ds(self) -> str:
        """Date of the interval's start in the DAG's zone: `2026-04-01`."""
        ...

    @property
    def partition_key(self) -> str:
        """The interval as ids and paths write it."""
        ...

    @property
    def params(self) -> Mapping[str, Any]:
        """The run's params by name."""
        ...

    @property
    def triggers(self) -> Sequence[Trigger]:
        """What started the run, where data did."""
        ...

    @property
    def state(self) -> State:
        """Small values that outlive the attempt."""
        ...

    @property
    def log(self) -> Logger:
        """The task's logger."""
        ...

    def report(self, *, rows: int | None = None, source: str | bytes | None = None) -> None:
        """Say what the task made: number of rows, fingerprint of its source."""
        ...

    def connection(self, name: str, /) -> Connection:
        """A connection that the task names in `connections=`."""
        ...

    def secret(self, name: str, /) -> str:
        """A secret that the task names in `secrets=`."""
        ...
