"""Rows 11, 14 of the failure catalogue: memory that grows, a database that is locked."""

import gc
from pathlib import Path
from threading import Event, Thread
from types import BuiltinFunctionType, FunctionType, ModuleType

from segue.engine.core import Engine
from segue.model.state import RunState
from segue.schedule.declare import hourly
from tests.e2e.commands import Project, is_made, reading
from tests.unit.engine.driver import DAY, SECOND, World, dag, task

HOURS = 200


# ------------------------------------------------------------------------------------------------------ row 11: a leak
def test_row_11_an_engine_holds_no_more_after_a_thousand_runs_than_after_two_hundred():
    """Apart from three caches of bounded size: of slots that the store was asked for, of their runs, and of ticks."""
    world = World(
        dag(task("a", retries=1), task("b", "a"), schedule=hourly().to_data(), deadline=600 * SECOND),
        planning=True,
        now=20_000 * DAY,
    )
    run_hours(world, HOURS)
    before = held_by(world.engine)
    run_hours(world, 4 * HOURS)
    assert len(world.store.runs) == 5 * HOURS
    assert held_by(world.engine) < before + HOURS / 2


def run_hours(world: World, hours: int) -> None:
    for _ in range(hours):
        world.wait(3_600)
        while world.alive:
            key = next(iter(world.alive))
            world.end(key.of.label, run=key.run)


def held_by(engine: Engine) -> int:
    """How many objects can be reached from here, code left out."""
    engine._board.agenda.known.clear()
    engine._board.agenda.taken.clear()
    for one in engine._board.dags.values():
        one.clock = None
    seen: set[int] = set()
    left: list[object] = [engine]
    while left:
        one = left.pop()
        if id(one) not in seen and not isinstance(one, type | ModuleType | FunctionType | BuiltinFunctionType):
            seen.add(id(one))
            left.extend(gc.get_referents(one))
    return len(seen)


# ----------------------------------------------------------------------------------------------------- row 14: locked
CROWD = """
import time
from segue import dag, task

@task
def one(number: int) -> int:
    print("number", number)
    time.sleep(0.05)
    return number

@dag
def crowd():
    for turn in range(4):
        one.with_options(id=f"one{turn}").map(range(64))
"""
READERS = 6


def test_row_14_many_tasks_and_many_readers_never_meet_a_locked_database(tmp_path: Path):
    """Readers ask for everything without a pause while 256 tasks end, and none of them is refused."""
    project = Project(tmp_path / "p", workers=32)
    project.write("crowd.py", CROWD)
    over, troubles, answers = Event(), [], []

    def read() -> None:
        while not over.is_set():
            if is_made(project.home):
                try:
                    with reading(project.home) as reader:
                        answers.append(len(reader.runs()) + len(list(reader.event_rows())))
                except Exception as error:  # noqa: BLE001  # whatever it is, it is told
                    troubles.append(repr(error))

    readers = [Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        done = project.segue("run", "crowd.py")
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert done.returncode == 0, done.stdout
    assert (troubles, "locked" in done.stdout) == ([], False)
    assert len(answers) > READERS
    logs = [path.read_text(errors="replace") for path in (project.home / "logs").rglob("*") if path.is_file()]
    assert len(logs) >= 256
    assert not any("locked" in text for text in logs)
    assert project.detail("crowd@latest").run.state is RunState.SUCCESS
