"""A worker: one attempt after the other, and between two of them nothing of the first is left.

The worker is forked from a clean interpreter and leads a session of its own. It takes work from its socket, writes on
the page what it has and since when its code runs, runs the code, kills what the code left behind, puts back what it
changed, and only then reports.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import resource
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from types import CoroutineType
from typing import Any, NoReturn, cast

import msgspec

from segue.model.commands import Brief
from segue.model.errors import Skip
from segue.model.events import Cancelled, Failure, Outcome
from segue.model.ids import Instant, RunKey
from segue.run.children.call import Call, Workshop
from segue.run.children.control import Control
from segue.run.children.guard import Made, concluded, measured
from segue.run.children.outcome import begin_of_user_code, outcome_of
from segue.run.children.supply import Supply
from segue.run.children.surroundings import Surroundings
from segue.run.children.voice import Voice
from segue.run.page import BEGAN, BEGAN_AT, PHASE_ASKS, PID, TAKEN, TOKEN, Page
from segue.run.processes import descendants, kill_all, resident
from segue.run.wire import MAX_DATAGRAM, Ask, Bulky, Grant, Heeded, Report, Setup, ToWorker, Work

__all__ = ["Seat", "serve"]

_PATIENCE = 5.0  # seconds to wait for a killed process that does not die
_REFUSALS = 100  # of an attempt that are told
_LOADS = 20  # times as long as its code took to load a worker lives, if nothing ends it before
_MOST = 10  # times as many attempts as a worker usually has
_NOTABLE = 8 * 1024 * 1024  # bytes of new peak memory worth a reset of the peak
_decoder: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Seat:
    """What a worker is given: its number, the seal of its marks, and descriptors."""

    worker: int
    seal: bytes
    work: int
    side: int
    control: int
    out: int
    err: int
    page: int
    lock: int


@dataclass(slots=True)
class _Account:
    """What is told of an attempt beside its outcome."""

    made: Made = Made()
    notes: list[str] = field(default_factory=list)
    refused: Sequence[str] = ()


class Stopped(BaseException):
    """SIGTERM while an attempt runs: unwinds the code, so that its `finally` and `with` do their work."""


def serve(seat: Seat, setup: Setup) -> NoReturn:
    """Run attempts until the executor is gone. `seat.lock` stays open: it says that this process lives."""
    page = Page(seat.page)
    os.close(seat.page)
    page.cells[PID] = os.getpid()
    voice = Voice(page, seat.seal, (seat.out, seat.err))
    faulthandler.enable(all_threads=False)
    workshop: Workshop
    try:
        workshop = cast(Workshop, importlib.import_module(setup.workshop).open_workshop(setup))
    except Exception as error:  # noqa: BLE001 - a worker that died of it would be replaced by one that does the same
        workshop = _ShutWorkshop(error)
    _Worker(seat, setup, page, voice, workshop).run()


class _ShutWorkshop:
    """Where the workshop cannot be opened every attempt fails with the reason."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def loads(self, work: Work, brief: Brief) -> bool:
        return False

    def prepare(self, work: Work, brief: Brief, supply: Supply) -> Call:
        raise self._error


