from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from segue.client.acting import Acting
from segue.client.attempts import Attempts
from segue.client.dags import Dags
from segue.client.people import People
from segue.client.runs import Runs
from segue.client.standing import Standing
from segue.client.transport import Transport
from segue.model.api.events import Event
from segue.model.api.listing import Listing

__all__ = ["Client"]

Item = TypeVar("Item")


class Client:
    """A Segue server, from Python.

    ```python
    with Client("https://segue.example.org", token) as segue:
        for run in segue.each(segue.runs.list, state=["failed"], since="24h"):
            print(run.run_id, run.why)
        segue.acting.do(RetryRuns(select=SelectRuns(states=("failed",), tag="retail")))
    ```

    Args:
        url: of the server.
        token: of the API (`segue token add`).
        timeout: seconds for one answer.
        transport: instead of a connection, for tests.

    Raises:
        UsageError: the address is none.
    """

    def __init__(
        self, url: str, token: str, *, timeout: float = 30.0, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._transport = Transport(url, token, timeout, transport)
        self.dags = Dags(self._transport)
        self.runs = Runs(self._transport)
        self.attempts = Attempts(self._transport)
        self.standing = Standing(self._transport)
        self.acting = Acting(self._transport)
        self.people = People(self._transport)

    def each(self, listing: Callable[..., Listing[Item]], *names: str, **query: Any) -> Iterator[Item]:
        """Everything of a list, page after page.

        Args:
            listing: a method that gives pages, `client.runs.list`.
            names: what the method takes first.
            query: its filters.
        """
        query.setdefault("limit", 200)
        while True:
            page = listing(*names, **query)
            yield from page.items
            if page.next is None:
                return
            query["cursor"] = page.next

    def follow(
        self, after: int | None = None, *, dag: str | None = None, run: str | None = None
    ) -> Iterator[tuple[str, Event | int]]:
        """The event log as it grows, until the stream breaks; go on with the number of the last event.

        Args:
            after: number of the last event that is known, None: from now on.
            dag: only of this DAG.
            run: only of this run.

        Yields:
            A kind and the event; `open` or `reset` and the number where the stream stands. After `reset` events are
            missing: read anew what you keep.
        """
        yield from self._transport.follow("/events", after, dag=dag, run=run)

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
