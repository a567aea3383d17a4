"""The process executor: attempts in warm worker processes of this machine (ARCHITECTURE §7).

Two facts carry it. An attempt is in exactly one place: waiting here, in the queue of one worker's socket, or with that
worker; which of the last two is asked of the kernel, by receiving it back. And an attempt has ended when its worker
said so, having cleaned up, or when the fork server has reaped that worker and all it left behind; nothing is reported
before one of the two. What is reported comes again until it is acknowledged.
"""

from __future__ import annotations

import selectors
import signal
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import count
from typing import assert_never

import msgspec

from segue.model.commands import Adopt, Answer, Cancel, Command, Kill, Launch
from segue.model.contracts import Clock, Inbox, Results, Vault
from segue.model.events import Cancelled, Ended, Event, Lost, LostCause, MayStart
from segue.run.executors.collector import Collector
from segue.run.executors.crew import Crew
from segue.run.executors.home import HomeLock, mark_of
from segue.run.executors.inspection import NEVER, inspect
from segue.run.executors.interpreter import Interpreter
from segue.run.executors.logfile import Limits
from segue.run.executors.memory import MemoryWatch
from segue.run.executors.pace import Pace
from segue.run.executors.packing import pack
from segue.run.executors.reader import Reader
from segue.run.executors.reports import Reports
from segue.run.executors.settings import ExecutorSettings
from segue.run.executors.stopping import Stopping, final
from segue.run.executors.verdicts import cause_of, judged
from segue.run.executors.worker import Attempt, Worker
from segue.run.wire import Ask, Bulky, Gone, Grant, Heeded, Report

__all__ = ["ProcessExecutor"]

_UNHURRIED = 0.1  # seconds between looks at a shutdown
_LONGEST_WAIT = 60.0  # the clock on the wall may jump, and time of waiting stands still in a machine that sleeps
_encode = msgspec.msgpack.Encoder().encode


