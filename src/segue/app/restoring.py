"""Putting a backup in the place of a home's database; nothing of it begins by itself.

What the backup holds as running has been run since, or not: it cannot know. So every DAG is paused hard, words of
attempts that were launched before are not believed, and a person is told what would go on.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.app.actor import actor_here
from segue.app.backup import access_copy
from segue.app.clock import SystemClock
from segue.app.database import database_of, open_reader
from segue.app.home import Home, own
from segue.app.settings import Settings
from segue.model.errors import EnvironmentFault, SegueError, UsageError
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.moment import datetime_at
from segue.model.state import RunState
from segue.model.views import DagView, RunQuery
from segue.schedule.planner import Clock
from segue.store.access.book import Note
from segue.store.access.sqlite import FILE, open_book
from segue.store.home import DATABASE
from segue.store.readers import Reader
from segue.store.sqlite import open_writer
from segue.store.sqlite.connection import connect_writer
from segue.store.sqlite.lives import MARK, sync_folder
from segue.store.sqlite.upkeep import Manifest, copy_file, database_version, manifest_of

__all__ = ["LeftOver", "Restored", "restore_home", "what_would_run"]

_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What would go on, were nothing paused.

    Args:
        runs: those that have not ended, oldest first, with their states.
        slots: (DAG, how many intervals fell due since, the first, the last).
        backfills: (number, DAG, runs made, runs in all) of those that have not ended.
    """

    runs: tuple[tuple[str, str], ...] = ()
    slots: tuple[tuple[str, int, str, str], ...] = ()
    backfills: tuple[tuple[int, str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """A database that was put back.

    Args:
        manifest: what the backup says about itself, None where it is a copy that was made by hand.
        aside: where the database before it lies, None where there was none.
        kept: sentences about what was left as it is.
        left: what would go on.
    """

    manifest: Manifest | None
    aside: Path | None
    kept: tuple[str, ...]
    left: LeftOver


def restore_home(
    settings: Settings, copy: Path | None, warn: Callable[[str], None], *, access: bool = False
) -> Restored:
    """Put a backup in the place of the home's database, or take that as it lies for one that was put there.

    Args:
        settings: in force.
        copy: the backup; None: the database is there already, copied by hand or by a server's own tools.
        warn: told in a sentence what is risky about the home.
        access: put users and tokens back as well, where the home has some; their sessions end.

    Raises:
        UsageError: there is no such file, or the database is on a server.
        HomeBusy: an owner runs.
        HomeUnusable: the file is damaged, none of ours, or of a newer version.
        EnvironmentFault: something cannot be written; the home is as it was.
    """
    home, now = Home(settings.home), SystemClock().now()
    served = database_of(home)
    if served.url and copy is not None:
        raise UsageError(
            f"the database is on a server: stop what uses it, then pg_restore --clean --if-exists --dbname="
            f'"$SEGUE_DATABASE_URL" {copy}, then `segue db restore` without a file, before anything else is started'
        )
    if copy is not None and not copy.is_file():
        raise UsageError(f"there is no file {copy}")
    if copy is None and not served.exists():
        raise UsageError(f"the home {settings.home} has no database yet")
    with own(settings, warn):
        if copy is None:
            served.brake(now)
            return Restored(None, None, (), what_would_run(home, now))
        try:
            manifest, aside = manifest_of(copy), _put(settings.home, copy, now)
            kept = _put_access(settings.home, copy, now, access)
        except OSError as why:
            raise EnvironmentFault(f"{settings.home} cannot be written: {why.strerror or why}") from None
        return Restored(manifest, aside, kept, what_would_run(home, now))


def what_would_run(home: Home, now: Instant) -> LeftOver:
    """What would go on in a home, were nothing paused."""
    with open_reader(home) as reader:
        if reader is None:
            return LeftOver()
        runs = reader.runs(RunQuery(states=(RunState.QUEUED, RunState.RUNNING), limit=_MOST))
        backfills = [one for one in reader.backfills(limit=_MOST) if one.state == "running"]
        due = (_due_since(reader, view, now) for view in reader.dags() if not view.timing.retired)
        return LeftOver(
            tuple((str(view.run), str(view.state)) for view in reversed(runs)),
            tuple(one for one in due if one is not None),
            tuple((one.row.id, one.row.dag, one.made, len(one.row.slots)) for one in backfills),
        )


def _due_since(reader: Reader, view: DagView, now: Instant) -> tuple[str, int, str, str] | None:
    spec = reader.spec(view.dag, view.version)
    clock = Clock(spec, view.foretold)
    if view.timing.cursor is None or not clock.ticks or clock.once:
        return None
    due = clock.due(view.timing.cursor, now)
    if not due:
        return None
    first, last = (slot_key(slot.start, slot.end, spec.timezone) for slot in (due[0], due[-1]))
    return view.dag, len(due), first, last


# ----------------------------------------------------------------------------------------------------------- files
def _put(home: Path, copy: Path, now: Instant) -> Path | None:
    """Make the database ready in a folder of its own, then change them in one step."""
    database = home / DATABASE
    with tempfile.TemporaryDirectory(prefix="restoring-", dir=home) as folder:
        fresh = Path(folder) / DATABASE
        copy_file(copy, fresh)
        database_version(fresh)
        # Opened by an owner it is brought to this version and paused; the pages of its log are in the file afterwards.
        with closing(open_writer(fresh, now)) as writer:
            if not writer.restored:
                writer.brake(now)
        aside = _set_aside(database, now) if database.exists() else None
        fresh.replace(database)
        fresh.with_name(MARK).replace(home / MARK)
        sync_folder(home)
    return aside


def _set_aside(database: Path, now: Instant) -> Path:
    """Give the present database another name as well; its log must not meet the file that comes in its place."""
    aside = database.with_name(f"{DATABASE}.{datetime_at(now, 'UTC'):%Y%m%dT%H%M%S}")
    with suppress(SegueError):  # it may be damaged: that is why it is replaced
        connect_writer(database).close()  # what its log holds goes into the file
    for end in ("-wal", "-shm"):
        log = database.with_name(DATABASE + end)
        if log.exists():
            log.replace(aside.with_name(aside.name + end))
    aside.unlink(missing_ok=True)
    os.link(database, aside)
    return aside


def _put_access(home: Path, copy: Path, now: Instant, wanted: bool) -> tuple[str, ...]:
    """Users and tokens come back where the home has none, or a person says so: tokens that were revoked would live."""
    there, file = access_copy(copy), home / FILE
    if not there.exists():
        return ()
    if file.exists() and not wanted:
        return (f"users and tokens are as they were: `--access` takes those of {there}",)
    with tempfile.TemporaryDirectory(prefix="restoring-", dir=home) as folder:
        fresh = Path(folder) / FILE
        copy_file(there, fresh)
        with closing(open_book(fresh.parent)) as book:
            for user in book.users():
                book.end_sessions(user.name, Note(now, actor_here(), "restore", user.name))
        if file.exists():
            shutil.copy2(file, file.with_name(f"{FILE}.{datetime_at(now, 'UTC'):%Y%m%dT%H%M%S}"))
        fresh.replace(file)
        sync_folder(home)
    return (f"users and tokens are those of {there}; everybody has to sign in again",)
