"""The tell child: sends alerts, and says so when the scheduler is silent.

It is started by the supervisor, or by hand, and outlives the loop. It reads the store, never writes it: what has become
of an alert it asks the loop to write down. One thread decides, the others wait: for commits, for the loop's pulse, for
receivers, for answers.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Final

from segue.app import journal
from segue.app.clock import SystemClock
from segue.app.control_client import ControlClient, OwnerGone
from segue.app.database import FullReader, database_of
from segue.app.home import Home, settings_here
from segue.app.routing import DagBook, outbound_of, revealer_of, routes_of
from segue.app.settings import Settings
from segue.model.acts import MarkAlert
from segue.model.errors import EnvironmentFault, SegueError, UsageError
from segue.model.events import Request
from segue.model.ids import Instant, RunKey
from segue.tell.channels import deliver
from segue.tell.courier import Courier, Errand, pause_after
from segue.tell.letters import Letter, distress_letter, letter_of
from segue.tell.outbound import Forbidden
from segue.tell.watchdog import Watchdog

__all__ = ["Teller", "main"]

PULSE: Final = 10.0
"""Seconds between two looks at the loop."""
_WORKERS: Final = 8
_READ_AGAIN: Final = 1.0  # seconds between two reads of the store at least, where nothing has come back
_FAREWELL: Final = 4.0
_MANY: Final = 1_000
_TROUBLES: Final = 10
_MOST: Final = 100  # tries to say that nobody schedules
_LIFE: Final = 86_400_000_000


@dataclass(slots=True, eq=False)
class _Call:
    """A word of the dead man's switch to one target."""

    letter: Letter
    target: str
    due: int
    tries: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class _Result:
    what: Errand | _Call
    error: str | None
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class _Pulse:
    """Whether the loop answers, whether it leads, and whether anybody does."""

    answers: bool
    leads: bool
    led: bool