class ProcessExecutor:
    """Runs attempts in worker processes. Make it in the main thread: its processes die with their thread.

    Args:
        settings: how many workers, and how they work.
        results: reads results for workers, in a thread of this executor.
        clock: stamps what no worker can stamp.
        vault: knows connections and secrets, asked in another thread of this executor.
    """

    def __init__(self, settings: ExecutorSettings, results: Results, clock: Clock, vault: Vault | None = None) -> None:
        self._settings = settings
        mark = mark_of(settings.home)
        self._lock = HomeLock(settings.home, mark)
        self._selector = selectors.DefaultSelector()
        self._bodies: dict[int, bytes] = {}
        limits = Limits(settings.log_head, settings.log_tail)
        self._collector = Collector(settings.logs, limits, clock.now)
        self._reader = Reader(results, self._bodies, vault)
        self._crew = Crew(settings, mark, self._lock.fd, self._selector, self._collector, self._reader)
        self._pace = Pace(settings.depth, settings.queue_for)
        self._memory = MemoryWatch()
        self._memory_at = 0.0
        self._limit_at = NEVER
        self._tokens = count(1)
        self._pending: deque[Attempt] = deque()
        self._reports = Reports(clock)
        self._reports.capacity(settings.workers, self._pace.depth)
        self._stopping = Stopping(self._crew, settings.grace, self._send_errand)
        self._inbox_fd: int | None = None
        self._look_at = NEVER
        self._ending = False

    # ------------------------------------------------------------------------------------------------- the contract
    def do(self, commands: Iterable[Command]) -> None:
        """Carry commands out. Never blocks."""
        for command in commands:
            match command:
                case Launch():
                    self._launch(command)
                case Cancel():
                    self._stop(command)
                case Kill():
                    self._stop(command, at_once=True)
                case Answer():
                    self._answer(command)
                case Adopt():
                    self._reports.adopted(command)
                case _:
                    assert_never(command)
        self._place()

    def poll(self) -> Sequence[Event]:
        """All that is not yet acknowledged, oldest first. Never blocks."""
        self._turn(0)
        return tuple(self._reports.events)

    def ack(self, events: Iterable[Event]) -> None:
        """These are committed: forget them."""
        self._reports.ack(events)

    def barrier(self) -> None:
        """Return when no process of an earlier owner's life is left; only the first call has any to look for.

        Every call comes from a new engine, which has to hear the capacity.

        Raises:
            HomeBusy: some of them cannot be killed.
        """
        self._lock.pass_barrier(*self._crew.servers())
        self._reports.capacity(self._settings.workers, self._pace.depth, anew=True)

    def warm(self, location: str) -> None:
        """Attempts of this location are to be expected: start what its workers are made from."""
        self._crew.source(location).forks()

    def hands(self) -> list[tuple[int, str, str, int]]:
        """Each worker's process, location, the attempt it runs now, as printed, and how many wait behind that."""
        return [worker.told() for worker in self._crew.workers.values()]

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """Return when `poll` has something, the inbox has, or after so many seconds, a minute at most."""
        self._watch(poked.fileno())
        end = time.monotonic() + (_LONGEST_WAIT if seconds is None else min(seconds, _LONGEST_WAIT))
        while not self._reports.events:
            now = time.monotonic()
            until = min(end, self._look_at, self._crew.wake_at())
            if self._turn(max(0.0, until - now)) or now >= end:
                return

    def close(self) -> None:
        """Call what is called on shutdown, kill what is left and release everything."""
        self._say_farewell()
        self._crew.close()
        self._collector.close()
        self._reader.close()
        self._watch(None)
        self._selector.close()
        self._lock.close()

    def _say_farewell(self) -> None:
        """Stop the attempts whose `on_cancel` wants to know. No commit comes any more: what they set is refused."""
        self._ending = True
        last = [one for one in self._reports.attempts.values() if one.worker and one.hooked and one.verdict is None]
        for attempt in last:
            self._stop(Cancel(attempt.launch.key))
        end = time.monotonic() + self._settings.hook_limit
        while time.monotonic() < end and any(one.worker or (one.errand and not one.errand.end) for one in last):
            self._turn(_UNHURRIED)
            for attempt in last:
                for seq in list(attempt.questions):
                    self._answer(Answer(attempt.launch.key, seq, False))

    # ---------------------------------------------------------------------------------------------------- commands
    def _launch(self, launch: Launch) -> None:
        if launch.key in self._reports.attempts:
            self._reports.ask_again(self._reports.attempts[launch.key])
            return
        attempt = Attempt(next(self._tokens), launch)
        self._reports.attempts[launch.key] = attempt
        self._pending.append(attempt)

    def _stop(self, command: Cancel | Kill, at_once: bool = False) -> None:
        """Stop an attempt wherever it is. A result that is on its way here is still believed."""
        attempt = self._reports.attempts.get(command.key)
        if attempt is None:
            self._reports.events.append(self._reports.never(command.key, command.fence))
            return
        if attempt.worker is not None and attempt.verdict is None:
            self._corner(attempt.worker)
        if attempt.worker is not None:
            attempt.verdict = attempt.verdict or Cancelled()
            self._end(attempt, at_once)
        elif attempt in self._pending:
            self._pending.remove(attempt)
            attempt.verdict = Cancelled()
            self._finish(attempt, self._reports.never(command.key, attempt.launch.fence))

    def _answer(self, answer: Answer) -> None:
        question = self._reports.answered(answer)
        if question is None or question.attempt.worker is None:
            return
        worker, ask = question.attempt.worker, question.ask
        grant = _encode(Grant(question.attempt.token, ask.seq, answer.yes))
        if isinstance(ask.what, MayStart):
            worker.answer(grant)
        else:
            worker.tell(grant)

    def _send_errand(self, attempt: Attempt) -> Attempt:
        errand = Attempt(next(self._tokens), attempt.launch, attempt)
        self._pending.appendleft(errand)
        return errand

    # ------------------------------------------------------------------------------------------- giving and taking
    def _place(self) -> None:
        """Give what waits to workers, strictly in order, but for those whose interpreter makes none now.

        Where it cannot, they are told so. At the end, errands alone.
        """
        if self._ending:
            self._pending = deque(attempt for attempt in self._pending if attempt.of)
        aside: list[Attempt] = []
        while self._pending:
            worker = self._crew.seat(self._pending[0], self._pace.depth)
            if worker is None and not self._crew.blocked(self._pending[0]):
                break
            attempt = self._pending.popleft()
            if worker is None:
                aside += self._waiting(attempt)
                continue
            worker.give(attempt, self._encoded(attempt, worker))
            given = self._settings
            self._look(worker, given.take_back_after if len(worker.queue) > 1 else given.started_after)
        self._pending.extendleft(reversed(aside))

    def _waiting(self, attempt: Attempt) -> list[Attempt]:
        """The attempt itself, unless its interpreter does not work: then it has failed."""
        if fault := self._crew.source(attempt.reuse.location).fault:
            self._finish(attempt, self._reports.unplaced(attempt, fault))
            return []
        return [attempt]

    def _encoded(self, attempt: Attempt, worker: Worker) -> bytes:
        run = attempt.launch.key.run
        data = pack(attempt, self._reports.again.get(run, 0), run in worker.runs)
        if len(data) > self._settings.launch_limit:
            self._bodies[attempt.token] = data
            data = _encode(Bulky(attempt.token))
        return data

    def _take_back(self, worker: Worker) -> None:
        self._pending.extendleft(reversed(worker.take_back()))

    def _corner(self, worker: Worker) -> None:
        """Leave a worker nothing but the attempt it has now: what it said of the one before has been heard."""
        self._take_back(worker)
        self._hear(worker)

    def _end(self, attempt: Attempt, at_once: bool = False) -> None:
        assert attempt.worker is not None
        self._look(attempt.worker, self._stopping.begin(attempt, at_once))

    # --------------------------------------------------------------------------------------------------- listening
    def _watch(self, inbox: int | None) -> None:
        if inbox != self._inbox_fd:
            if self._inbox_fd is not None:
                self._selector.unregister(self._inbox_fd)
            if inbox is not None:
                self._selector.register(inbox, selectors.EVENT_READ)
            self._inbox_fd = inbox

    def _turn(self, timeout: float) -> bool:
        """Take in what happened; says whether the inbox has something."""
        poked = False
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                poked = True
            elif isinstance(key.data, Worker):
                if key.data.number in self._crew.workers:  # else it was buried a moment ago
                    self._hear(key.data)
            else:
                self._hear_server(key.data)
        now = time.monotonic()
        if now >= self._look_at or now >= self._crew.wake_at():
            self._look_around(now)
        self._place()
        return poked

    def _hear(self, worker: Worker) -> None:
        for message in worker.receive():
            attempt = worker.queue.get(message.token)
            if attempt is None:
                continue
            match message:
                case Ask():
                    self._reports.asked(attempt, message)
                case Heeded():
                    self._stopping.heeded(attempt)
                case Report():
                    self._ended(worker, attempt, message)
        worker.flush()

    def _ended(self, worker: Worker, attempt: Attempt, report: Report) -> None:
        worker.slow = False
        worker.runs.add(attempt.launch.key.run)
        if attempt.verdict is not None:
            attempt.verdict = judged(report, attempt.verdict)
            worker.term_at = worker.kill_at = NEVER
            self._crew.kill(worker, signal.SIGKILL)
            return  # reported when the worker is gone
        del worker.queue[attempt.token]
        self._finish(attempt, self._reports.told(attempt, report))
        if report.began is not None and self._pace.record((report.at - report.began) / 1e6):
            self._reports.capacity(self._settings.workers, self._pace.depth)
        if report.retire:
            worker.closing = worker.ours = True
        elif worker.fresh:
            self._crew.dismiss(worker)

    def _hear_server(self, source: Interpreter) -> None:
        gone, all_gone = source.hear()
        for one in gone:
            if (worker := self._crew.workers.get(one.worker)) is not None:
                self._bury(worker, one)
        if all_gone:
            for worker in self._crew.made_by(source):
                worker.ours = True
                self._bury(worker, Gone(worker.number, None, None, 0, 0))
            self._crew.start()

    def _bury(self, worker: Worker, gone: Gone) -> None:
        """A worker is dead, and all its descendants: the attempt that it had received is the one it died with."""
        self._hear(worker)
        self._take_back(worker)
        self._crew.died(worker, gone)
        for attempt in worker.queue.values():
            if worker.measure(alive=False):
                self._memory.to_blame()  # the kernel has counted this kill: the next one is another's
                cause = LostCause.MEMORY
            else:
                cause = cause_of(gone, worker.ours, self._memory.to_blame)
            self._finish(attempt, self._reports.untold(attempt, worker, gone, cause))
        self._crew.remove(worker)

    def _finish(self, attempt: Attempt, event: Ended | Lost) -> None:
        """The attempt has ended: say so, or wait for its errand; an errand's end may be what was waited for."""
        self._bodies.pop(attempt.token, None)
        deferred = self._stopping.defers(attempt, event)
        attempt.worker = None
        if attempt.of is None:
            if not deferred:
                self._reports.ended(attempt, final(attempt, event))
        elif attempt.of.end is not None:
            self._reports.ended(attempt.of, final(attempt.of, attempt.of.end))

    # ------------------------------------------------------------------------------------------------------ looking
    def _look(self, worker: Worker, after: float) -> None:
        """Look at the worker's page after so many seconds."""
        worker.look_at = min(worker.look_at, time.monotonic() + after)
        self._look_at = min(self._look_at, worker.look_at)

    def _look_around(self, now: float) -> None:
        self._crew.start()
        running = False
        for worker in self._crew.workers.values():
            self._stopping.go_on(worker, now)
            if now >= worker.look_at:
                worker.look_at = self._inspect(worker, now)
            running = running or bool(worker.queue)
        self._limit(now)
        if running and now >= self._memory_at:
            self._memory.sample()
            self._memory_at = now + self._settings.memory_watch
        due = [min(worker.look_at, worker.term_at, worker.kill_at) for worker in self._crew.workers.values()]
        self._look_at = min([*due, self._limit_at, self._memory_at if running else NEVER], default=NEVER)

    def _limit(self, now: float) -> None:
        """Kill whoever holds more memory than its limit allows, with all it has started, and none else."""
        limited = [worker for worker in self._crew.workers.values() if worker.limited]
        if limited and now >= self._limit_at:
            for worker in limited:
                if worker.measure():
                    self._take_back(worker)
                    worker.closing = True
                    self._crew.kill(worker, signal.SIGKILL)
            self._limit_at = now + self._settings.limit_watch
        elif not limited:
            self._limit_at = NEVER
        elif self._limit_at == NEVER:
            self._limit_at = now

    def _inspect(self, worker: Worker, now: float) -> float:
        """See what a worker does, act on it, and say when to look again."""
        if worker.closing or not worker.queue:
            return NEVER
        sight = worker.look()
        attempt = worker.queue.get(sight.token)
        if attempt is None:
            return now + self._settings.started_after
        hook = attempt.what == "hook"
        timeout = int(self._settings.hook_limit * 1e6) if hook else attempt.launch.task.rules.timeout
        found = inspect(sight, timeout, attempt.started, len(worker.queue) > 1, now, self._settings)
        if found.started and sight.began_at is not None:
            self._reports.started(attempt, sight.began_at)
        if found.slow or found.overdue:
            worker.slow = True
            self._corner(worker)
        if found.overdue and attempt.worker is not None:
            attempt.verdict = found.overdue
            self._end(attempt)
        return found.look_at
