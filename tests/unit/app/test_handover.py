from collections.abc import Iterable, Sequence

from segue.app.handover import TAKEN_AS_LOST, Handover
from segue.model.commands import Adopt, Command, Kill
from segue.model.contracts import Inbox
from segue.model.events import Event
from segue.model.ids import AttemptKey, RunKey
from segue.run.control import ControlServer

KEY = AttemptKey(RunKey("d", "k", 1), "t", None, 1)
ADOPT, KILL = Adopt(KEY, b"f"), Kill(KEY, b"f")


class Executor:
    def __init__(self) -> None:
        self.done: list[Command] = []
        self.waited: list[float | None] = []

    def do(self, commands: Iterable[Command]) -> None:
        self.done += commands

    def poll(self) -> Sequence[Event]:
        return ()

    def ack(self, events: Iterable[Event]) -> None: ...

    def barrier(self) -> None: ...

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        self.waited.append(seconds)

    def close(self) -> None: ...


class World:
    def __init__(self) -> None:
        self.at = 0.0
        self.executor = Executor()
        self.handover = Handover(self.executor, lambda: self.at)


def test_who_leads_alone_waits_for_nothing():
    world = World()
    world.handover.do([ADOPT, KILL])
    assert world.executor.done == [ADOPT, KILL]


def test_what_ran_under_another_leader_is_asked_for_when_it_must_be_gone():
    world = World()
    world.handover.heard()
    world.handover.do([ADOPT, KILL])
    world.handover.poll()
    assert world.executor.done == [KILL]
    world.at = TAKEN_AS_LOST
    world.handover.poll()
    world.handover.poll()
    assert world.executor.done == [KILL, ADOPT]


def test_it_wakes_up_in_time():
    world = World()
    inbox = ControlServer(None, lambda look: None)
    world.handover.heard()
    world.handover.wait(None, inbox)
    world.handover.do([ADOPT])
    world.handover.wait(None, inbox)
    world.handover.wait(1.0, inbox)
    world.handover.wait(100.0, inbox)
    inbox.close()
    assert world.executor.waited == [None, TAKEN_AS_LOST, 1.0, TAKEN_AS_LOST]


def test_what_was_held_for_an_engine_that_is_gone_is_forgotten():
    world = World()
    world.handover.heard()
    world.handover.do([ADOPT])
    world.handover.barrier()
    world.at = TAKEN_AS_LOST
    world.handover.poll()
    assert world.executor.done == []
