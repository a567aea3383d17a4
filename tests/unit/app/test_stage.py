"""Workers that run nothing, on a clock that jumps."""

import msgspec
import pytest

from segue.app.stage import Actor, StageClock, StageExecutor, StageInbox
from segue.engine.cast import SECOND, Cast, Fate, Faults
from segue.model.acts import PauseDags
from segue.model.changes import Answered
from segue.model.commands import Brief, Cancel, Launch
from segue.model.events import Cancelled, Capacity, Ended, Request, Started, Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.spec import DagSpec, TaskSpec
from segue.run.executors.logfile import log_path

RUN = RunKey("d", "k", 1)
SPEC = DagSpec("d", (TaskSpec("a"), TaskSpec("b", after=("a",))))
UNTIL = Instant(100 * SECOND)


class Stage:
    """Every attempt lasts ten seconds, a run thirty."""

    def __init__(self, folder, now=0, workers=2):
        self.clock, self.folder = StageClock(Instant(now * SECOND)), folder
        cast = Cast(SPEC, {"a": [10 * SECOND], "b": [10 * SECOND]}, Fate(UNTIL, 7, Faults(), True, 1, Value()))
        actors = {"d": Actor(cast, 30 * SECOND)}
        self.executor, self.inbox = StageExecutor(self.clock, actors, workers, UNTIL, 7, folder), StageInbox(self.clock)
        self.executor.ack(self.executor.poll())

    def launch(self, task="a", number=1):
        of = next(one for one in SPEC.tasks if one.id == task)
        made = Launch(AttemptKey(RUN, task, None, number), b"fence", Brief(RUN, "b", "dags.py", "", "UTC"), of)
        self.executor.do([made])
        return made.key

    def turn(self):
        """What is said next, after as long as that takes."""
        self.executor.wait(None, self.inbox)
        said = list(self.executor.poll())
        self.executor.ack(said)
        return said

    def log(self, key):
        return [msgspec.json.decode(line)["msg"] for line in (self.folder / log_path(key)).read_bytes().splitlines()]


def test_an_attempt_begins_a_moment_after_its_launch_and_ends_when_its_time_is_over(tmp_path):
    stage = Stage(tmp_path)
    stage.launch()
    (started,), (ended,) = stage.turn(), stage.turn()
    assert isinstance(started, Started) and isinstance(ended, Ended)
    assert (started.at, ended.at - started.at, stage.clock.now()) == (3_000, 10 * SECOND, ended.at)
    assert stage.executor.attempts == 1


def test_what_is_not_acknowledged_is_said_again(tmp_path):
    executor = StageExecutor(StageClock(Instant(0)), {}, 3, UNTIL, 7, tmp_path)
    assert executor.poll() == executor.poll() == [Capacity(3)]


def test_what_is_stopped_before_its_code_began_never_began(tmp_path):
    stage = Stage(tmp_path)
    key = stage.launch()
    stage.executor.do([Cancel(key)])
    (ended,) = stage.turn()
    assert (ended.started, ended.at, ended.outcome) == (None, 0, Cancelled(False))


def test_what_is_stopped_amid_its_code_ends_then_and_does_not_end_again(tmp_path):
    stage = Stage(tmp_path)
    key = stage.launch()
    stage.turn()
    stage.clock.sleep(4)
    stage.executor.do([Cancel(key)])
    (ended,) = stage.turn()
    assert (ended.started, ended.at, ended.outcome) == (3_000, 3_000 + 4 * SECOND, Cancelled(True))
    assert stage.turn() == [] and stage.clock.now() == 3_000 + 10 * SECOND
    assert stage.turn() == [] and stage.clock.now() == UNTIL


@pytest.mark.parametrize(("task", "now"), [("a", 75), ("b", 95)])
def test_what_cannot_come_to_its_end_in_the_play_goes_on_and_has_a_log(tmp_path, task, now):
    """The first task of a run that would not; or another one that would not itself."""
    stage = Stage(tmp_path, now)
    key = stage.launch(task)
    assert [type(one) for one in stage.turn()] == [Started]
    assert stage.turn() == [] and stage.clock.now() == UNTIL
    assert stage.log(key) == ["simulated: dags.py was not run"]


def test_a_request_is_given_until_it_is_answered(tmp_path):
    stage = Stage(tmp_path)
    request = Request("r1", "ana", PauseDags(("d",)))
    stage.inbox.plan(Instant(5 * SECOND), lambda: request)
    assert stage.inbox.poll() == [] and not stage.inbox.busy
    stage.executor.wait(None, stage.inbox)
    assert stage.clock.now() == 5 * SECOND and stage.inbox.poll() == [request]
    stage.inbox.ack([request], [])
    assert stage.inbox.poll() == [request] and stage.inbox.busy
    stage.inbox.ack([request], [Answered("r1", "ana", "PauseDags", True, "", Instant(0))])
    assert stage.inbox.poll() == [] and not stage.inbox.busy