class _Worker:
    def __init__(self, seat: Seat, setup: Setup, page: Page, voice: Voice, workshop: Workshop) -> None:
        self._setup, self._page, self._voice, self._workshop = setup, page, voice, workshop
        self._cells = page.cells
        self._sock = socket.socket(fileno=seat.work)
        self._supply = Supply(socket.socket(fileno=seat.side), self._send)
        self._control = Control(seat.control)
        self._buffer = memoryview(bytearray(MAX_DATAGRAM))
        self._briefs: dict[RunKey, Brief] = {}
        self._pid = os.getpid()
        self._done = self._asked = 0
        self._born, self._loading = time.monotonic(), 0.0
        self._busy = False
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._around = Surroundings()
        self._first_rss = resident()
        self._peak, self._cpu = self._usage()

    def run(self) -> NoReturn:
        while True:
            message = self._next()
            if isinstance(message, Grant):
                continue  # the answer to a question of an attempt that was stopped
            self._cells[BEGAN] = self._cells[BEGAN_AT] = 0
            self._cells[TAKEN], self._cells[TOKEN] = time.monotonic_ns(), message.token
            self._busy = True
            report = self._attempt(message)
            self._busy = False
            data = _encode(report)
            if len(data) > MAX_DATAGRAM:
                text = f"its outcome takes {len(data):,} bytes, {MAX_DATAGRAM:,} are the most"
                data = _encode(msgspec.structs.replace(report, outcome=Failure("too_large", text, retryable=False)))
            self._send(data)
            if report.retire:
                os._exit(0)

    def _next(self) -> ToWorker:
        with suppress(ConnectionError):
            if size := self._sock.recv_into(self._buffer):
                return _decoder.decode(self._buffer[:size])
        os._exit(0)  # the executor is gone

    def _send(self, data: bytes) -> None:
        try:
            self._sock.send(data)
        except ConnectionError:
            os._exit(0)

    def _attempt(self, message: Work | Bulky) -> Report:
        token, notes, stopped, account = message.token, list[str](), False, _Account()
        try:
            outcome = copy_context().run(self._perform, message, account)
        except Stopped:
            outcome, stopped = Cancelled(self._cells[BEGAN] > 0), True
        ended = Instant(time.time_ns() // 1000)
        began = Instant(self._cells[BEGAN_AT]) if self._cells[BEGAN] > 0 else None
        self._cells[BEGAN] = 0
        try:
            notes += self._clean()
        except Stopped:
            stopped = True
        said = self._voice.finish(token)
        peak, cpu = self._usage()
        self._done += 1
        notes += self._growth(peak)
        retire = stopped or bool(notes) or self._supply.broken or self._is_worn()
        used, self._cpu = cpu - self._cpu, cpu
        made, notes = account.made, [*account.notes, *notes]
        refused = tuple(dict.fromkeys(account.refused))[:_REFUSALS]
        return Report(
            token, began, ended, outcome, peak, used, said, retire, tuple(notes), made.rows, made.source, refused
        )  # fmt: skip

    def _is_worn(self) -> bool:
        """After so many attempts; of a file that takes long to load after more, or successors would mostly load it."""
        if self._done < self._setup.attempts:
            return False
        paid_off = time.monotonic() - self._born >= _LOADS * self._loading
        return paid_off or self._done >= _MOST * self._setup.attempts

    def _perform(self, message: Work | Bulky, account: _Account) -> Outcome:
        """Run an attempt to its outcome; everything of the user's is called below here."""
        call: Call | None = None
        try:
            work = self._supply.body(message.token) if isinstance(message, Bulky) else message
            brief = self._brief(work)
            task = work.task.partition("!")[0]
            self._around.name(SEGUE_RUN_ID=str(work.run), SEGUE_TASK_ID=task, SEGUE_ATTEMPT=str(work.number))
            turns = self._workshop.loads(work, brief)
            spent = time.process_time() if turns else 0.0
            call = self._workshop.prepare(work, brief, self._supply)
            if turns:
                self._loading += time.process_time() - spent
            account.refused = call.refused
            if call.item is not None:
                account.notes.append(f"item: {call.item}")
            if turns:
                self._around.keep()  # what a file does when it is imported holds for all its attempts
            if work.ask and not self._may_begin(work.token):
                return Cancelled(begun=False)
            self._cells[BEGAN_AT] = time.time_ns() // 1000
            self._cells[BEGAN] = time.monotonic_ns()
            with self._attending(work, call):
                return self._finish(work, call, account)
        except Stopped:
            self._leave_copies(143)
            raise
        except SystemExit as error:
            self._leave_copies(_exit_code(error))
            self._exit(message.token, error)
        except BaseException as error:  # noqa: BLE001 - whatever user code raises is its outcome
            self._leave_copies(1)
            if not isinstance(error, Skip):
                self._voice.complain(error, begin_of_user_code(error))
            if call is None:
                return outcome_of(error, self._setup.bundles, lambda _: True)
            return outcome_of(error, call.root, call.may_retry, call.hide)

    def _run(self, call: Call) -> object:
        with call.within:
            result = _awaited(call.code())
        self._leave_copies(0)
        return result

    def _finish(self, work: Work, call: Call, account: _Account) -> Outcome:
        with call.staging as writes:
            result = self._run(call)
            account.made = measured(call, result, writes)
            outcome, note = concluded(call, result, account.made, writes, work.kind, work.empty)
        account.notes += [*([note] if note else []), *writes.notes]
        return outcome

    def _attending(self, work: Work, call: Call) -> AbstractContextManager[None]:
        on_cancel = call.on_cancel
        if on_cancel is None:
            return nullcontext()

        def tend() -> None:
            try:
                _awaited(on_cancel())
            except BaseException as error:  # noqa: BLE001 - what it raises is said in the log, and changes nothing
                self._voice.complain(error, begin_of_user_code(error))
            self._send(_encode(Heeded(work.token)))

        return self._control.attending(work.token, tend)

    def _leave_copies(self, code: int) -> None:
        """A fork of the user's that came back from the task is no worker."""
        if os.getpid() != self._pid:
            os._exit(code)

    def _exit(self, token: int, error: SystemExit) -> NoReturn:
        """`sys.exit` in a task ends the process, as it says; the executor calls it lost."""
        self._voice.complain(error, begin_of_user_code(error))
        self._voice.finish(token)
        os._exit(_exit_code(error))

    def _brief(self, work: Work) -> Brief:
        if work.brief is not None:
            self._briefs[work.run] = work.brief
        return self._briefs[work.run]

    def _may_begin(self, token: int) -> bool:
        self._asked += 1
        self._cells[BEGAN] = PHASE_ASKS
        self._send(_encode(Ask(token, self._asked, Instant(time.time_ns() // 1000))))
        while True:
            answer = self._next()
            if isinstance(answer, Grant) and answer.token == token:
                return answer.yes

    def _stop(self, *_: Any) -> None:
        if not self._busy or os.getpid() != self._pid:
            os._exit(143)
        raise Stopped

    def _clean(self) -> list[str]:
        """Kill what the attempt left behind, put back what it changed; answers with what is worth a note."""
        notes = []
        left = self._kill_leftovers()
        if left:
            notes.append(f"left {_number(left, 'process', 'processes')} behind: killed")
        threads = self._around.put_back()
        self._voice.reconnect()
        if threads:
            notes.append(f"left {_number(threads, 'thread', 'threads')} behind: the worker was replaced")
        return notes

    def _kill_leftovers(self) -> int:
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return 0  # as a subreaper it has no descendant where it has no child
        return len(kill_all(lambda: descendants(self._pid), _PATIENCE, _reap))

    def _growth(self, peak: int) -> list[str]:
        if peak - self._peak < _NOTABLE:
            return []
        with suppress(OSError), open("/proc/self/clear_refs", "w") as peaks:  # noqa: PTH123
            peaks.write("5")  # the next attempt's peak is its own
        self._peak = self._usage()[0]
        grown = resident() - self._first_rss
        if grown <= self._setup.growth:
            return []
        return [f"the worker grew by {grown // 1_000_000} MB and was replaced"]

    @staticmethod
    def _usage() -> tuple[int, int]:
        """Peak resident bytes and CPU microseconds, those of dead children included."""
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
        return own.ru_maxrss * 1024, int(seconds * 1e6)


def _awaited(result: object) -> object:
    return importlib.import_module("asyncio").run(result) if isinstance(result, CoroutineType) else result


def _exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
