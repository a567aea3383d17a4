from __future__ import annotations

from typing import TypedDict, Unpack

from segue.client.transport import Transport, part
from segue.model.api.logs import LogPage, LogSearch
from segue.model.api.runs import AttemptItem

__all__ = ["Attempts", "DagLogsQuery", "LogQuery"]


class LogQuery(TypedDict, total=False):
    """Of `log`; see the route."""

    offset: int
    limit: int
    tail: bool
    level: str | None
    text: str


class DagLogsQuery(TypedDict, total=False):
    """Of `dag_logs`; see the route."""

    limit: int
    cursor: str | None
    level: str | None
    text: str
    task: str | None


class Attempts:
    """Attempts and their logs.

    Args:
        transport: to the server.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, attempt: int) -> AttemptItem:
        """One attempt, by its number."""
        answer: AttemptItem = self._transport.get(f"/attempts/{part(attempt)}", AttemptItem)
        return answer

    def log(self, attempt: int, **query: Unpack[LogQuery]) -> LogPage:
        """Lines of its log, from a byte on; ask again with `offset=end` for what has come since."""
        answer: LogPage = self._transport.get(f"/attempts/{part(attempt)}/log", LogPage, **query)
        return answer

    def log_text(self, attempt: int) -> str:
        """Its whole log as plain text, to be kept."""
        return self._transport.text(f"/attempts/{part(attempt)}/log.txt")

    def dag_logs(self, dag: str, date: str, **query: Unpack[DagLogsQuery]) -> LogSearch:
        """Lines of all attempts of a DAG and day, the newest attempt first; `field.symbol=BTC` filters by a field."""
        answer: LogSearch = self._transport.get(f"/dags/{part(dag)}/logs", LogSearch, date=date, **query)
        return answer
