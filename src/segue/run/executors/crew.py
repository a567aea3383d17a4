from __future__ import annotations

import selectors
import signal

from segue.model.sealing import sealed_params
from segue.run.executors.collector import Collector
from segue.run.executors.interpreter import Interpreter
from segue.run.executors.memory import make_group
from segue.run.executors.reader import Allowed, Reader
from segue.run.executors.settings import ExecutorSettings
from segue.run.executors.worker import Attempt, ReuseKey, Worker
from segue.run.wire import Gone

__all__ = ["Crew"]


class Crew:
    """The workers and the interpreters they come from: who is free, who is hired, who is dismissed.

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
        self._hired = 0
        self._by_python: dict[str, Interpreter] = {}
        self._by_location: dict[str, Interpreter] = {}
        self.own = self._interpreter(settings.python)
        self.own.forks()

    def seat(self, attempt: Attempt, depth: int) -> Worker | None:
        """The worker that takes this attempt now, hired if need be; None where it has to wait."""
        reuse, fresh = attempt.reuse, attempt.fresh
        if attempt.of is not None:  # an errand is what a stop waits for: it waits for no worker
            return self._hire(reuse, fresh) if self.source(reuse.location).forks() else None
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
            if not self.source(reuse.location).forks():
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
        server = self.source(worker.reuse.location).server
        if server is not None:
            server.signal(worker.number, number)

    def remove(self, worker: Worker) -> None:
        """It is dead, and nobody asks for it any more."""
        self._selector.unregister(worker.sock)
        worker.close()
        if worker.group is not None:
            worker.group.remove()
        del self.workers[worker.number]

    def source(self, location: str) -> Interpreter:
        """What the workers of a location are made from."""
        if location not in self._by_location:
            pythons = self._settings.pythons
            python = self._settings.python if pythons is None else pythons.get(location, "")
            self._by_location[location] = self._interpreter(python)
        return self._by_location[location]

    def servers(self) -> list[int]:
        """Process ids of the fork servers."""
        return [source.server.pid for source in self._by_python.values() if source.server]

    def blocked(self, attempt: Attempt) -> bool:
        """Whether it waits for its interpreter, while others need not, or waits in vain."""
        source = self.source(attempt.reuse.location)
        return (len(self._by_python) > 1 or bool(source.fault)) and not source.forks()

    def start(self) -> None:
        """Start again the fork servers that died, if it is time."""
        for source in self._by_python.values():
            source.wake()

    def wake_at(self) -> float:
        """When to call `start` again, on the monotonic clock."""
        return min(source.wake_at() for source in self._by_python.values())

    def made_by(self, source: Interpreter) -> list[Worker]:
        """The workers that are made from one interpreter."""
        return [worker for worker in self.workers.values() if self.source(worker.reuse.location) is source]

    def died(self, worker: Worker, gone: Gone) -> None:
        """It is dead. Where it took no work, and no other of its interpreter has, that is no worker's fault."""
        if worker.ours or (gone.signal is None and gone.exit_code is None):
            return
        source = self.source(worker.reuse.location)
        source.died(gone, not any(one.look().token for one in self.made_by(source)))

    def close(self) -> None:
        """Kill all workers and the fork servers."""
        for source in self._by_python.values():
            source.close()
        for worker in list(self.workers.values()):
            self.remove(worker)

    def _interpreter(self, python: str) -> Interpreter:
        if python not in self._by_python:
            self._by_python[python] = Interpreter(python, self._settings, self._mark, self._selector)
        return self._by_python[python]

    def _hire(self, reuse: ReuseKey, fresh: bool) -> Worker:
        server = self.source(reuse.location).server
        assert server is not None
        self._hired += 1
        worker = Worker(self._hired, reuse, fresh)
        if reuse.memory is not None:
            worker.group = make_group(worker.number, reuse.memory, groups=self._settings.groups)
        group = str(worker.group.folder) if worker.group else ""
        server.fork(worker.number, worker.seal, (*worker.seats, self._lock), group)
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
