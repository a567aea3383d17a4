"""An executor whose attempts follow a script, and which is as unhelpful as the contract allows.

It runs nothing: an attempt is a few happenings on the timeline. It checks what it is told, because it alone sees
whether two attempts of a task would live at once, or code would run before its row says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from segue.model.changes import Adopt, Answer, Cancel, Command, Given, Kill, Launch, Missing
from segue.model.contracts import Inbox
from segue.model.events import (
    OWN_CAUSES,
    Asked,
    Cancelled,
    Capacity,
    Ended,
    Event,
    Failure,
    Lost,
    LostCause,
    MayStart,
    Outcome,
    Started,
    Value,
)
from segue.model.ids import AttemptKey, Instant, TaskKey, fence_of
from segue.model.state import FINAL, AttemptState
from segue.testing.world.inbox import ScriptedInbox
from segue.testing.world.ledger import Ledger, RunRecord, Violation
from segue.testing.world.oracle import ruling
from segue.testing.world.plan import Fault, Plan
from segue.testing.world.script import SECOND, Script
from segue.testing.world.timeline import Timeline

__all__ = ["ScriptedExecutor"]

_LAZY = 20_000
_PLATFORM_BUDGET = 3


@dataclass(slots=True)
class _Process:
    """One attempt's process."""

    launch: Launch
    draw: Random
    state: Literal["starting", "asking", "running", "gone"] = "starting"
    began: Instant | None = None
    stopping: bool = False


