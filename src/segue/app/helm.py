"""What every owner steers by, for as long as a command takes or for good."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from segue.app.database import database_of
from segue.app.early import EarlyExecutor
from segue.app.handover import Handover
from segue.app.home import SOCKET_LIMIT, Home
from segue.app.inboxes import JointInbox
from segue.app.settings import Settings
from segue.app.vault import open_vault
from segue.model.contracts import Clock, Engine, Inbox
from segue.model.images import Snapshot
from segue.run.control import ControlServer, Look
from segue.run.loop import Watch, run_forever
from segue.store.home import Owner, OwnerFacts

if TYPE_CHECKING:
    from segue.store.postgres import Leader

__all__ = ["Helm"]


class Helm:
    """The writing side of the store, the inbox and the executor of one owner.

    Args:
        settings: in force.
        owner: holds the home; it is told who we are.
        early: the executor; whoever made it closes it, after this.
        look: answers what only the owner knows.
        waiting: told who leads a served database while we wait for it; without, a living leader is an error.
    """

    def __init__(
        self, settings: Settings, owner: Owner, early: EarlyExecutor, look: Callable[[Look], object],
        waiting: Callable[[Leader], None] | None = None,
    ) -> None:  # fmt: skip
        self.clock: Clock = early.clock
        self._stack = ExitStack()
        self.handover = Handover(early.executor)
        home = Home(settings.home)
        database = database_of(home)
        self._store = database.writer(self.clock.now(), owner, waiting=waiting)
        self._stack.callback(self._store.close)
        self.restored = self._store.restored
        socket = _socket_path(home, self._stack)
        self.inbox = ControlServer(socket, look)
        self._stack.callback(self.inbox.close)
        self._table = None if waiting is None else database.inbox()
        if self._table is not None:
            self._stack.callback(self._table.close)
        early.results.reader = database.results()
        early.vault.vault = open_vault(settings, os.environ)
        named = "" if socket == home.path / "owner.sock" else str(socket)
        facts = owner.facts
        owner.tell(OwnerFacts(facts.pid, facts.kind, facts.started, self._store.instance, named))

    def drive(self, new_engine: Callable[[Snapshot], Engine], stopping: Callable[[], bool], watch: Watch) -> None:
        """Take turns until `stopping` says so."""
        with ExitStack() as stack:
            inbox: Inbox = self.inbox
            if self._table is not None:
                inbox = stack.enter_context(closing(JointInbox(self.inbox, self._table)))
            run_forever(self._store, inbox, self.handover, self.clock, new_engine, stopping, watch)

    def close(self) -> None:
        """Release everything but the home."""
        self._stack.close()


def _socket_path(home: Home, stack: ExitStack) -> Path:
    path = home.path / "owner.sock"
    if len(os.fsencode(path)) <= SOCKET_LIMIT:
        return path
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="segue-"))
    return Path(folder) / "owner.sock"
