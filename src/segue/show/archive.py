"""Doors to what is kept as files: logs of attempts, code of versions. Nothing here opens a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from segue.model.views import AttemptView

__all__ = ["NOTHING", "Code", "LogBytes", "Logs", "Nothing"]


@dataclass(frozen=True, slots=True)
class LogBytes:
    """Some bytes of a log.

    Args:
        data: as they are stored.
        start: where in the log they begin.
        size: of the whole log.
    """

    data: bytes
    start: int
    size: int


class Logs(Protocol):
    """Reads the logs of attempts."""

    def read(self, attempt: AttemptView, start: int, limit: int) -> LogBytes:
        """Read some bytes; none where nothing was written, or it was removed since.

        Args:
            attempt: whose.
            start: where to begin; negative: so many bytes before its end.
            limit: so many at most.

        Raises:
            EnvironmentFault: it is there and cannot be read, or is no plain file.
        """
        ...


class Code(Protocol):
    """Reads the code that versions were made of."""

    def files(self, bundle: str) -> Mapping[str, bytes] | None:
        """The files of a bundle by their path in it, None where it is not kept any more."""
        ...


class Nothing:
    """Neither logs nor code."""

    def read(self, attempt: AttemptView, start: int, limit: int) -> LogBytes:
        """Nothing was written."""
        return LogBytes(b"", 0, 0)

    def files(self, bundle: str) -> Mapping[str, bytes] | None:
        """No bundle is kept."""
        return None


NOTHING: Final = Nothing()
