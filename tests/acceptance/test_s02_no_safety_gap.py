"""S02: ingest finishes early, and the report starts at once: no safety gap."""

from pathlib import Path

from segue.model.changes import AttemptMoved, TaskMoved
from segue.model.commands import Launch
from segue.model.state import AttemptState, RunState, TaskState
from tests.acceptance.stage import play
from tests.e2e.commands import Project
from tests.unit.engine.driver import GOOD, SECOND, World, dag, task

SPEC = dag(task("ingest"), task("report", data=("ingest",)), id="night")

NIGHT = """
from segue import dag, task

@task
def ingest() -> int:
    return 1

@task
def report(rows: int) -> int:
    return rows

@dag
def night():
    report(ingest())
"""


def test_s02_the_turn_that_accepts_ingest_queues_and_launches_the_report():
    world = World(SPEC)
    world.trigger("night")
    world.now += 600 * SECOND
    decision = world.step(world.word("ingest", GOOD, began=600))
    moved = {change.task: change.new for change in decision.changes if isinstance(change, TaskMoved)}
    assert moved == {"ingest": TaskState.SUCCESS, "report": TaskState.QUEUED}
    made = [change for change in decision.changes if isinstance(change, AttemptMoved) and change.old is None]
    assert [(change.key.task, change.new, change.at) for change in made] == [("report", AttemptState.QUEUED, world.now)]
    assert [command.key.task for command in decision.commands if isinstance(command, Launch)] == ["report"]


def test_s02_however_long_ingest_takes_the_report_follows_it():
    gaps = set()
    for minutes in (10, 60, 150):
        played = play(SPEC, {}, seconds={"ingest": 60 * minutes, "report": 60})
        assert played.state is RunState.SUCCESS
        assert played.ended("ingest") - played.began("ingest") == 60 * minutes * SECOND
        gaps.add(played.began("report") - played.ended("ingest"))
    assert max(gaps) < SECOND  # of simulated time


def test_s02_in_a_real_run_nothing_lies_between_the_end_of_ingest_and_the_report(tmp_path: Path):
    project = Project(tmp_path)
    project.write("night.py", NIGHT)
    done = project.segue("run", "night.py")
    assert done.returncode == 0, done.stdout
    with project.reader() as reader:
        moves = [(event.task, event.new) for event in reader.event_rows() if event.kind == "task"]
    end = moves.index(("ingest", "success"))
    assert moves[end + 1] == ("report", "queued")
