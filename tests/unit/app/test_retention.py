"""What is old goes, and nothing that is still needed: on a real database, with real files."""

import os
from pathlib import Path

import pandas as pd
import pytest

from segue.app.retention import keep_house, prune
from segue.app.settings import read_settings
from segue.data import overwrite_partition
from segue.data.results import load_result, store_result
from segue.data.staging import Staging, publish_staged
from segue.data.storage import LocalStorage, values_prefix
from segue.model.changes import RunsForgotten, Spawned
from segue.model.errors import StorageDown
from segue.model.events import Expired
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import Step, Version
from segue.model.spec import DagSpec, TaskSpec
from segue.run.executors.logfile import log_path
from tests.contract.stores import RUN, R, Sqlite, T, created, defined, moved, task, write

DAY = 86_400_000_000
NOW = Instant(1_790_000_000_000_000)
AGAIN = RunKey(RUN.dag, RUN.key, 2)
OTHER = RunKey(RUN.dag, "other", 1)
BIG = "x" * 100_000


@pytest.fixture
def home(tmp_path):
    (tmp_path / "segue.toml").write_text('home = "home"\n')
    return read_settings(tmp_path, {})


@pytest.fixture
def store(home):
    home.home.mkdir()
    store = Sqlite(home.home)
    write(store, defined(Version(1, DagSpec("daily", (TaskSpec("extract"), TaskSpec("load"))), "s", "c", "b")))
    yield store
    store.close()


class Owner:
    """Forgets what it is asked to, at the next pause."""

    def __init__(self, store, deaf=False):
        self.store, self.deaf = store, deaf
        self.asked, self.pauses, self.stops_after = [], [], None

    def post(self, event):
        assert isinstance(event, Expired)
        self.asked.append(event.runs)

    def pause(self, seconds):
        self.pauses.append(seconds)
        if self.asked and not self.deaf:
            write(self.store, RunsForgotten(self.asked[-1], NOW))
        return len(self.pauses) == self.stops_after


def ran(store, run, days, value=None, **facts):
    """A run that ended so many days ago; its task kept a value."""
    at = Instant(NOW - days * DAY)
    write(store, created(run), moved(run, R.QUEUED, R.RUNNING))
    if value is not None:
        write(store, task(T.PENDING, T.SUCCESS, run=run, result=value, attempt=1, **facts))
    write(store, moved(run, R.RUNNING, R.SUCCESS, ended=at))


def stored(storage, run, value=BIG, number=1, name="extract"):
    return store_result(value, storage, values_prefix(run.dag, str(run), name, None, number))


def age(folder: Path, days: int) -> None:
    at = (NOW - days * DAY) * 1000
    for path in [folder, *folder.rglob("*")]:
        if path.is_file():
            os.utime(path, ns=(at, at))


def cleaned(home, store, owner=None):
    owner = owner or Owner(store)
    return prune(home, store.reader, LocalStorage(home.storage), NOW, owner.post, owner.pause)


