from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Protocol, Self

from segue.app.clock import SystemClock
from segue.app.control_client import OwnerGone
from segue.app.database import Database
from segue.model.errors import EnvironmentFault
from segue.model.events import Request
from segue.run.control import Reply

__all__ = ["Asked", "TableClient"]

_PATIENCE: Final = 30.0  # seconds for an answer
_LOOK: Final = 0.05  # seconds between two looks for it
_PACE: Final = 0.5  # seconds between two looks at runs
_GONE: Final = 15.0  # seconds without any leader after which nobody is expected any more


class Asked(Protocol):
    """An owner that can be asked, wherever it is; closes with `with`."""

    def ask(self, request: Request) -> Reply:
        """Send a request and wait until it is committed and answered."""
        ...

    def health(self) -> Any:
        """How the owner is: a dict."""
        ...

    def commits(self) -> Iterator[bool]:
        """Give a turn after every commit from now on, until the owner ends; some turns are idle."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class TableClient:
    """Asks whoever leads a served database, by its table of requests.

    Args:
        database: on a server.
        leader: who leads it now, for messages.
    """

    def __init__(self, database: Database, leader: str) -> None:
        self._database, self._leader = database, leader

    def ask(self, request: Request) -> Reply:
        """Leave a request and wait for its answer.

        Raises:
            OwnerGone: nobody has answered; the request waits for whoever leads next.
        """
        self._database.put(request, SystemClock().now())
        reader = self._database.reader()
        end = time.monotonic() + _PATIENCE
        try:
            while (answer := reader.answer_to(request.id)) is None:
                if time.monotonic() > end:
                    why = f"{self._leader} leads and has not answered: what you asked for waits for whoever leads next"
                    raise OwnerGone(why)
                time.sleep(_LOOK)
        finally:
            reader.close()
        return Reply(answer.ok, answer.text, answer.run)

    def health(self) -> Any:
        """Only a neighbour can say how it is."""
        raise EnvironmentFault(f"the database is led by {self._leader}: ask on its machine, in its home")

    def commits(self) -> Iterator[bool]:
        """Give a turn whenever it is time to look, until nobody has led for a while."""
        led = time.monotonic()
        while time.monotonic() - led < _GONE:
            if self._database.leader():
                led = time.monotonic()
            yield True
            time.sleep(_PACE)

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
