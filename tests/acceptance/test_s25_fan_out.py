"""S25: fan-out of 50 and fan-in of 50 run in parallel within limits."""

import pytest

from segue.model.spec import DagSpec, MapSpec, Over, Rules, TaskSpec
from segue.model.state import RunState
from tests.acceptance.stage import play

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
def test_fifty_run_side_by_side_up_to_the_limit(spec: DagSpec, workers: int, at_once: int) -> None:
    played = play(spec, {}, workers=workers)
    assert played.state is RunState.SUCCESS
    assert played.most_at_once() == at_once
    parts = [record for key, record in played.run.attempts.items() if key.task.startswith("part")]
    assert len(parts) == 50
    assert played.began("join") > max(record.ended or 0 for record in parts)
