from __future__ import annotations

import selectors
import time

from segue.model.errors import EnvironmentFault
from segue.model.value import encode
from segue.model.version import VERSION
from segue.run.executors.forks import ForkServer
from segue.run.executors.settings import ExecutorSettings
from segue.run.wire import WIRE, ForkFailed, Gone, Ready, Setup

__all__ = ["Interpreter"]

_PAUSES = (0.0, 0.1, 1.0, 2.0)  # seconds before a fork server that died is started again
_TRIES = 5  # failures in a row after which attempts are told why, instead of waiting
_REST = 2.0  # seconds in which they are told; then it is tried again
_NEVER = float("inf")
_NO_PROCESS = 1.0  # seconds before the next fork where the system gave no process


class Interpreter:
    """What workers of some locations are made from: one Python, and its fork server, started on first need.

    A server that dies is started again, after a pause. Where it dies again and again before it makes workers, or its
    workers die before they take work, there is a fault for a while: attempts are not kept waiting, nor tried for ever.

    Args:
        python: the interpreter; empty where no settings name it.
        settings: what its workers are told.
        mark: finds the processes of this home.
        selector: watches what the loop waits for.
    """

    def __init__(self, python: str, settings: ExecutorSettings, mark: str, selector: selectors.BaseSelector) -> None:
        self._python, self._settings, self._mark, self._selector = python, settings, mark, selector
        self._failures = self._barren = 0
        self._not_before, self._ready_by, self._ready = 0.0, _NEVER, False
        self.server: ForkServer | None = None
        self.skipped: tuple[str, ...] = ()
        self.fault = self._late = ""

    def forks(self) -> bool:
        """Whether it makes workers now. Its server is started where there is none, and it is time."""
        if self._not_before:
            if time.monotonic() < self._not_before:
                return False
            self._not_before, self.fault = 0.0, ""
        if self.server is None:
            self._start()
        return self._ready

    def wake_at(self) -> float:
        """When to call `wake`, on the monotonic clock. Where there is a fault it sleeps until it is needed."""
        return min(self._not_before or _NEVER, self._ready_by) if not self.fault else _NEVER

    def wake(self) -> None:
        """Start again what died; kill what does not get ready."""
        if self.server is not None and time.monotonic() >= self._ready_by:
            self._late = f"{self._python} was not ready after {self._settings.start_limit:g} s, and was killed"
            self._ready_by = _NEVER
            self.server.kill()
        elif self.wake_at() != _NEVER:
            self.forks()

    def hear(self) -> tuple[list[Gone], bool]:
        """Which workers are gone; whether the fork server died, and every worker with it."""
        if self.server is None:
            return [], False
        notices = self.server.read()
        if notices is None:
            why = self._bury()
            if self._late:
                self._give_up(self._late)
            else:
                self._failed(why)
            return [], True
        gone = []
        for notice in notices:
            match notice:
                case Ready(skipped=skipped):
                    self.skipped, self._failures = skipped, 0
                    self._ready, self._ready_by = True, _NEVER
                case Gone():
                    gone.append(notice)
                case ForkFailed(worker=number):
                    self._not_before = time.monotonic() + _NO_PROCESS
                    gone.append(Gone(number, None, None, 0, 0))
        return gone, False

    def died(self, gone: Gone, barren: bool) -> None:
        """One of its workers is dead; `barren`: it took no work, and no other of them that lives has."""
        self._barren = self._barren + 1 if barren else 0
        if self._barren >= _TRIES:
            how = f"signal {gone.signal}" if gone.signal else f"exit status {gone.exit_code}"
            said = self.server.last_words() if self.server else ""
            self._give_up(f"its workers die before they begin ({how}): {said or 'they said nothing'}")

    def close(self) -> None:
        """Kill the fork server and all its workers."""
        if self.server is not None:
            if not self._ready:
                self.server.kill()  # it may never listen
            self._bury()

    def _start(self) -> None:
        if not self._python:
            self._give_up("the settings name no such location: declare it, [tool.segue.locations.NAME]")
            return
        given = self._settings
        setup = Setup(
            wire=WIRE,
            preload=given.preload if self._failures < 2 else (),
            workshop=given.workshop,
            storage=given.storage,
            bundles=str(given.bundles),
            attempts=given.attempts,
            growth=given.growth,
            values=encode(dict(given.values)),
            version=VERSION,
        )
        try:
            self.server = ForkServer(self._python, given.env, self._mark, setup)
        except EnvironmentFault as why:
            self._failed(str(why))
        else:
            self._ready_by = time.monotonic() + self._settings.start_limit
            self._selector.register(self.server.sock, selectors.EVENT_READ, self)

    def _bury(self) -> str:
        assert self.server is not None
        self._ready, self._ready_by = False, _NEVER
        self._selector.unregister(self.server.sock)
        complaint = self.server.close()
        self.server = None
        return complaint

    def _failed(self, why: str) -> None:
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        self._not_before = time.monotonic() + pause
        if self._failures >= _TRIES:
            self._give_up(why)

    def _give_up(self, why: str) -> None:
        self._failures, self._barren, self._late = 0, 0, ""
        self.fault, self._not_before = why, time.monotonic() + _REST
