"""How processes are: turns of the loop, what workers use, and what of it comes through the owner's socket."""

import os
import subprocess
import sys

import msgspec

from segue.app.handover import Handover
from segue.app.health import health_of
from segue.app.machine import HostMachine
from segue.app.turns import TurnTimes
from segue.model.ids import Instant
from segue.show.vitals import Hand, Turns

BUSY = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Executor:
    def do(self, commands):
        self.did = list(commands)

    def poll(self):
        return ()


def test_a_turn_lasts_from_its_first_look_to_its_last_command():
    clock, handover = Clock(), Handover(Executor())
    handover.turns = turns = TurnTimes(clock)
    handover.do(())  # what is outstanding is carried out before the first turn
    for seconds in (0.0005, 0.003, 0.003, 7.0):
        handover.poll()
        clock.at += seconds
        handover.do(())
        clock.at += 100  # of rest
    handover.poll()  # a commit failed, and everything comes again
    clock.at += 50
    handover.poll()
    clock.at += 0.003
    handover.do(())
    said = turns.said()
    assert sum(said["counts"]) == 5 and round(said["total"], 4) == 7.0095
    told = dict(zip((*said["bounds"], "more"), said["counts"], strict=True))
    assert (told[0.0005], told[0.005], told["more"]) == (1, 3, 1)


def test_health_comes_through_the_socket_whole():
    said = {
        "pid": 7, "kind": "up", "runs": None, "alive": 2, "draining": False, "leading": True, "leader": "", "turn": 5,
        "workers": 4, "ready": 3, "turns": {"bounds": (0.1,), "counts": [1, 2], "total": 0.5},
        "crew": [(11, "", "d@x/a#1", 0), (12, "finance", "", 0)],
    }  # fmt: skip
    health = health_of(msgspec.msgpack.decode(msgspec.msgpack.encode(said)), Instant(9))
    assert (health.leads, health.place, health.detail) == (True, "segue up, process 7", "")
    assert (health.turned_at, health.workers, health.alive, health.ready) == (5, 4, 2, 3)
    assert health.turns == Turns((0.1,), (1, 2), 0.5)
    assert health.crew == (Hand(11, "", "d@x/a#1"), Hand(12, "finance"))


def test_an_owner_in_the_foreground_says_less_and_one_that_stands_by_says_who_leads():
    health = health_of({"pid": 7, "kind": "run", "runs": []}, Instant(9))
    assert health.leads and health.turned_at == 9 and health.crew == ()
    assert not health_of({"leading": False}, Instant(9)).leads
    assert "far away leads" in health_of({"leading": False, "leader": "far away"}, Instant(9)).detail
    assert "drained" in health_of({"draining": True}, Instant(9)).detail


def test_what_a_process_and_its_children_use_is_measured():
    nested = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])"
    with subprocess.Popen([sys.executable, "-c", nested], start_new_session=True) as busy:
        try:
            clock = Clock()
            clock.at = 1000.0
            machine = HostMachine(clock)
            machine.usage([busy.pid])
            while True:
                clock.at += 1.0
                found = machine.usage([busy.pid, 2**22 + 1])
                assert list(found) == [busy.pid]
                if found[busy.pid].cpu > 0:
                    break
            assert found[busy.pid].memory > 5_000_000
            clock.at += 0.5
            assert machine.usage([busy.pid]) == found, "so soon it does not go through all processes again"
            assert list(machine.usage([busy.pid, os.getpid()])) == [busy.pid, os.getpid()]
        finally:
            os.killpg(busy.pid, 9)
    clock.at += 1.0
    assert machine.usage([busy.pid]) == {}
