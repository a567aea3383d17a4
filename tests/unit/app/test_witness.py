"""Following what another process drives, and Ctrl-C in the middle of it."""

import signal

import pytest

from segue.app.home import Home
from segue.app.picture import Picture
from segue.app.reading import open_reading
from segue.app.witness import Witness
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState
from segue.model.views import RunDetail, RunView
from segue.store.sqlite import open_writer

RUN = RunKey("d", "2026-04-01", 1)
VIEW = RunView(1, RunRow(RUN, "r", 1), RunState.SUCCESS)


class Pressed:
    """A store during whose reads somebody presses Ctrl-C."""

    def __init__(self, times):
        self.times = times

    def find(self, run):
        return VIEW

    def detail(self, view):
        for _ in range(self.times):
            signal.raise_signal(signal.SIGINT)
        return RunDetail(view, DagSpec("d", (TaskSpec("a"),)), (), ())


@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_amid_a_look_counts_when_it_has_been_told(tmp_path, times):
    told = []
    witness = Witness(Home(tmp_path), Pressed(times), [RUN], Picture({}), told.extend)
    with pytest.raises(KeyboardInterrupt):
        witness.follow()
    assert [one.new for one in told] == [RunState.SUCCESS]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_home_whose_database_is_only_being_made_is_empty(tmp_path):
    home = Home(tmp_path)
    home.database.touch()
    with open_reading(home) as reading:
        assert not reading.backfills()
    open_writer(home.database, Instant(1)).close()
    with open_reading(home) as reading:
        assert not reading.backfills()
