"""Removing what is old now, because a person says so; every day it is done by whoever leads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import msgspec

from segue.app.clock import SystemClock
from segue.app.control_client import ControlClient
from segue.app.database import FullReader, database_of, open_reader
from segue.app.home import Home, own
from segue.app.retention import Pruned, log_files, prune
from segue.app.settings import KeepTable, Settings
from segue.data.storage import open_storage
from segue.model.changes import RunsForgotten
from segue.model.duration import microseconds
from segue.model.errors import HomeBusy, UsageError
from segue.model.events import Event, Expired
from segue.model.ids import Instant

__all__ = ["Prunable", "count_old", "prune_home"]


@dataclass(frozen=True, slots=True)
class Prunable:
    """What would be removed: runs with their tasks, attempts and events; files of logs, and their bytes."""

    runs: int
    logs: int
    size: int


def with_age(settings: Settings, age: str | None) -> Settings:
    """The settings, but that everything is kept for this long only.

    Raises:
        UsageError: the age is no duration.
    """
    if age is None:
        return settings
    try:
        microseconds(age)
    except ValueError as why:
        raise UsageError(f"--older-than: {why}") from None
    keep = KeepTable(age, age, age)
    return msgspec.structs.replace(settings, keys=msgspec.structs.replace(settings.keys, keep=keep))


def count_old(settings: Settings, age: str | None) -> Prunable:
    """Count what `prune_home` would remove; stored values are only found by removing.

    Raises:
        UsageError: the age is no duration.
    """
    keep, now = with_age(settings, age).keys.keep, SystemClock().now()
    with open_reader(Home(settings.home)) as reader:
        runs = 0 if reader is None else reader.expirable(Instant(now - microseconds(keep.runs)))
    files = list(log_files(settings.logs, Instant(now - microseconds(keep.logs))))
    return Prunable(runs, len(files), sum(size for _, size in files))


def prune_home(settings: Settings, age: str | None, warn: Callable[[str], None]) -> Pruned:
    """Remove what is older than the settings say, or than an age; also while an owner runs.

    Args:
        settings: in force.
        age: a duration that counts for runs, logs and results alike; None: as the settings say.
        warn: told in a sentence what is risky about the home.

    Raises:
        UsageError: the age is no duration, or there is no database.
        HomeBusy: the database is led from elsewhere, or an owner does not answer.
    """
    home, settings = Home(settings.home), with_age(settings, age)
    with open_reader(home) as reader:
        if reader is None:
            raise UsageError(f"the home {settings.home} has no database yet")
        with _posting(settings, home, reader, warn) as post:
            return prune(settings, reader, open_storage(settings.storage), SystemClock().now(), post, _wait)


@contextmanager
def _posting(
    settings: Settings, home: Home, reader: FullReader, warn: Callable[[str], None]
) -> Iterator[Callable[[Event], None]]:
    """The owner's socket, or the database itself where nobody owns it."""
    socket = home.socket()
    if socket is not None:
        with ControlClient(socket) as owner:

            def hand_over(event: Event) -> None:
                assert isinstance(event, Expired)
                owner.post(event)

            yield hand_over
        return
    leader = database_of(home).leader()
    if leader:
        raise HomeBusy(f"the database is led by {leader}, which removes what is old every day: ask there")
    now = SystemClock().now()
    with own(settings, warn) as owned, closing(database_of(home).writer(now, owned)) as writer:
        epoch = writer.lease().epoch

        def forget(event: Event) -> None:
            assert isinstance(event, Expired)
            with writer.transaction(epoch) as transaction:
                transaction.apply([RunsForgotten(event.runs, now)])

        yield forget


def _wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False
