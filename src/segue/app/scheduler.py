"""The loop's process: started by the supervisor, which holds the home."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from contextlib import closing
from functools import partial
from threading import Event, Thread
from typing import Any, Final

from segue.app.clock import SystemClock
from segue.app.early import early_executor
from segue.app.home import settings_here
from segue.app.journal import configure, log, say
from segue.app.settings import Settings
from segue.model.errors import SegueError, UsageError
from segue.run.children.lifeline import die_with_parent
from segue.store.home import Owner, OwnerFacts

__all__ = ["end_with_thread", "main"]

_USAGE: Final = 2
_UNREACHABLE: Final = 3
_PATIENCE: Final = 1.0  # seconds for a thread to end


def main(parent: int, lock: int, kind: str) -> int:
    """Lead until told to stop; gives the exit code.

    Args:
        parent: process id of the supervisor; this process dies with it.
        lock: descriptor of the home's lock, inherited.
        kind: `up`, `dev` or `scheduler`.
    """
    die_with_parent(parent)
    threading.excepthook = end_with_thread
    try:
        settings = settings_here()
        configure("loop", settings.logs, settings.keys.log_format, settings.keys.log_level)
        facts = OwnerFacts(parent, kind, SystemClock().now())
        owner = Owner(settings.home, lock, facts)
        _lead(settings, owner)
        owner.close()  # only in order: after a crash others are to know that this process will be back
    except SegueError as why:
        say(f"error: {why}")
        return _USAGE if isinstance(why, UsageError) else _UNREACHABLE
    return 0


def _lead(settings: Settings, owner: Owner) -> None:
    paths = [path.resolve() for path in settings.dags]
    with early_executor(settings) as early:
        standing: Any = importlib.import_module("segue.app.standing")  # while the fork server starts
        watching: Any = importlib.import_module("segue.app.watching")
        retention: Any = importlib.import_module("segue.app.retention")
        where = ", ".join(map(str, paths))
        say(f"segue {owner.facts.kind}: home {settings.home}, DAGs in {where}, process {owner.facts.pid}")
        with closing(standing.Standing(settings, owner, early, say)) as leader:
            watcher = watching.Watcher(settings, paths, leader.declared, leader.post, say, leader.foretelling)
            leader.foretold = watcher.poke
            over = Event()
            house = partial(retention.keep_house, settings, leader.post, SystemClock().now, over.wait, say)
            threads = [Thread(target=watcher.run, name="watcher", daemon=True)]
            threads.append(Thread(target=house, name="housekeeper", daemon=True))
            for thread in threads:
                thread.start()
            leader.run()
            over.set()
            watcher.stop()
            for thread in threads:
                thread.join(_PATIENCE)  # one that is in the middle of something ends with this process
    say("segue has stopped")


def end_with_thread(fault: threading.ExceptHookArgs) -> None:
    """A thread that has died of a fault takes the process with it: the supervisor starts a whole one again."""
    log("error", f"a thread has died: {fault.exc_value!r}")
    sys.excepthook(fault.exc_type, fault.exc_value or fault.exc_type(), fault.exc_traceback)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
