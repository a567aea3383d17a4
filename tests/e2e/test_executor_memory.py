"""`resources={"memory": …}`: whoever takes more than it may is killed, with all it has started, and none else."""

from pathlib import Path

import pytest

from segue.model.events import Ended, Lost, LostCause
from segue.run.executors.memory import make_group
from tests.unit.run.driver import alive, process_driver, result_of

LIMIT = 150_000_000


@pytest.fixture(params=["by a control group", "by sampling"])
def measured(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    """Both ways in which a limit is kept; the first only where this process may make control groups."""
    if request.param == "by sampling":
        return {"limit_watch": 0.05, "groups": tmp_path}
    group = make_group(0, LIMIT)
    if group is None:
        pytest.skip("no control group for memory can be made here")
    group.remove()
    return {"limit_watch": 0.05}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _lost(event: Ended | Lost) -> Lost:
    assert isinstance(event, Lost), event
    return event


def test_the_attempt_over_its_limit_is_killed_and_its_neighbour_goes_on(home: Path, measured: dict[str, object]):
    with process_driver(home, workers=2, **measured) as shop:
        neighbour = shop.launch("hold_memory", 20_000_000, 3.0, resources=(("memory", LIMIT),))
        glutton = _lost(shop.run("hold_memory", 600_000_000, 60.0, resources=(("memory", LIMIT),)))
        assert result_of(shop.end(neighbour)) == 20_000_000
    assert glutton.cause is LostCause.MEMORY
    assert glutton.usage.peak_rss is not None and glutton.usage.peak_rss >= LIMIT * 0.95
    assert any("its limit is 150 MB" in note for note in glutton.usage.notes)


def test_what_an_attempt_has_started_counts_and_dies_with_it(home: Path, measured: dict[str, object], tmp_path: Path):
    pids = tmp_path / "pids"
    with process_driver(home, workers=1, **measured) as shop:
        lost = _lost(shop.run("hold_memory_outside", 400_000_000, str(pids), resources=(("memory", LIMIT),)))
        assert lost.cause is LostCause.MEMORY
        assert not any(alive(int(pid)) for pid in pids.read_text().split())


def test_an_attempt_within_its_limit_ends_well(home: Path, measured: dict[str, object]):
    with process_driver(home, workers=1, **measured) as shop:
        for _ in range(3):
            assert result_of(shop.run("hold_memory", 20_000_000, 0.2, resources=(("memory", LIMIT),))) == 20_000_000


def test_an_attempt_without_limit_may_take_what_it_likes(home: Path, measured: dict[str, object]):
    with process_driver(home, workers=1, **measured) as shop:
        limited = shop.run("pid", resources=(("memory", LIMIT),))
        assert result_of(shop.run("hold_memory", 300_000_000, 0.2)) == 300_000_000
        assert isinstance(limited, Ended)


def test_no_group_is_left_behind(home: Path):
    group = make_group(0, LIMIT)
    if group is None:
        pytest.skip("no control group for memory can be made here")
    group.remove()
    with process_driver(home, workers=1) as shop:
        shop.run("pid", resources=(("memory", LIMIT),))
    assert list(group.folder.parent.glob("segue-*")) == []
