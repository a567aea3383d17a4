"""The same worlds on a real database file: what they come to is what they come to in memory (one suite, all stores)."""

from pathlib import Path

import pytest

from segue.store.sqlite import SqliteReader, open_writer
from segue.testing.world.parts import Opened, Parts
from segue.testing.world.plan import EPOCH, draw_plan
from segue.testing.world.play import play
from segue.testing.world.timed import draw_timed

PLANS = {
    **{f"plain {seed}": draw_plan(seed) for seed in range(2_000_000, 2_000_012)},
    **{f"timed {seed}": draw_timed(seed) for seed in range(2_000_000, 2_000_008)},
}


@pytest.mark.parametrize("name", PLANS)
def test_a_world_on_sqlite_ends_as_in_memory(name: str, tmp_path: Path) -> None:
    opened: list[Opened] = []

    def on_disk() -> Opened:
        path = tmp_path / "segue.db"
        opened.append((open_writer(path, EPOCH), SqliteReader(path)))
        return opened[-1]

    plan = PLANS[name]
    try:
        story = play(plan, Parts(store=on_disk))
    finally:
        for writer, reader in opened:
            writer.close()  # type: ignore[attr-defined]
            reader.close()  # type: ignore[attr-defined]
    assert (story.ends, story.commits) == ((told := play(plan)).ends, told.commits)
