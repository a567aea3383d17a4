"""An executor whose attempts follow a script, and which is as unhelpful as the contract allows.

It runs nothing: an attempt is a few happenings on the timeline. It checks what it is told, because it alone sees
whether two attempts of a task would live at once, or code would run before its row says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from segue.model.commands import Adopt, Answer, Cancel, Command, Kill, Launch
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
    StateSet,
    Usage,
    Value,
)
from segue.model.ids import AttemptKey, RunKey, fence_of
from segue.model.masking import Veil
from segue.model.state import AttemptState
from segue.testing.world.floor import Floor, Process, chatty
from segue.testing.world.inbox import ScriptedInbox
from segue.testing.world.launching import check_launch, fate_of
from segue.testing.world.ledger import Ledger, Violation
from segue.testing.world.mail import Mail
from segue.testing.world.plan import Fault, Plan
from segue.testing.world.script import CANARY, SECOND, Script
from segue.testing.world.timeline import Timeline

__all__ = ["ScriptedExecutor"]

_LAZY = 20_000
_PLATFORM_BUDGET = 3
Word: TypeAlias = Started | Ended | Lost | Asked


class ScriptedExecutor:
    """Plays attempts on a timeline.

    Args:
        plan: which faults are on.
        script: what happens to each attempt.
        timeline: the world's.
        ledger: what is committed, for the checks.
        fence_key: of the store.
        inbox: what else a waiting owner is woken by.
        floor: what it shares with those of other owners.

    Attributes:
        idle: the owner waits without end, and nothing will happen any more by itself.
    """

    def __init__(
        self, plan: Plan, script: Script, timeline: Timeline, ledger: Ledger, fence_key: bytes, inbox: ScriptedInbox,
        floor: Floor,
    ) -> None:  # fmt: skip
        self._inbox, self.floor = inbox, floor
        floor.executors.append(self)
        self._plan, self._script, self._timeline, self._ledger = plan, script, timeline, ledger
        self._fence_key = fence_key
        self._rng = script.rng("executor", *range(1, len(floor.executors)))
        self._mail = Mail(plan.faults, self._rng, timeline)
        self._processes: dict[AttemptKey, Process] = {}
        self._over: set[AttemptKey] = set()
        self._workers = self._most = self._heard = plan.workers
        self._depth = plan.depth
        self.idle = False
        self._veil = Veil()
        self._veil.learn([CANARY])

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
        self._heard = next((one.workers for one in self._mail.out if isinstance(one, Capacity)), self._heard)
        return list(self._mail.out)

    def ack(self, events: Iterable[Event]) -> None:
        """Forget them."""
        self._mail.forget(events)

    def barrier(self) -> None:
        """A new owner begins: it has to be told the capacity. Workers of the other, which has lost the lease, die."""
        for other in self.floor.executors:
            if other is not self:
                other.fence_off()
        self.idle = False
        self._tell_capacity()

    def fence_off(self) -> None:
        """Its owner does not lead any more: its workers are killed; what they said before may still be heard."""
        for process in self._processes.values():
            process.state = "gone"
        self._processes.clear()

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """Let time pass until there is something to poll, or for so long."""
        timeline = self._timeline
        self.idle = False
        end = None if seconds is None else timeline.now() + max(1, round(seconds * SECOND))
        while not self._mail.out and not self._inbox.news:
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
        return any(True for _ in self._mail) or any(process.state != "gone" for process in self._processes.values())

    @property
    def heard(self) -> bool:
        """There is something to poll."""
        return bool(self._mail.out) or self._inbox.news

    @property
    def workers(self) -> int:
        """How many attempts may run at once, as far as the owner has heard."""
        return self._heard

    @property
    def most(self) -> int:
        """The workers that there always are, 0 where they come and go."""
        return 0 if Fault.CAPACITY in self._plan.faults else self._most

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
        self._mail.keep(lambda event: spooled and isinstance(event, Ended | Lost))
        self._over = {
            event.key for event in self._mail
            if isinstance(event, Ended | Lost) and event in self.floor.spoken.get(event.key, ())
        }  # fmt: skip

    def forget(self, runs: Collection[RunKey]) -> None:
        """What is called like these from now on is something else."""
        self._over = {key for key in self._over if key.run not in runs}
        self._processes = {key: one for key, one in self._processes.items() if key.run not in runs}

    def change_capacity(self, workers: int) -> None:
        """Workers come or go; what runs goes on."""
        self._workers, self._most = workers, max(self._most, workers)
        self._tell_capacity()

    def _tell_capacity(self) -> None:
        self._mail.out = [event for event in self._mail.out if not isinstance(event, Capacity)]
        self._mail.out.append(Capacity(self._workers, self._depth))

    # ---------------------------------------------------------------------------------------------------- attempts
    def _launch(self, launch: Launch) -> None:
        key = launch.key
        if key in self._processes or key in self._over:
            self._ask_again(self._processes.get(key))
            return
        check_launch(launch, self._ledger, self._fence_key)
        for other in (other for executor in self.floor.executors for other in executor.living()):
            if other.of == key.of:
                raise Violation("I2", f"{key} is launched while {other} lives")
        process = Process(launch, self._script.rng("process", key, self._ledger.commits))
        self._processes[key] = process
        self.floor.trace.append((self._timeline.now(), f"launch {key}"))
        self._timeline.after(process.draw.randrange(1, 30_000), lambda: self._begin(process))

    def living(self) -> list[AttemptKey]:
        """Attempts that have not ended."""
        return [key for key, process in self._processes.items() if process.state != "gone"]

    def _begin(self, process: Process) -> None:
        if process.state != "starting":
            return
        if self._dies_early(process):
            return
        if process.launch.task.rules.idempotent:
            self._run(process)
            return
        process.state = "asking"
        self._ask(process)

    def _answer(self, answer: Answer) -> None:
        process = self._processes.get(answer.key)
        if process is None:
            return
        if answer.seq > 1:
            self._kept(process, answer)
            return
        if process.state != "asking":
            return
        if not answer.yes:
            self._end(process, Cancelled(begun=False))
            return
        record = self._ledger.runs[answer.key.run].attempts[answer.key]
        if record.state is not AttemptState.RUNNING:
            raise Violation("commit, then act", f"{answer.key} may start, its row says {record.state}")
        self._run(process)

    def _run(self, process: Process) -> None:
        launch, timeline = process.launch, self._timeline
        process.state, process.began = "running", timeline.now()
        self.floor.trace.append((timeline.now(), f"begin {launch.key}"))
        ending = fate_of(launch, self._ledger, self._script)
        hangs = isinstance(ending, Failure) and ending.kind == "timeout"
        length = self._script.duration(launch.key, launch.task.rules.timeout, hangs)
        if length > _LAZY:
            timeline.after(_LAZY, lambda: self._say_started(process))
        cause = ending if isinstance(ending, LostCause) else self._accident(process)
        if not isinstance(ending, LostCause) and Fault.FORGED in self._plan.faults and process.draw.random() < 0.2:
            timeline.after(process.draw.randrange(length * 2), lambda: self._forge(launch))
        if launch.kind != "publish" and not hangs and not launch.key.task.startswith("!"):
            process.wishes = [StateSet(name, value) for name, value in self._script.keeps(launch.key)]
            timeline.after(length // 4, lambda: self._keep(process))
        if cause is not None:
            timeline.after(process.draw.randrange(length), lambda: self._lose(process, cause, ending))
        elif not isinstance(ending, LostCause):
            timeline.after(length, lambda: self._end(process, ending))

    def _keep(self, process: Process) -> None:
        """Ask for the next small value to be kept; the one after that is asked for when this one is answered."""
        if process.wishes and process.state == "running" and not process.stopping and process.ending is None:
            process.seq += 1
            process.asks = process.wishes.pop(0)
            self._ask(process)

    def _ask(self, process: Process) -> None:
        launch, what = process.launch, process.asks or MayStart()
        self._say(Asked(launch.key, launch.fence, self._timeline.now(), process.seq, what))

    def _ask_again(self, process: Process | None) -> None:
        """The owner to whom this was said may have died before it answered."""
        if process is None or process.asks is None:
            return
        said = (one for one in self._mail if isinstance(one, Asked))
        if not any((one.key, one.seq) == (process.launch.key, process.seq) for one in said):
            self._ask(process)

    def _kept(self, process: Process, answer: Answer) -> None:
        what, key = process.asks, answer.key
        if what is None or answer.seq != process.seq or process.state == "gone":
            return
        process.asks = None
        kept = self._ledger.runs[key.run].kept.get((key.task.partition("!")[0], key.index), {})
        if answer.yes and kept.get(what.name) != what.value:
            raise Violation("commit, then act", f"{key} is told that {what} is kept, the store has {kept}")
        if not answer.yes and not process.stopping:
            raise Violation("STATE", f"{key} is alive and may not keep {what}")
        if process.ending is not None:
            self._end(process, process.ending)
        else:
            self._keep(process)

    def _accident(self, process: Process) -> LostCause | None:
        """Whether this attempt dies without a word, within what its task can bear in this round."""
        if Fault.LOST not in self._plan.faults or process.draw.random() >= self._script.odds.lost:
            return None
        launch = process.launch
        cause = process.draw.choice([cause for cause in LostCause if cause is not LostCause.OWNER])
        own = cause in OWN_CAUSES
        ours = own and launch.kind == "user"
        budget = self._script.loss_budget(launch.key.of, launch.task, launch.round) if ours else _PLATFORM_BUDGET
        place = launch.key.of, launch.round, ours
        if self.floor.lost[place] >= budget and (self._plan.exact or process.draw.random() < 0.5):
            return None
        self.floor.lost[place] += 1
        return cause

    def _dies_early(self, process: Process) -> bool:
        cause = self._accident(process) if process.draw.random() < 0.3 else None
        if cause is None:
            return False
        self._lose(process, cause, cause)
        return True

    def _say_started(self, process: Process) -> None:
        if process.state == "running" and process.began is not None:
            self._say(Started(process.launch.key, process.launch.fence, process.began, "w1"))

    def _end(self, process: Process, outcome: Outcome) -> None:
        if process.state == "gone":
            return
        if process.asks and not isinstance(outcome, Cancelled):
            process.ending = outcome  # it blocks until its question is answered
            return
        process.state = "gone"
        launch, now = process.launch, self._timeline.now()
        self._over.add(launch.key)
        usage = Usage()
        if launch.task.rules.secrets:
            outcome, usage = chatty(outcome), Usage(notes=(f"it used {CANARY}",))
        said = self.floor.hide(Ended(launch.key, launch.fence, process.began, now, outcome, usage), self._veil)
        assert isinstance(said, Ended)
        self.floor.publish(launch, said.outcome)
        self._say(said)

    def _lose(self, process: Process, cause: LostCause, ending: Outcome | LostCause) -> None:
        if process.state == "gone":
            return
        process.state = "gone"
        launch, now = process.launch, self._timeline.now()
        self._over.add(launch.key)
        signal, code = 9 if cause in (LostCause.SIGNAL, LostCause.MEMORY) else None, 0 if cause == "exit" else None
        self._say(Lost(launch.key, launch.fence, process.began, now, cause, signal, code))
        if not isinstance(ending, LostCause) and Fault.LATE in self._plan.faults and process.draw.random() < 0.5:
            late = self.floor.hide(Ended(launch.key, launch.fence, process.began, now, ending), self._veil)
            self.floor.spoken[launch.key].append(late)
            self.floor.publish(launch, ending)
            self._mail.put_later(late, process.draw.randrange(60 * SECOND))

    def _forge(self, launch: Launch) -> None:
        now, wrong = self._timeline.now(), b"\0" * 16
        lies: tuple[Word, ...] = (
            Ended(launch.key, wrong, now, now, Value(inline=b"forged")),
            Lost(launch.key, wrong, now, now, LostCause.SIGNAL, 9),
            Started(launch.key, wrong, now),
        )
        self._mail.out.append(self._rng.choice(lies))

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
            self._timeline.after(process.draw.randrange(grace + 1), lambda: self._stopped(process, luck))

    def _stopped(self, process: Process, luck: float) -> None:
        if luck < 0.7:
            self._end(process, Cancelled())
        else:
            self._lose(process, LostCause.SIGNAL, LostCause.SIGNAL)

    def _adopt(self, adopt: Adopt) -> None:
        process = self._processes.get(adopt.key)
        if process is None:
            if adopt.key not in self._over:
                now = self._timeline.now()
                self._over.add(adopt.key)
                self._say(Lost(adopt.key, adopt.fence, now, now, LostCause.OWNER))
        elif process.state == "asking":
            self._ask(process)
        else:
            self._ask_again(process)

    # ------------------------------------------------------------------------------------------------------- words
    def _say(self, event: Word) -> None:
        self.floor.spoken.setdefault(event.key, []).append(event)
        self._mail.put(event)
