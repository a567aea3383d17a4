"""S25: fan-out of 50 and fan-in of 50 run in parallel within limits."""

from pathlib import Path

import pytest

from segue.model import value as values
from segue.model.spec import DagSpec, MapSpec, Over, Rules, TaskSpec
from segue.model.state import RunState
from tests.acceptance.stage import play
from tests.e2e.commands import Project

WIDE = [f"part{n}" for n in range(50)]


def wide(most: int | None = None) -> DagSpec:
    parts = [TaskSpec(name, data=("split",)) for name in WIDE]
    return DagSpec("wide", (TaskSpec("split"), *parts, TaskSpec("join", data=tuple(WIDE))), max_active_tasks=most)


def mapped(most: int | None = None) -> DagSpec:
    items = TaskSpec("part", Rules(max_active=most), mapped=MapSpec("zip", (Over("n", length=50),)))
    return DagSpec("mapped", (items, TaskSpec("join", data=("part",))))


@pytest.mark.parametrize(
    ("spec", "workers", "at_once"),
    [(wide(), 8, 8), (wide(), 64, 50), (wide(most=3), 8, 3), (mapped(), 16, 16), (mapped(most=5), 16, 5)],
)
def test_s25_fifty_run_side_by_side_up_to_the_limit(spec: DagSpec, workers: int, at_once: int) -> None:
    played = play(spec, {}, workers=workers)
    assert played.state is RunState.SUCCESS
    assert played.most_at_once() == at_once
    parts = [record for key, record in played.run.attempts.items() if key.task.startswith("part")]
    assert len(parts) == 50
    assert played.began("join") > max(record.ended or 0 for record in parts)


# Nobody gets on before as many have arrived as there are workers; each writes how many were inside with it.
REAL = """
import os, time
from pathlib import Path
from segue import dag, task

WORKERS = 4

@task
def part(number: int) -> int:
    mine = Path("inside", str(number))
    mine.touch()
    if number < WORKERS:
        while not all(Path("arrived", str(n)).exists() for n in range(WORKERS)):
            Path("arrived", str(number)).touch()
            time.sleep(0.005)
    inside = len(os.listdir("inside"))
    mine.unlink()
    return inside

@task
def join(inside: list[int]) -> list[int]:
    return sorted(inside)

@dag
def wide():
    join(part.map(range(50)))
"""


def test_s25_fifty_real_tasks_use_all_workers_and_no_more(tmp_path: Path) -> None:
    project = Project(tmp_path, workers=4)
    project.write("wide.py", REAL)
    for folder in ("inside", "arrived"):
        (tmp_path / folder).mkdir()
    done = project.segue("run", "wide.py")
    assert done.returncode == 0, done.stdout
    [joined] = [view for view in project.detail("wide@latest").tasks if view.task == "join"]
    inside = values.decode(joined.inline)
    assert len(inside) == 50 and inside[-1] == 4
