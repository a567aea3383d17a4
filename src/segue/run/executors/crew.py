from __future__ import annotations

import selectors
import signal
import time

from segue.model.sealing import sealed_params
from segue.model.value import encode
from segue.run.executors.collector import Collector
from segue.run.executors.forks import ForkServer
from segue.run.executors.memory import make_group
from segue.run.executors.reader import Allowed, Reader
from segue.run.executors.settings import ExecutorSettings
from segue.run.executors.worker import Attempt, ReuseKey, Worker
from segue.run.wire import WIRE, ForkFailed, Gone, Ready, Setup

__all__ = ["Crew"]

_PAUSES = (0.0, 0.1, 1.0, 2.0, 5.0, 15.0, 60.0)  # seconds before a fork server that died is started again
_NO_PROCESS = 1.0  # seconds before the next fork where the system gave no process


class Crew:
    """The workers and the fork server they come from: who is free, who is hired, who is dismissed.

    Args:
        settings: how many there may be, and of what.
        mark: finds the processes of this home.
        lock: descriptor that every worker holds.
        selector: watches what the loop waits for.
        collector: reads their output.
        reader: answers their questions about values.
    """

    def __init__(
        self,
        settings: ExecutorSettings,
        mark: str,
        lock: int,
        selector: selectors.BaseSelector,
        collector: Collector,
        reader: Reader,
    ) -> None:
        self._settings, self._mark, self._lock = settings, mark, lock
        self._selector, self._collector, self._reader = selector, collector, reader
        self.workers: dict[int, Worker] = {}
        self._hired = self._failures = 0
        self._not_before = 0.0
        self.server: ForkServer | None = None
        self.skipped: tuple[str, ...] = ()
        self.start()

    def seat(self, attempt: Attempt, depth: int) -> Worker | None:
        """The worker that takes this attempt now, hired if need be; None where it has to wait."""
        reuse, fresh = attempt.reuse, attempt.fresh
        if attempt.of is not None:  # an errand is what a stop waits for: it waits for no worker
            return self._hire(reuse, fresh) if self._may_hire() else None
        busy, spare = 0, None
        for worker in self.workers.values():
            if worker.queue:
                busy += 1
            elif not worker.closing:
                if worker.reuse == reuse and not worker.fresh and not fresh:
                    return worker
                busy += 1
                spare = worker
        if busy < self._settings.workers or spare is not None:
            if not self._may_hire():
                return None
            if busy >= self._settings.workers and spare is not None:
                self.dismiss(spare)
            return self._hire(reuse, fresh)
        return self._behind(attempt, depth) if attempt.launch.ahead and not fresh else None

    def dismiss(self, worker: Worker) -> None:
        """Kill a worker that has no attempt any more."""
        worker.closing = worker.ours = True
        self.kill(worker, signal.SIGKILL)

    def kill(self, worker: Worker, number: int) -> None:
        """Send a signal to the worker's group."""
        if self.server is not None:
            self.server.signal(worker.number, number)

    def remove(self, worker: Worker) -> None:
        """It is dead, and nobody asks for it any more."""
        self._selector.unregister(worker.sock)
        worker.close()
        if worker.group is not None:
            worker.group.remove()
        del self.workers[worker.number]

    def start(self) -> None:
        """Start the fork server, if it is time; without preloading where that did not work twice."""
        if time.monotonic() < self._not_before:
            return
        self._not_before = 0.0
        if self.server is not None:
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
        )
        self.server = ForkServer(given.python, given.env, self._mark, setup)
        self._selector.register(self.server.sock, selectors.EVENT_READ, self.server)

    def wake_at(self) -> float:
        """When to call `start` again, on the monotonic clock."""
        return self._not_before or float("inf")

    def hear(self) -> tuple[list[Gone], bool]:
        """Which workers are gone; whether the fork server died, and every worker with it."""
        if self.server is None:
            return [], False
        notices = self.server.read()
        if notices is None:
            self._bury_server()
            return [], True
        gone = []
        for notice in notices:
            match notice:
                case Ready(skipped=skipped):
                    self.skipped, self._failures = skipped, 0
                case Gone():
                    gone.append(notice)
                case ForkFailed(worker=number):
                    self._not_before = time.monotonic() + _NO_PROCESS
                    gone.append(Gone(number, None, None, 0, 0))
        return gone, False

    def close(self) -> None:
        """Kill all workers and the fork server."""
        if self.server is not None:
            self._selector.unregister(self.server.sock)
            self.server.close()
            self.server = None
        for worker in list(self.workers.values()):
            self.remove(worker)

    def _may_hire(self) -> bool:
        return self.server is not None and not self._not_before

    def _hire(self, reuse: ReuseKey, fresh: bool) -> Worker:
        assert self.server is not None
        self._hired += 1
        worker = Worker(self._hired, reuse, fresh)
        if reuse.memory is not None:
            worker.group = make_group(worker.number, reuse.memory, groups=self._settings.groups)
        group = str(worker.group.folder) if worker.group else ""
        self.server.fork(worker.number, worker.seal, (*worker.seats, self._lock), group)
        worker.seated()
        self._collector.attend(worker.seal, worker.page, worker.keys, worker.pipes, worker.veil)
        allowed = Allowed(sorted(reuse.connections), sorted(reuse.secrets), sealed_params(reuse.params))
        worker.tell = self._reader.serve(worker.side, allowed, worker.veil)
        self._selector.register(worker.sock, selectors.EVENT_READ, worker)
        self.workers[worker.number] = worker
        return worker

    def _behind(self, attempt: Attempt, depth: int) -> Worker | None:
        """The worker with the shortest queue that has room for one more."""
        best, least, reuse = None, depth + 1, attempt.reuse
        for worker in self.workers.values():
            if len(worker.queue) < least and worker.takes_more and worker.reuse == reuse:
                best, least = worker, len(worker.queue)
        return best

    def _bury_server(self) -> None:
        assert self.server is not None
        self._selector.unregister(self.server.sock)
        self.server.close()
        self.server = None
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        self._not_before = time.monotonic() + pause