class ScriptedExecutor:
    """Plays attempts on a timeline.

    Args:
        plan: which faults are on.
        script: what happens to each attempt.
        timeline: the world's.
        ledger: what is committed, for the checks.
        fence_key: of the store.
        inbox: what else a waiting owner is woken by.

    Attributes:
        spoken: what attempts really said; whatever else is accepted was made up.
        idle: the owner waits without end, and nothing will happen any more by itself.
    """

    def __init__(
        self, plan: Plan, script: Script, timeline: Timeline, ledger: Ledger, fence_key: bytes, inbox: ScriptedInbox
    ) -> None:
        self._inbox = inbox
        self._plan, self._script, self._timeline, self._ledger = plan, script, timeline, ledger
        self._fence_key = fence_key
        self._rng = script.rng("executor")
        self._out: list[Event] = []
        self._on_the_way: list[Event] = []
        self._processes: dict[AttemptKey, _Process] = {}
        self._over: set[AttemptKey] = set()
        self._lost: dict[tuple[TaskKey, int, bool], int] = {}
        self._workers = self._most = plan.workers
        self._depth = plan.depth
        self.idle = False
        self.spoken: dict[AttemptKey, list[Event]] = {}
        self.trace: list[tuple[Instant, str]] = []

    # ---------------------------------------------------------------------------------------------------- contract
    def do(self, commands: Iterable[Command]) -> None:
        """Carry commands out."""
        for command in commands:
            match command:
                case Launch():
                    self._launch(command)
                case Adopt():
                    self._adopt(command)
                case Cancel():
                    self._stop(command.key, self._rng.choice((0, SECOND, 10 * SECOND)))
                case Kill():
                    self._stop(command.key, 0)
                case Answer():
                    self._answer(command)

    def poll(self) -> Sequence[Event]:
        """All that was not acknowledged."""
        return list(self._out)

    def ack(self, events: Iterable[Event]) -> None:
        """Forget them; with duplication on, some come again later."""
        gone = {id(event): event for event in events}
        self._out = [event for event in self._out if id(event) not in gone]
        if Fault.DUPLICATE in self._plan.faults:
            for event in gone.values():
                if not isinstance(event, Capacity) and self._rng.random() < 0.1:
                    self._timeline.after(self._rng.randrange(60 * SECOND), lambda again=event: self._out.append(again))  # type: ignore[misc]

    def barrier(self) -> None:
        """A new owner begins: it has to be told the capacity."""
        self._tell_capacity()

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """Let time pass until there is something to poll, or for so long."""
        timeline = self._timeline
        self.idle = False
        end = None if seconds is None else timeline.now() + max(1, round(seconds * SECOND))
        while not self._out and not self._inbox.news:
            if timeline.next is None or (end is not None and timeline.next > end):
                break
            timeline.advance()
        else:
            return
        if end is not None:
            timeline.until(end)
        else:
            self.idle = True

    def close(self) -> None:
        """Nothing is held."""

    # ------------------------------------------------------------------------------------------------------- world
    @property
    def busy(self) -> bool:
        """Some attempt has not ended, or some word of one was not heard."""
        return (
            bool(self._out)
            or bool(self._on_the_way)
            or any(process.state != "gone" for process in self._processes.values())
        )

    @property
    def workers(self) -> int:
        """How many attempts may run at once now."""
        return self._workers

    @property
    def room(self) -> int:
        """The most attempts that were ever allowed at once."""
        return self._most * (1 + self._depth)

    def owner_died(self) -> None:
        """What the owner's death does to its attempts."""
        if Fault.SURVIVE in self._plan.faults:
            return
        for process in self._processes.values():
            process.state = "gone"
        self._processes.clear()
        spooled = Fault.SPOOLED in self._plan.faults
        self._out = [event for event in self._out if spooled and isinstance(event, Ended | Lost)]
        self._on_the_way = [event for event in self._on_the_way if spooled and isinstance(event, Ended | Lost)]
        self._over = {
            event.key for event in (*self._out, *self._on_the_way)
            if isinstance(event, Ended | Lost) and event in self.spoken.get(event.key, ())
        }  # fmt: skip

    def change_capacity(self, workers: int) -> None:
        """Workers come or go; what runs goes on."""
        self._workers = workers
        self._most = max(self._most, workers)
        self._tell_capacity()

    def _tell_capacity(self) -> None:
        self._out = [event for event in self._out if not isinstance(event, Capacity)]
        self._out.append(Capacity(self._workers, self._depth))

    # ---------------------------------------------------------------------------------------------------- attempts
    def _launch(self, launch: Launch) -> None:
        key = launch.key
        if key in self._processes or key in self._over:
            return
        self._check_launch(launch)
        process = _Process(launch, self._script.rng("process", key, self._ledger.commits))
        self._processes[key] = process
        self.trace.append((self._timeline.now(), f"launch {key}"))
        self._timeline.after(process.draw.randrange(1, 30_000), lambda: self._begin(process))

    def _check_launch(self, launch: Launch) -> None:
        key = launch.key
        run = self._ledger.runs.get(key.run)
        record = run.attempts.get(key) if run is not None else None
        if run is None or record is None or record.state is not AttemptState.QUEUED:
            raise Violation("commit, then act", f"{key} is launched, its row says {record and record.state}")
        if run.cancel_at is not None:
            raise Violation("I15", f"{key} is launched after its run was cancelled")
        if launch.fence != fence_of(key, self._fence_key):
            raise Violation("I3", f"{key} is launched with a wrong fence")
        if launch.task != run.specs.get(key.task):
            raise Violation("I17", f"{key} is launched with another version's task")
        task = run.task(key.task, key.index)
        if (launch.tries, launch.round) != (task.tries, task.round):
            raise Violation(
                "I6", f"{key} is told {launch.tries} failures of round {launch.round}, not {task.tries} of {task.round}"
            )
        if ruling(run, launch.task) != (True, None):
            raise Violation("I1", f"{key} is launched, and its rule does not hold")
        self._check_inputs(launch, run)
        for other in self._processes.values():
            if other.state != "gone" and other.launch.key.of == key.of:
                raise Violation("I2", f"{key} is launched while {other.launch.key} lives")

    def _check_inputs(self, launch: Launch, run: RunRecord) -> None:
        key = launch.key
        if len(launch.inputs) != len(launch.task.data):
            raise Violation("I1", f"{key} is given {len(launch.inputs)} inputs for {len(launch.task.data)} arguments")
        for name, given in zip(launch.task.data, launch.inputs, strict=True):
            up = run.task(name, None)
            if isinstance(given, Given) and up.expanded is None and given.value != up.result:
                raise Violation("I1", f"{key} is given {given.value} of {name}, which is {up.result}")
            if isinstance(given, Missing) and given.state in FINAL and given.state is not up.state:
                raise Violation("I1", f"{key} is told that {name} is {given.state}, it is {up.state}")

    def _begin(self, process: _Process) -> None:
        if process.state != "starting":
            return
        if self._dies_early(process):
            return
        if process.launch.task.rules.idempotent:
            self._run(process)
            return
        process.state = "asking"
        self._say(Asked(process.launch.key, process.launch.fence, self._timeline.now(), 1, MayStart()))

    def _answer(self, answer: Answer) -> None:
        process = self._processes.get(answer.key)
        if process is None or process.state != "asking":
            return
        if not answer.yes:
            self._end(process, Cancelled(begun=False))
            return
        record = self._ledger.runs[answer.key.run].attempts[answer.key]
        if record.state is not AttemptState.RUNNING:
            raise Violation("commit, then act", f"{answer.key} may start, its row says {record.state}")
        self._run(process)

    def _run(self, process: _Process) -> None:
        launch, timeline = process.launch, self._timeline
        process.state, process.began = "running", timeline.now()
        self.trace.append((timeline.now(), f"begin {launch.key}"))
        ending = self._script.ending(launch.key.of, launch.task, launch.round, launch.tries)
        hangs = isinstance(ending, Failure) and ending.kind == "timeout"
        length = self._script.duration(launch.key, launch.task.rules.timeout, hangs)
        if length > _LAZY:
            timeline.after(_LAZY, lambda: self._say_started(process))
        cause = ending if isinstance(ending, LostCause) else self._accident(process)
        if not isinstance(ending, LostCause) and Fault.FORGED in self._plan.faults and process.draw.random() < 0.2:
            timeline.after(process.draw.randrange(length * 2), lambda: self._forge(launch))
        if cause is not None:
            timeline.after(process.draw.randrange(length), lambda: self._lose(process, cause, ending))
        elif not isinstance(ending, LostCause):
            timeline.after(length, lambda: self._end(process, ending))

    def _accident(self, process: _Process) -> LostCause | None:
        """Whether this attempt dies without a word, within what its task can bear in this round."""
        if Fault.LOST not in self._plan.faults or process.draw.random() >= self._script.odds.lost:
            return None
        launch = process.launch
        cause = process.draw.choice([cause for cause in LostCause if cause is not LostCause.OWNER])
        own = cause in OWN_CAUSES
        budget = self._script.loss_budget(launch.key.of, launch.task, launch.round) if own else _PLATFORM_BUDGET
        place = launch.key.of, launch.round, own
        if self._lost.get(place, 0) >= budget and (self._plan.exact or process.draw.random() < 0.5):
            return None
        self._lost[place] = self._lost.get(place, 0) + 1
        return cause

    def _dies_early(self, process: _Process) -> bool:
        cause = self._accident(process) if process.draw.random() < 0.3 else None
        if cause is None:
            return False
        self._lose(process, cause, cause)
        return True

    def _say_started(self, process: _Process) -> None:
        if process.state == "running" and process.began is not None:
            self._say(Started(process.launch.key, process.launch.fence, process.began, "w1"))

    def _end(self, process: _Process, outcome: Outcome) -> None:
        if process.state == "gone":
            return
        process.state = "gone"
        key = process.launch.key
        self._over.add(key)
        self._say(Ended(key, process.launch.fence, process.began, self._timeline.now(), outcome))

    def _lose(self, process: _Process, cause: LostCause, ending: Outcome | LostCause) -> None:
        if process.state == "gone":
            return
        process.state = "gone"
        launch, now = process.launch, self._timeline.now()
        self._over.add(launch.key)
        signal = 9 if cause in (LostCause.SIGNAL, LostCause.MEMORY) else None
        code = 0 if cause is LostCause.EXIT else None
        self._say(Lost(launch.key, launch.fence, process.began, now, cause, signal, code))
        if not isinstance(ending, LostCause) and Fault.LATE in self._plan.faults and process.draw.random() < 0.5:
            late = Ended(launch.key, launch.fence, process.began, now, ending)
            self.spoken[launch.key].append(late)
            self._send_later(late, process.draw.randrange(60 * SECOND))

    def _forge(self, launch: Launch) -> None:
        now, wrong = self._timeline.now(), b"\0" * 16
        self._out.append(
            self._rng.choice(
                (
                    Ended(launch.key, wrong, now, now, Value(inline=b"forged")),
                    Lost(launch.key, wrong, now, now, LostCause.SIGNAL, 9),
                    Started(launch.key, wrong, now),
                )
            )
        )

    def _stop(self, key: AttemptKey, grace: int) -> None:
        process = self._processes.get(key)
        if process is None:
            if key not in self._over:
                begun = self._ledger.runs[key.run].attempts[key].began is not None
                fence, now = fence_of(key, self._fence_key), self._timeline.now()
                self._over.add(key)
                self._say(Ended(key, fence, None, now, Cancelled(begun)))
            return
        if process.state != "running":
            self._end(process, Cancelled(begun=False))
        elif not process.stopping or not grace:
            process.stopping = True
            luck = process.draw.random()
            self._timeline.after(
                process.draw.randrange(grace + 1),
                lambda: (
                    self._end(process, Cancelled())
                    if luck < 0.7
                    else self._lose(process, LostCause.SIGNAL, LostCause.SIGNAL)
                ),
            )

    def _adopt(self, adopt: Adopt) -> None:
        process = self._processes.get(adopt.key)
        if process is None:
            if adopt.key not in self._over:
                now = self._timeline.now()
                self._over.add(adopt.key)
                self._say(Lost(adopt.key, adopt.fence, now, now, LostCause.OWNER))
        elif process.state == "asking":
            self._say(Asked(adopt.key, adopt.fence, self._timeline.now(), 1, MayStart()))

    # ------------------------------------------------------------------------------------------------------- words
    def _say(self, event: Started | Ended | Lost | Asked) -> None:
        self.spoken.setdefault(event.key, []).append(event)
        faults = self._plan.faults
        if Fault.WITHHELD in faults and self._rng.random() < 0.2:
            self._send_later(event, self._rng.randrange(20 * SECOND))
        elif Fault.REORDER in faults and self._out and self._rng.random() < 0.4:
            self._out.insert(self._rng.randrange(len(self._out)), event)
        else:
            self._out.append(event)

    def _send_later(self, event: Event, delay: int) -> None:
        def arrive() -> None:
            if any(event is one for one in self._on_the_way):
                self._on_the_way = [one for one in self._on_the_way if one is not event]
                self._out.append(event)

        self._on_the_way.append(event)
        self._timeline.after(delay, arrive)
