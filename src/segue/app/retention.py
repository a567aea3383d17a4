"""What is old goes: runs by a request to the loop, in small portions; logs and stored values by hand.

A value goes when no kept run refers to it, and what refers to it is found by reading: paths of values are looked for in
everything that runs which are recent, or have not ended, have kept. So whatever took a result over, keeps it.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

from segue.app.database import FullReader, open_reader
from segue.app.home import Home
from segue.app.settings import Settings
from segue.data.retention import Ages, Swept, sweep, sweep_staged
from segue.data.staging import staged_files
from segue.data.storage import Storage, open_storage
from segue.model.duration import microseconds
from segue.model.errors import SegueError
from segue.model.events import Event, Expired, Value
from segue.model.ids import Instant, RunKey

__all__ = ["Pruned", "keep_house", "log_files", "prune"]

_FIRST: Final = 600.0
_DAILY: Final = 86_400.0
_BETWEEN: Final = 0.1
_PATIENCE: Final = 600
_RUNS: Final = 20
_VALUE: Final = re.compile(rb"(values(?:/[\w@+=,.~%-]+){2})((?:/[\w@+=,.~%-]+){2}/\d+)-[0-9a-f]{32}")


class Pruned(msgspec.Struct, frozen=True, gc=False):
    """What was removed: runs, files of logs, stored values and staged files."""

    runs: int = 0
    logs: int = 0
    values: Swept = Swept()
    staged: Swept = Swept()


def keep_house(
    settings: Settings,
    post: Callable[[Event], None],
    now: Callable[[], Instant],
    pause: Callable[[float], bool],
    say: Callable[[str], None],
) -> None:
    """Prune once a day, until told to stop; for a thread of whoever leads.

    Args:
        settings: in force.
        post: puts an event before the loop.
        now: the present.
        pause: waits so many seconds, and says whether to stop.
        say: told in a sentence what could not be done.
    """
    wait = _FIRST
    while not pause(wait):
        wait = _DAILY
        try:
            with open_reader(Home(settings.home)) as reader:
                if reader is not None:
                    prune(settings, reader, open_storage(settings.storage), now(), post, pause)
        except (SegueError, OSError) as why:
            say(f"old rows and files could not all be removed: {why}")


def prune(
    settings: Settings,
    reader: FullReader,
    storage: Storage,
    now: Instant,
    post: Callable[[Event], None],
    pause: Callable[[float], bool],
) -> Pruned:
    """Remove what is older than the settings say.

    Args:
        settings: in force.
        reader: of the database.
        storage: where values lie.
        now: the present.
        post: puts an event before the loop.
        pause: waits so many seconds, and says whether to stop.

    Raises:
        SegueError: database or storage do not answer; what is removed stays so.
    """
    keep = settings.keys.keep
    runs, logs, results = (Instant(now - microseconds(text)) for text in (keep.runs, keep.logs, keep.results))
    gone = _forget(reader, runs, post, pause)
    files = _remove_logs(settings.logs, logs, pause)
    held = {path for staged in reader.staged() for path in staged_files(staged)}
    needed = _needed(reader.values(results))
    ages = Ages(unknown=now - results)
    values = sweep(storage, lambda folder: needed.get(folder) or _known(reader, folder), now, ages)
    return Pruned(gone, files, values, sweep_staged(storage, held, results))


def _forget(reader: FullReader, before: Instant, post: Callable[[Event], None], pause: Callable[[float], bool]) -> int:
    """Ask the loop for one portion after the other; each is done when the reader does not see it any more."""
    asked: tuple[RunKey, ...] = ()
    gone = patience = 0
    while runs := tuple(reader.expired(before, _RUNS)):
        if asked[:1] != runs[:1]:
            post(Expired(runs))
            gone, asked, patience = gone + len(asked), runs, _PATIENCE
        patience -= 1
        if not patience or pause(_BETWEEN):
            return gone
    return gone + len(asked)


def _remove_logs(folder: Path, before: Instant, pause: Callable[[float], bool]) -> int:
    """Remove old logs, and the folders that they leave empty; never one to which something was added since."""
    if not folder.is_dir():
        return 0
    was_old = _is_older(folder, before)
    removed = 0
    for entry in list(os.scandir(folder)):
        path = Path(entry)
        if entry.is_dir(follow_symlinks=False):
            removed += _remove_logs(path, before, pause)
        elif path.suffix == ".jsonl" and _is_older(path, before):
            path.unlink(missing_ok=True)
            removed += 1
    if was_old:
        with suppress(OSError):  # it holds something
            folder.rmdir()
    pause(0.0)
    return removed


def log_files(folder: Path, before: Instant) -> Iterator[tuple[Path, int]]:
    """The logs of attempts that nothing was added to since an instant, with their bytes."""
    for path in folder.rglob("*.jsonl"):
        with suppress(OSError):
            if _is_older(path, before):
                yield path, path.stat().st_size


def _is_older(path: Path, before: Instant) -> bool:
    try:
        return path.stat().st_mtime_ns // 1000 < before
    except OSError:
        return False


def _needed(values: Iterable[Value]) -> dict[str, set[str]]:
    """The attempts whose values are referred to, by the folders of their runs."""
    found: dict[str, set[str]] = defaultdict(set)
    for value in values:
        for data in (value.ref, value.inline):
            for run, rest in _VALUE.findall(data or b""):
                found[run.decode()].add((run + rest).decode())
    return found


def _known(reader: FullReader, folder: str) -> Collection[str] | None:
    """Nothing of a run that is known, None where it is not."""
    return () if reader.find(unquote(folder.rpartition("/")[2])) else None