def test_runs_go_in_small_portions_one_after_the_other(home, store):
    for number in range(45):
        ran(store, RunKey("daily", str(number), 1), 200 - number // 10)
    ran(store, RUN, 179)
    owner = Owner(store)
    assert cleaned(home, store, owner).runs == 45
    assert [len(runs) for runs in owner.asked] == [20, 20, 5]
    assert owner.asked[0][0] == RunKey("daily", "0", 1)
    assert [view.run for view in store.reader.runs()] == [RUN]


def test_a_loop_that_does_not_answer_is_asked_once_and_left_alone(home, store):
    ran(store, RUN, 200)
    owner = Owner(store, deaf=True)
    assert cleaned(home, store, owner).runs == 0
    assert len(owner.asked) == 1
    stopped = Owner(store, deaf=True)
    stopped.stops_after = 3
    assert cleaned(home, store, stopped).runs == 0
    assert len(stopped.pauses) == 3


def test_large_runs_go_alone(store):
    for run in (RUN, AGAIN, OTHER):
        ran(store, run, 200)
        write(store, *(task(T.PENDING, T.SUCCESS, "load", index, run=run) for index in range(600)))
    assert store.reader.expired(NOW) == [RUN]


def test_a_value_stays_while_any_recent_run_refers_to_it(home, store):
    storage = LocalStorage(home.storage)
    old, gone, table = (stored(storage, run) for run in (RUN, OTHER, RunKey("daily", "third", 1)))
    inside = stored(storage, RUN, {"table": pd.DataFrame({"n": [1]})}, 2)
    assert inside.inline is not None, "its table lies in the storage, it does not"
    loser = stored(storage, AGAIN, BIG, 7)
    ran(store, RUN, 20, old.outcome())
    ran(store, OTHER, 20, gone.outcome())
    ran(store, AGAIN, 1, old.outcome(), reused_from=RUN)
    write(store, task(T.PENDING, T.SUCCESS, "load", run=AGAIN, result=inside.outcome(), reused_from=RUN))
    write(
        store,
        created(RunKey("daily", "third", 1)),
        task(T.PENDING, T.SUCCESS, run=RunKey("daily", "third", 1), result=table.outcome()),
    )
    age(Path(home.storage), 20)
    assert cleaned(home, store).values.count == 2
    assert load_result(old, storage) == BIG
    assert load_result(inside, storage)["table"]["n"].tolist() == [1]
    assert load_result(table, storage) == BIG
    for one in (gone, loser):
        assert not (Path(home.storage) / one.ref.path).exists()


def test_what_a_flow_calls_its_steps_with_stays_too(home, store):
    storage = LocalStorage(home.storage)
    value = stored(storage, RUN, number=0, name="load#1").outcome()
    flow = Version(2, DagSpec("daily", (TaskSpec("daily", kind="flow"),)), "flow")
    write(store, defined(flow), created(version=2), moved(RUN, R.QUEUED, R.RUNNING))
    write(store, Spawned(RUN, 1, Step(TaskSpec("load#1"), "f:load", None, value.ref, b"d"), NOW))
    age(Path(home.storage), 20)
    assert cleaned(home, store).values.count == 0
    write(store, moved(RUN, R.RUNNING, R.SUCCESS, ended=Instant(NOW - 15 * DAY)))
    assert cleaned(home, store).values.count == 1


def test_what_an_attempt_left_that_was_not_accepted_goes_after_a_day(home, store):
    stored(LocalStorage(home.storage), RUN)
    write(store, created())
    age(Path(home.storage), 2)
    assert cleaned(home, store).values.count == 1


def test_what_a_held_task_has_to_publish_stays_however_old_it_is(home, store, tmp_path):
    storage = LocalStorage(home.storage)
    described = []
    for owner in ("held", "killed"):
        with Staging(owner, storage) as writes:
            overwrite_partition(pd.DataFrame({"n": [1]}), tmp_path / "lake", "2026-04-01")
            described.append(writes.describe())
    age(tmp_path / ".lake.staged", 30)
    write(store, created(), task(T.PENDING, T.HELD, staged=described[0]))
    assert cleaned(home, store).staged.count == 1
    assert publish_staged(described[0]) == 1


def test_values_of_runs_that_nobody_knows_go_later(home, store):
    stored(LocalStorage(home.storage), RUN)
    age(Path(home.storage), 13)
    assert cleaned(home, store).values.count == 0
    age(Path(home.storage), 15)
    assert cleaned(home, store).values.count == 1


def log(home, run, number, days):
    path = home.logs / log_path(AttemptKey(run, "extract", None, number))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    for one in (path, *path.parents[:4]):
        os.utime(one, ns=((NOW - days * DAY) * 1000,) * 2)
    return path


def test_logs_go_after_their_time_with_the_folders_that_held_them(home, store):
    kept, old = log(home, RUN, 2, 29), log(home, RUN, 1, 31)
    alien = home.logs / "notes.txt"
    alien.touch()
    age(alien, 99)
    lonely = log(home, OTHER, 1, 99)
    assert cleaned(home, store).logs == 2
    assert (kept.exists(), old.exists(), alien.exists(), lonely.exists()) == (True, False, True, False)
    assert sorted(path.name for path in home.logs.iterdir()) == ["daily", "notes.txt"]
    assert [path.name for path in (home.logs / "daily").iterdir()] == [RUN.key]


def test_a_folder_to_which_something_was_just_added_stays(home, store):
    """An attempt makes the folder of its log a moment before the log."""
    path = log(home, RUN, 1, 31)
    os.utime(path.parent, ns=(NOW * 1000, NOW * 1000))
    assert cleaned(home, store).logs == 1
    assert path.parent.is_dir()


def test_settings_say_how_long_things_are_kept(tmp_path, store, home):
    (tmp_path / "segue.toml").write_text('home = "home"\n[keep]\nruns = "2d"\nresults = "1d"\n')
    ran(store, RUN, 3)
    ran(store, AGAIN, 1)
    assert cleaned(read_settings(tmp_path, {}), store).runs == 1


def test_the_house_is_kept_every_day_and_trouble_is_told(home, store):
    ran(store, RUN, 200)
    owner, said = Owner(store), []

    def now():
        if len(owner.pauses) == 1:
            raise StorageDown("no route to the storage")
        return NOW

    owner.stops_after = 5
    keep_house(home, owner.post, now, owner.pause, said.append)
    assert said == ["old rows and files could not all be removed: no route to the storage"]
    assert (owner.pauses[:2], owner.pauses[-1]) == ([600.0, 86_400.0], 86_400.0)
    assert store.reader.runs() == []


def test_where_nothing_was_ever_kept_there_is_nothing_to_remove(home):
    owner = Owner(None)
    owner.stops_after = 2
    keep_house(home, owner.post, lambda: NOW, owner.pause, pytest.fail)
    assert owner.asked == []
