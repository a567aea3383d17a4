"""The context of one attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from logging import Logger, getLogger
from types import MappingProxyType
from typing import Any, NoReturn, Self

from segue.define.keeping import KeptState
from segue.define.running import entered
from segue.model.address import Address
from segue.model.context import Connection, State, Trigger
from segue.model.errors import Fail, UsageError
from segue.model.ids import Instant
from segue.model.interval import Interval
from segue.model.moment import datetime_at

__all__ = ["RunContext", "entered"]

_LOG = getLogger("segue.task")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """One attempt, as the task sees it; `with` it, tasks that are called get their injected arguments from it.

    Args:
        slot: what the run covers; None in a run by hand without `--date`.
        timezone: the DAG's zone.
        due: when the run became due.
        values: the run's params by name.
        connections: addresses of those that the task declares, by name.
        secrets: values of those that the task declares, by name.
        state: the small values that the task keeps.
        reports: what the task reported, in order: (rows, source).
        refused: what it asked for and does not declare, in order: `secret shop_key`.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int | None = None
    attempt: int = 1
    slot: Interval | None = None
    timezone: str = "UTC"
    due: Instant = Instant(0)
    values: Mapping[str, Any] = field(default_factory=dict)
    log: Logger = _LOG
    triggers: Sequence[Trigger] = ()
    connections: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    state: State = field(default_factory=KeptState)
    reports: list[tuple[int | None, str | bytes | None]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _inside: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)

    def __enter__(self) -> Self:
        self._inside.enter_context(entered(self))
        return self

    def __exit__(self, *exc: object) -> None:
        self._inside.close()

    @property
    def interval(self) -> Interval:
        if self.slot is None:
            raise Fail(
                f"task {self.task_id} of run {self.run_id} asks for its interval and the run has none: start it with "
                "--date, or annotate the parameter `Interval | None`"
            )
        return self.slot

    @property
    def logical_date(self) -> datetime:
        return self.interval.start

    @property
    def execution_date(self) -> datetime:
        return self.interval.start

    @property
    def scheduled_start_time(self) -> datetime:
        return self.interval.start

    @property
    def data_interval_start(self) -> datetime:
        return self.interval.start

    @property
    def data_interval_end(self) -> datetime:
        return self.interval.end

    @property
    def scheduled_at(self) -> datetime:
        return datetime_at(self.due, self.timezone)

    @property
    def ds(self) -> str:
        return self.interval.ds

    @property
    def partition_key(self) -> str:
        return self.interval.key

    @property
    def params(self) -> Mapping[str, Any]:
        return MappingProxyType(dict(self.values))

    def report(self, *, rows: int | None = None, source: str | bytes | None = None) -> None:
        if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 0):
            raise UsageError(f"context.report(rows={rows!r}): it must be a whole number, 0 or more")
        if source is not None and not isinstance(source, str | bytes):
            raise UsageError(f"context.report(source=…) takes str or bytes, not {type(source).__name__}")
        self.reports.append((rows, source))

    def connection(self, name: str, /) -> Connection:
        if name not in self.connections:
            self._undeclared("connection", name, "connections")
        return Address.of(self.connections[name])

    def secret(self, name: str, /) -> str:
        if name not in self.secrets:
            self._undeclared("secret", name, "secrets")
        return self.secrets[name]

    def _undeclared(self, what: str, name: str, option: str) -> NoReturn:
        self.refused.append(f"{what} {name}")
        self.log.warning("asked for %s %r, which it does not declare: refused", what, name)
        raise Fail(
            f"task {self.task_id} asks for {what} {name!r} and does not declare it: a task sees what it names, write "
            f"@task({option}=[{name!r}])"
        )
