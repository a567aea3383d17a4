"""Control groups of memory, on folders that stand for them."""

from pathlib import Path

import pytest

from segue.run.executors.memory import make_group


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, Path]:
    """/proc and /sys/fs/cgroup of a machine whose groups are plain folders."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    return tmp_path / "proc", tmp_path / "cgroup"


def _says(proc: Path, text: str) -> None:
    (proc / "self" / "cgroup").write_text(text)


@pytest.mark.parametrize("lines", ["0::/ours\n", "4:memory:/ours\n0::/ours\n", "4:cpu:/ours\n", ""])
def test_where_no_limit_can_be_set_there_is_no_group_and_no_folder(machine: tuple[Path, Path], lines: str):
    proc, groups = machine
    _says(proc, lines)
    for parent in (groups / "ours", groups / "memory" / "ours"):
        parent.mkdir(parents=True)
    assert make_group(1, 1000, proc, groups) is None
    assert [path for path in groups.rglob("segue-*")] == []


def test_without_control_groups_there_is_none(tmp_path: Path):
    assert make_group(1, 1000, tmp_path, tmp_path) is None


def test_groups_of_dead_owners_are_removed(machine: tuple[Path, Path]):
    proc, groups = machine
    _says(proc, "4:memory:/ours\n")
    (proc / "77").mkdir()
    for name in ("segue-76-1", "segue-77-1", "other-76-1"):
        (groups / "memory" / "ours" / name).mkdir(parents=True)
    make_group(1, 1000, proc, groups)
    assert sorted(path.name for path in (groups / "memory" / "ours").iterdir()) == ["other-76-1", "segue-77-1"]


def test_a_real_group_knows_its_limit_and_peak():
    group = make_group(1, 50_000_000)
    if group is None:
        pytest.skip("no control group for memory can be made here")
    try:
        assert not group.exceeded and group.peak == 0
        texts = [(group.folder / name) for name in ("memory.limit_in_bytes", "memory.max")]
        assert [int(path.read_text()) for path in texts if path.exists()] == [50_000_000 // 4096 * 4096]
    finally:
        group.remove()
    assert not group.folder.exists()
