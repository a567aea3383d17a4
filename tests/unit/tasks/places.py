"""A context whose connections are given by the test."""

from collections.abc import Iterator
from contextlib import contextmanager

from segue.define.running import entered
from segue.testing import context


class Address:
    def __init__(self, uri: str) -> None:
        self.uri = uri


class Connected:
    def __init__(self, around, addresses: dict[str, str]) -> None:
        self._around, self._addresses = around, addresses

    def __getattr__(self, name: str):
        return getattr(self._around, name)

    def connection(self, name: str) -> Address:
        return Address(self._addresses[name])


@contextmanager
def attempt(date: str | None = "2026-04-01", *, params=None, **addresses: str) -> Iterator[None]:
    with entered(Connected(context(date, params=params), addresses)):
        yield
