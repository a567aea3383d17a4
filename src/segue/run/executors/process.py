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

from segue.model.changes import Adopt, Answer, Cancel, Command, Kill, Launch
from segue.model.contracts import Clock, Inbox, Results
from segue.model.events import (
    Asked,
    Cancelled,
    Capacity,
    Ended,
    Event,
    Followed,
    Lost,
    LostCause,
    MayStart,
    Outcome,
    Started,
    Usage,
    Value,
)  # fmt: skip
from segue.model.ids import AttemptKey, RunKey
from segue.run.executors.collector import Collector
from segue.run.executors.crew import Crew
from segue.run.executors.home import HomeLock, mark_of
from segue.run.executors.inspection import NEVER, inspect
from segue.run.executors.logfile import Limits, log_path
from segue.run.executors.memory import MemoryWatch
from segue.run.executors.pace import Pace
from segue.run.executors.reader import Reader
from segue.run.executors.settings import ExecutorSettings
from segue.run.executors.verdicts import cause_of, judged
from segue.run.executors.worker import Attempt, Worker
from segue.run.wire import Ask, Gone, Grant, Bulky, Report, Work

__all__ = ["ProcessExecutor"]

_encode = msgspec.msgpack.Encoder().encode


class ProcessExecutor:
    """Runs attempts in worker processes. Make it in the main thread: its processes die with their thread.

    Args:
        settings: how many workers, and how they work.
        results: reads results for workers, in a thread of this executor.
        clock: stamps what no worker can stamp.
    """

    def __init__(self, settings: ExecutorSettings, results: Results, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        mark = mark_of(settings.home)
        self._lock = HomeLock(settings.home, mark)
        self._selector = selectors.DefaultSelector()
        self._bodies: dict[int, bytes] = {}
        limits = Limits(settings.log_head, settings.log_tail, settings.mask)
        self._collector = Collector(settings.logs, limits, clock.now)
        self._reader = Reader(results, self._bodies)
        self._crew = Crew(settings, mark, self._lock.fd, self._selector, self._collector, self._reader)
        self._pace = Pace(settings.depth, settings.queue_for)
        self._memory = MemoryWatch()
        self._memory_at = 0.0
        self._tokens = count(1)
        self._attempts: dict[AttemptKey, Attempt] = {}
        self._pending: deque[Attempt] = deque()
        self._again: dict[RunKey, int] = {}  # how many attempts of a run were not the first of their task
        self._events: list[Event] = [Capacity(settings.workers, self._pace.depth)]
        self._inbox_fd: int | None = None
        self._look_at = NEVER

    # ------------------------------------------------------------------------------------------------- the contract
    def do(self, commands: Iterable[Command]) -> None:
        """Carry commands out. Never blocks."""
        for command in commands:
            match command:
                case Launch():
                    self._launch(command)
                case Cancel():
                    self._stop(command, None)
                case Kill():
                    self._stop(command, 0.0)
                case Answer():
                    self._answer(command)
                case Adopt():
                    self._adopt(command)
                case _:
                    assert_never(command)
        self._place()

    def poll(self) -> Sequence[Event]:
        """All that is not yet acknowledged, oldest first. Never blocks."""
        self._turn(0)
        return tuple(self._events)

    def ack(self, events: Iterable[Event]) -> None:
        """These are committed: forget them."""
        known = {id(event) for event in events}
        self._events = [event for event in self._events if not self._forgets(event, known)]

    def barrier(self) -> None:
        """Return when no process of an earlier owner's life is left; only the first call has any to look for.

        Every call comes from a new engine, which has to hear the capacity.

        Raises:
            HomeBusy: some of them cannot be killed.
        """
        self._lock.pass_barrier(self._crew.server.pid if self._crew.server else 0)
        self._events = [event for event in self._events if not isinstance(event, Capacity)]
        self._events.insert(0, Capacity(self._settings.workers, self._pace.depth))

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """Return when `poll` has something, the inbox has, or after so many seconds."""
        self._watch(poked.fileno())
        end = NEVER if seconds is None else time.monotonic() + seconds
        while not self._events:
            now = time.monotonic()
            until = min(end, self._look_at, self._crew.wake_at())
            if self._turn(None if until == NEVER else max(0.0, until - now)) or now >= end:
                return

    def close(self) -> None:
        """Kill what is left and release everything."""
        self._crew.close()
        self._collector.close()
        self._reader.close()
        self._watch(None)
        self._selector.close()
        self._lock.close()

    # ---------------------------------------------------------------------------------------------------- commands
    def _launch(self, launch: Launch) -> None:
        if launch.key not in self._attempts:
            attempt = Attempt(next(self._tokens), launch)
            self._attempts[launch.key] = attempt
            self._pending.append(attempt)

    def _stop(self, command: Cancel | Kill, grace: float | None) -> None:
        """Stop an attempt wherever it is. A result that is on its way here is still believed."""
        attempt = self._attempts.get(command.key)
        if attempt is None:
            never = Ended(command.key, command.fence, None, self._clock.now(), Cancelled(begun=False))
            self._events.append(never)
            return
        if attempt.worker is not None and attempt.verdict is None:
            self._take_back(attempt.worker)
        if attempt.worker is not None:
            if attempt.verdict is None:
                attempt.verdict = Cancelled()
            self._terminate(attempt, grace)
        elif attempt in self._pending:
            self._pending.remove(attempt)
            self._report(attempt, Cancelled(begun=False))

    def _answer(self, answer: Answer) -> None:
        attempt = self._attempts.get(answer.key)
        if attempt is not None and attempt.worker is not None and attempt.asked == answer.seq:
            attempt.asked = 0
            attempt.worker.answer(_encode(Grant(attempt.token, answer.seq, answer.yes)))

    def _adopt(self, adopt: Adopt) -> None:
        attempt = self._attempts.get(adopt.key)
        now = self._clock.now()
        if attempt is None:
            self._events.append(Lost(adopt.key, adopt.fence, None, now, LostCause.OWNER))
        elif attempt.asked and not any(isinstance(event, Asked) and event.key == adopt.key for event in self._events):
            self._events.append(Asked(adopt.key, adopt.fence, now, attempt.asked, MayStart()))

    # ------------------------------------------------------------------------------------------- giving and taking
    def _place(self) -> None:
        """Give what waits to workers, strictly in order."""
        while self._pending:
            worker = self._crew.seat(self._pending[0], self._pace.depth)
            if worker is None:
                return
            attempt = self._pending.popleft()
            worker.give(attempt, self._encoded(attempt, worker))
            given = self._settings
            self._look(worker, given.take_back_after if len(worker.queue) > 1 else given.started_after)

    def _encoded(self, attempt: Attempt, worker: Worker) -> bytes:
        launch, key = attempt.launch, attempt.launch.key
        work = Work(
            token=attempt.token,
            run=key.run,
            task=key.task,
            index=key.index,
            number=key.number,
            kind=launch.task.kind,
            data=launch.task.data,
            inputs=launch.inputs,
            picks=launch.picks,
            round=launch.round,
            tries=launch.tries,
            fresh=self._again.get(key.run, 0),
            ask=not launch.task.rules.idempotent,
            brief=None if key.run in worker.runs else launch.brief,
        )
        data = _encode(work)
        if len(data) > self._settings.launch_limit:
            self._bodies[attempt.token] = data
            data = _encode(Bulky(attempt.token))
        return data

    def _take_back(self, worker: Worker) -> None:
        self._pending.extendleft(reversed(worker.take_back()))

    def _terminate(self, attempt: Attempt, grace: float | None) -> None:
        """TERM, and KILL after the grace; what is queued behind has been taken back."""
        worker = attempt.worker
        assert worker is not None
        if grace is None:
            own = attempt.launch.task.rules.grace
            grace = self._settings.grace if own is None else own / 1e6
        if not worker.closing and grace:
            self._crew.kill(worker, signal.SIGTERM)
            worker.kill_at = time.monotonic() + grace
            self._look(worker, grace)
        elif not grace:
            self._crew.kill(worker, signal.SIGKILL)
        worker.closing = True

    # --------------------------------------------------------------------------------------------------- listening
    def _watch(self, inbox: int | None) -> None:
        if inbox != self._inbox_fd:
            if self._inbox_fd is not None:
                self._selector.unregister(self._inbox_fd)
            if inbox is not None:
                self._selector.register(inbox, selectors.EVENT_READ)
            self._inbox_fd = inbox

    def _turn(self, timeout: float | None) -> bool:
        """Take in what happened; says whether the inbox has something."""
        poked = False
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                poked = True
            elif isinstance(key.data, Worker):
                if key.data.number in self._crew.workers:  # else it was buried a moment ago
                    self._hear(key.data)
            else:
                self._hear_server()
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
            if isinstance(message, Ask):
                attempt.asked = message.seq
                launch = attempt.launch
                name = str(worker.number)
                self._events.append(Asked(launch.key, launch.fence, message.at, message.seq, MayStart(), name))
            else:
                self._ended(worker, attempt, message)
        worker.flush()

    def _ended(self, worker: Worker, attempt: Attempt, report: Report) -> None:
        worker.slow = False
        worker.runs.add(attempt.launch.key.run)
        if attempt.verdict is not None:
            attempt.verdict = judged(report, attempt.verdict)
            self._crew.kill(worker, signal.SIGKILL)
            return  # reported when the worker is gone
        del worker.queue[attempt.token]
        self._report(attempt, report)
        if report.began is not None and self._pace.record((report.at - report.began) / 1e6):
            self._events.append(Capacity(self._settings.workers, self._pace.depth))
        if report.retire:
            worker.closing = worker.ours = True
        elif worker.fresh:
            self._crew.dismiss(worker)

    def _hear_server(self) -> None:
        gone, all_gone = self._crew.hear()
        for one in gone:
            if (worker := self._crew.workers.get(one.worker)) is not None:
                self._bury(worker, one)
        if all_gone:
            for worker in list(self._crew.workers.values()):
                worker.ours = True
                self._bury(worker, Gone(worker.number, None, None, 0, 0))
            self._crew.start()

    def _bury(self, worker: Worker, gone: Gone) -> None:
        """A worker is dead, and all its descendants: the attempt that it had received is the one it died with."""
        self._hear(worker)
        self._take_back(worker)
        for attempt in worker.queue.values():
            self._post_mortem(worker, attempt, gone)
        self._crew.remove(worker)

    def _post_mortem(self, worker: Worker, attempt: Attempt, gone: Gone) -> None:
        sight = worker.look()
        began = sight.began_at if sight.token == attempt.token else None
        log = str(log_path(attempt.launch.key)) if worker.said() else None
        notes = (f"left {gone.left} processes behind: killed",) if gone.left else ()
        usage = Usage(gone.rss or None, gone.cpu or None, str(worker.number), log, notes)
        launch, verdict = attempt.launch, attempt.verdict
        if isinstance(verdict, Report):
            self._report(attempt, verdict)
        elif verdict is not None:
            if isinstance(verdict, Cancelled):
                verdict = Cancelled(begun=began is not None)
            self._finish(attempt, Ended(launch.key, launch.fence, began, self._clock.now(), verdict, usage))
        else:
            cause = cause_of(gone, worker.ours, self._memory.to_blame)
            signal_number, code = (None, None) if cause is LostCause.WORKER else (gone.signal, gone.exit_code)
            event = Lost(launch.key, launch.fence, began, self._clock.now(), cause, signal_number, code, usage)
            self._finish(attempt, event)

    # --------------------------------------------------------------------------------------------------- reporting
    def _report(self, attempt: Attempt, said: Report | Outcome) -> None:
        launch = attempt.launch
        if isinstance(said, Report):
            log = str(log_path(launch.key)) if said.said else None
            name = str(attempt.worker.number) if attempt.worker else ""
            usage = Usage(said.rss, said.cpu, name, log, said.notes)
            self._finish(attempt, Ended(launch.key, launch.fence, said.began, said.at, said.outcome, usage))
        else:
            self._finish(attempt, Ended(launch.key, launch.fence, None, self._clock.now(), said))

    def _finish(self, attempt: Attempt, event: Ended | Lost) -> None:
        key = attempt.launch.key
        if key.number > 1 and isinstance(event, Ended) and isinstance(event.outcome, Value | Followed):
            self._again[key.run] = self._again.get(key.run, 0) + 1
        attempt.worker = None
        self._bodies.pop(attempt.token, None)
        self._events.append(event)

    def _forgets(self, event: Event, known: set[int]) -> bool:
        if id(event) not in known:
            return False
        if isinstance(event, Ended | Lost):
            self._attempts.pop(event.key, None)
        return True

    # ------------------------------------------------------------------------------------------------------ looking
    def _look(self, worker: Worker, after: float) -> None:
        """Look at the worker's page after so many seconds."""
        worker.look_at = min(worker.look_at, time.monotonic() + after)
        self._look_at = min(self._look_at, worker.look_at)

    def _look_around(self, now: float) -> None:
        self._crew.start()
        running = False
        for worker in self._crew.workers.values():
            if now >= worker.kill_at:
                worker.kill_at = NEVER
                self._crew.kill(worker, signal.SIGKILL)
            if now >= worker.look_at:
                worker.look_at = self._inspect(worker, now)
            running = running or bool(worker.queue)
        if running and now >= self._memory_at:
            self._memory.sample()
            self._memory_at = now + self._settings.memory_watch
        due = [min(worker.look_at, worker.kill_at) for worker in self._crew.workers.values()]
        self._look_at = min([*due, self._memory_at if running else NEVER], default=NEVER)

    def _inspect(self, worker: Worker, now: float) -> float:
        """See what a worker does, act on it, and say when to look again."""
        if worker.closing or not worker.queue:
            return NEVER
        sight = worker.look()
        attempt = worker.queue.get(sight.token)
        if attempt is None:
            return now + self._settings.started_after
        launch = attempt.launch
        found = inspect(sight, launch.task.rules, attempt.started, len(worker.queue) > 1, now, self._settings)
        if found.started and sight.began_at is not None:
            attempt.started = True
            self._events.append(Started(launch.key, launch.fence, sight.began_at, str(worker.number)))
        if found.slow or found.overdue:
            worker.slow = True
            self._take_back(worker)
        if found.overdue:
            attempt.verdict = found.overdue
            self._terminate(attempt, None)
        return found.look_at
