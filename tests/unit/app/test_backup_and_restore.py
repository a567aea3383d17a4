"""Copies of a home, and what comes back of them."""

import stat
from contextlib import closing
from pathlib import Path

import pytest

from segue.app.backup import access_copy, backup_home, last_backup
from segue.app.home import Home
from segue.app.restoring import restore_home, what_would_run
from segue.app.settings import read_settings
from segue.model.access import ALL, Grant, Role
from segue.model.changes import TimingSet
from segue.model.errors import EnvironmentFault, HomeBusy, HomeUnusable, UsageError
from segue.model.ids import Instant, RunKey
from segue.model.images import Version
from segue.model.spec import DagSpec, TaskSpec
from segue.model.timing import Timing
from segue.schedule.declare import daily
from segue.store.access.book import Note, Session, User
from segue.store.access.sqlite import open_book
from segue.store.home import OwnerFacts, take_home
from tests.contract.stores import NOW, R, Sqlite, begun_run, created, defined, moved, write

DAY = 86_400_000_000
CLOCKED = Version(1, DagSpec("nightly", (TaskSpec("a"),), file="n.py", schedule=daily().to_data()), "s", "c", "b")


def quiet(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / ".segue").mkdir(mode=0o700)
    return read_settings(tmp_path, {})


@pytest.fixture
def lived(settings):
    """A home whose owner has ended: one run is under way, one waits, one is done, and a clock stands a while ago."""
    with closing(Sqlite(settings.home)) as store:
        begun_run(store)
        other, done = RunKey("daily", "2026-04-02", 1), RunKey("daily", "2026-04-03", 1)
        write(store, created(other), created(done))
        write(store, moved(done, R.QUEUED, R.RUNNING, placed=True), moved(done, R.RUNNING, R.SUCCESS, ended=NOW))
        write(store, defined(CLOCKED, "nightly"), TimingSet("nightly", Timing("g", NOW, NOW, NOW), NOW))
    return settings


def sign_in(settings, name: str) -> None:
    with closing(open_book(settings.home)) as book:
        book.add_user(User(name, NOW, (Grant(Role.ADMIN, ALL),)), Note(NOW, name, "user.add"))
        session = Session(f"of-{name}", name, b"d" * 32, NOW, NOW, Instant(2 * NOW))
        assert book.open_session(session, Note(NOW, name, "sign-in"))


def who_is_in(settings) -> tuple[list[str], list[str]]:
    with closing(open_book(settings.home)) as book:
        users = [user.name for user in book.users()]
        return users, [session.id for name in users for session in book.sessions(name)]