class Teller:
    """The process.

    Args:
        settings: in force.
        say: told in a sentence what goes wrong.
        patience: microseconds of silence after which the scheduler counts as gone.

    Raises:
        UsageError: the settings of alerts cannot be used.
    """

    def __init__(
        self, settings: Settings, say: Callable[[str], None], patience: int = 60_000_000, pulse: float = PULSE
    ) -> None:
        self._settings, self._say, self._pulse_every = settings, say, pulse
        self._home = Home(settings.home)
        self._database = database_of(self._home)
        self._routes = routes_of(settings)
        self._outbound, self._reveal = outbound_of(settings), revealer_of(settings)
        self._clock = SystemClock()
        self._watchdog = Watchdog(_ticks(), patience)
        self._inbox: SimpleQueue[_Result | _Pulse | None] = SimpleQueue()
        self._work: SimpleQueue[tuple[Errand | _Call, Letter]] = SimpleQueue()
        self._marks: SimpleQueue[MarkAlert] = SimpleQueue()
        self._calls: deque[_Call] = deque()
        self._reader: FullReader | None = None
        self._book: DagBook | None = None
        self._courier = Courier(self._routes, self._spec_of)
        self._stop = Event()
        self._deaf = False
        self._sending = 0
        self._unread, self._read_at, self._started, self._troubles = True, 0.0, False, 0
        self._stirred, self._sent_at = False, 0.0
        self._leads = not self._database.url

    def run(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Work until told to stop, or until `alive`, asked every second, says no.

        Raises:
            SegueError: it cannot go on; another process can begin where this one stands.
        """
        for body in (self._follow, self._feel, self._scribble, *[self._carry] * _WORKERS):
            Thread(target=self._last, args=(body,), daemon=True).start()
        while not self._stop.is_set() and alive():
            self._hear(1.0)
            self._go_on()
        until = time.monotonic() + _FAREWELL
        self._unread, self._read_at = True, 0.0
        self._go_on()
        while self._sending and time.monotonic() < until:
            self._hear(0.1)
            self._go_on()
        if self._deaf:
            raise EnvironmentFault("one of its threads has ended")

    def _last(self, body: Callable[[], None]) -> None:
        """Without one of its threads this process is deaf or dumb and looks well: it ends instead."""
        try:
            body()
        finally:  # only an error of ours ends it
            self._deaf = True
            self.stop()

    def stop(self) -> None:
        """Come to an end; safe in a signal handler."""
        self._stop.set()
        self._inbox.put(None)

    # ------------------------------------------------------------------------------------------------------- deciding
    def _hear(self, patience: float) -> None:
        """Take in what has arrived."""
        try:
            heard = self._inbox.get(timeout=patience)
            while True:
                self._take(heard)
                heard = self._inbox.get_nowait()
        except Empty:
            return

    def _take(self, heard: _Result | _Pulse | None) -> None:
        match heard:
            case _Result():
                self._sending -= 1
                self._stirred = True
                self._settle(heard)
            case _Pulse():
                self._feel_pulse(heard)
            case None:
                self._unread = True

    def _settle(self, result: _Result) -> None:
        now, what = self._clock.now(), result.what
        if isinstance(what, Errand):
            if result.error is None:
                self._marks.put(self._courier.sent(what, now))
            else:
                self._say(f"an alert has not arrived at {what.target}: {result.error}")
                self._marks.put(self._courier.failed(what, now, result.error, for_good=result.for_good))
            return
        what.away, what.tries = False, what.tries + 1
        what.due = _ticks() + pause_after(what.tries)
        if result.error is not None:
            self._say(f"{what.letter.subject}: it has not arrived at {what.target}: {result.error}")
        if result.error is None or result.for_good or what.tries >= _MOST:
            self._calls.remove(what)

    def _feel_pulse(self, pulse: _Pulse) -> None:
        verdict = self._watchdog.look(_ticks(), alive=pulse.answers and pulse.led)
        self._leads = pulse.leads if pulse.answers or self._database.url else True
        if verdict:
            letter = distress_letter(verdict, str(self._settings.home), self._watchdog.patience, self._clock.now())
            self._say(letter.subject)
            self._calls.extend(_Call(letter, target, _ticks()) for target in self._routes.watchers())

    def _go_on(self) -> None:
        if self._unread and time.monotonic() - self._read_at >= _READ_AGAIN:
            self._read()
        ticks = _ticks()
        for call in [call for call in self._calls if not call.away and call.due <= ticks]:
            call.away = True
            self._hand_over(call, call.letter)
        if self._leads and self._courier.waiting and (self._stirred or time.monotonic() - self._sent_at >= _READ_AGAIN):
            self._stirred, self._sent_at = False, time.monotonic()
            errands, marks = self._courier.errands(self._clock.now(), self._silences())
            for errand in errands:
                self._hand_over(errand, self._letter(errand))
            for mark in marks:
                self._marks.put(mark)

    def _hand_over(self, what: Errand | _Call, letter: Letter) -> None:
        self._sending += 1
        self._work.put((what, letter))

    # -------------------------------------------------------------------------------------------------------- reading
    def _read(self) -> None:
        """Learn what is open; the first time also what was sent to some and not to others."""
        self._read_at = time.monotonic()
        try:
            if self._reader is None:
                if not self._database.exists():
                    return
                self._reader = self._database.reader()
                self._book = DagBook(self._reader)
            assert self._book is not None
            views = list(self._reader.alerts(open_only=True, limit=_MANY))
            if not self._started:
                views += self._reader.alerts(Instant(self._clock.now() - _LIFE), limit=_MANY)
            if views:
                self._book.refresh()
                self._courier.learn(views)
            self._started, self._unread, self._stirred, self._troubles = True, False, True, 0
        except SegueError as why:
            self._troubles += 1
            if self._troubles == _TROUBLES:  # before that its owner may only be making it
                self._say(f"the store cannot be read: {why}")

    def _spec_of(self, dag: str) -> Any:
        return None if self._book is None else self._book.spec_of(dag)

    def _silences(self) -> Sequence[Any]:
        return () if self._reader is None else self._reader.silences(self._clock.now())

    def _letter(self, errand: Errand) -> Letter:
        alert = errand.view.alert
        spec = self._spec_of(alert.dag)
        log = "" if alert.run is None or not alert.task else self._log(alert.run, alert.task)
        return letter_of(errand.view, zone="UTC" if spec is None else spec.timezone, log=log)

    def _log(self, run: RunKey, label: str) -> str:
        """Where the log of the newest attempt lies."""
        task, _, index = label.rstrip("]").partition("[")
        assert self._reader is not None
        attempts = self._reader.attempts(run, task, int(index) if index else None)
        return next((one.log for one in reversed(attempts) if one.log), "")

    # -------------------------------------------------------------------------------------------------------- waiting
    def _carry(self) -> None:
        """Send what is handed over."""
        while True:
            what, letter = self._work.get()
            try:
                channel = self._routes.channel(what.target)
                deliver(channel, letter, self._outbound, self._reveal, self._clock.now())
                result = _Result(what, None)
            except Forbidden as why:
                result = _Result(what, str(why), for_good=True)
            except (SegueError, OSError, ValueError) as why:  # it has not arrived, or its secret cannot be had
                result = _Result(what, str(why))
            self._inbox.put(result)

    def _follow(self) -> None:
        """Hear of every commit."""
        while True:
            try:
                with self._client() as client:
                    commits = client.commits()
                    self._inbox.put(None)  # of what was committed before it listened nobody tells it
                    for _ in commits:
                        self._inbox.put(None)
            except OwnerGone:
                pass
            self._inbox.put(None)
            time.sleep(1.0)

    def _feel(self) -> None:
        """Look whether the loop takes turns: its answers are given in one."""
        while True:
            try:
                with self._client() as client:
                    health = client.health()
                leads = bool(health.get("leading", True))
                self._inbox.put(_Pulse(True, leads, leads or bool(health.get("leader"))))
            except OwnerGone:
                self._inbox.put(_Pulse(False, False, False))
            time.sleep(self._pulse_every)

    def _scribble(self) -> None:
        """Have written down what has become of alerts, however long it takes until somebody can."""
        while True:
            mark = self._marks.get()
            request = Request(secrets.token_hex(8), "alerts", mark)
            while True:
                try:
                    with self._client() as client:
                        client.ask(request)
                    break
                except OwnerGone:
                    time.sleep(1.0)

    def _client(self) -> ControlClient:
        path = self._home.socket()
        if path is None:
            raise OwnerGone("nobody owns this home")
        return ControlClient(path, 2 * self._pulse_every)


def _ticks() -> int:
    return time.monotonic_ns() // 1_000


def main(words: Sequence[str]) -> int:
    """Send alerts until TERM, or until the process whose number is the first word is no more our parent."""
    parent = int(words[0]) if words else None
    try:
        settings = settings_here()
        journal.configure("tell", settings.logs, settings.keys.log_format, settings.keys.log_level, sys.stderr)
        teller = Teller(settings, _say)
    except UsageError as why:
        _say(str(why))
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: teller.stop())
    try:
        teller.run(lambda: parent is None or os.getppid() == parent)
    except SegueError as why:
        _say(str(why))
        return 3
    return 0


def _say(text: str) -> None:
    journal.say(f"segue alerts: {text}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