def test_a_backup_is_files_for_this_user_alone_and_the_home_knows_of_it(lived, tmp_path):
    sign_in(lived, "ana")
    made = backup_home(lived, tmp_path / "copy.db")
    assert made.files == (tmp_path / "copy.db", access_copy(tmp_path / "copy.db"))
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in made.files)
    assert made.size == sum(file.stat().st_size for file in made.files)
    assert (made.manifest.dags, made.manifest.runs, made.manifest.tasks) == (2, 3, 0)
    assert last_backup(lived.home).at == made.manifest.at
    with pytest.raises(UsageError, match="is there already"):
        backup_home(lived, tmp_path / "copy.db")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        backup_home(lived, tmp_path / "nowhere" / "copy.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".segue", "copy.db", "copy.db.access"]


def test_a_home_without_a_database_has_nothing_to_copy(settings, tmp_path):
    with pytest.raises(UsageError, match="no database yet"):
        backup_home(settings, tmp_path / "copy.db")


def test_what_would_go_on_is_named_oldest_first(lived, tmp_path):
    backup_home(lived, tmp_path / "copy.db")
    done = restore_home(lived, tmp_path / "copy.db", quiet)
    assert done.left.runs == (("daily@2026-04-01", "running"), ("daily@2026-04-02", "queued"))
    left = what_would_run(Home(lived.home), Instant(NOW + 4 * DAY))
    assert left.slots == (("nightly", 3, "2026-04-01", "2026-04-03"),)
    assert what_would_run(Home(lived.home), NOW).slots == ()


def test_the_database_before_is_kept_and_can_be_put_back(lived, tmp_path):
    backup_home(lived, tmp_path / "copy.db")
    with closing(Sqlite(lived.home)) as store:
        write(store, created(RunKey("daily", "2026-04-09", 1)))
    done = restore_home(lived, tmp_path / "copy.db", quiet)
    assert done.manifest.runs == 3
    again = restore_home(lived, done.aside, quiet)
    assert again.manifest is None and [run for run, _ in again.left.runs][-1] == "daily@2026-04-09"
    assert [path for path in lived.home.iterdir() if "restoring" in path.name or path.name.endswith(".part")] == []


def test_a_damaged_database_gives_way_to_a_backup(lived, tmp_path):
    backup_home(lived, tmp_path / "copy.db")
    database = lived.home / "segue.db"
    with database.open("r+b") as file:
        file.write(b"no database any more")
    (lived.home / "segue.db-wal").write_bytes(b"a log that must not meet what comes")
    done = restore_home(lived, tmp_path / "copy.db", quiet)
    assert done.aside.read_bytes().startswith(b"no database any more")
    assert len(done.left.runs) == 2


def test_a_home_that_has_an_owner_is_left_alone(lived, tmp_path):
    backup_home(lived, tmp_path / "copy.db")
    before = (lived.home / "segue.db").read_bytes()
    with take_home(lived.home, OwnerFacts(1, "up", NOW)), pytest.raises(HomeBusy):
        restore_home(lived, tmp_path / "copy.db", quiet)
    assert (lived.home / "segue.db").read_bytes() == before


def test_what_is_no_database_of_ours_is_refused(lived, tmp_path):
    (tmp_path / "text").write_text("no")
    before = (lived.home / "segue.db").read_bytes()
    for file, fault in ((tmp_path / "text", HomeUnusable), (tmp_path / "missing", UsageError)):
        with pytest.raises(fault):
            restore_home(lived, file, quiet)
    assert (lived.home / "segue.db").read_bytes() == before


def test_a_home_that_is_new_takes_a_backup(lived, tmp_path):
    sign_in(lived, "ana")
    backup_home(lived, tmp_path / "copy.db")
    new = read_settings(tmp_path, {"SEGUE_HOME": str(tmp_path / "new")})
    done = restore_home(new, tmp_path / "copy.db", quiet)
    assert done.aside is None and len(done.left.runs) == 2
    assert who_is_in(new) == (["ana"], []), "everybody signs in again"


def test_users_and_tokens_come_back_only_where_a_person_says_so(lived, tmp_path):
    sign_in(lived, "ana")
    backup_home(lived, tmp_path / "copy.db")
    sign_in(lived, "ben")
    kept = restore_home(lived, tmp_path / "copy.db", quiet)
    assert "--access" in kept.kept[0] and who_is_in(lived)[0] == ["ana", "ben"]
    taken = restore_home(lived, tmp_path / "copy.db", quiet, access=True)
    assert "sign in again" in taken.kept[0] and who_is_in(lived) == (["ana"], [])
    assert [path.name for path in lived.home.glob("access.db.*")], "those before are kept"


def test_a_database_that_lies_there_can_be_treated_as_restored(lived):
    done = restore_home(lived, None, quiet)
    assert (done.manifest, done.aside) == (None, None) and len(done.left.runs) == 2
    with closing(Sqlite(lived.home)) as store:
        assert [view.timing.hard for view in store.reader.dags()] == [True, True]


def test_on_a_server_its_own_tools_are_named(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGUE_DATABASE_URL", "postgresql://segue:canary@db/segue")
    with pytest.raises(UsageError, match="pg_dump --format=custom") as told:
        backup_home(settings, tmp_path / "copy.db")
    assert "canary" not in str(told.value)
    with pytest.raises(UsageError, match="pg_restore --clean") as told:
        restore_home(settings, Path("copy.dump"), quiet)
    assert "canary" not in str(told.value) and "without a file" in str(told.value)
