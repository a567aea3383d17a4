"""Archives from afar: packed, unpacked with suspicion, read, and what taking them would change."""

import gzip
import io
import os
import subprocess
import sys
import tarfile

import pytest

from segue.app.clock import SystemClock
from segue.app.errands import run_errands
from segue.app.home import Home
from segue.app.reading import open_reading
from segue.app.settings import read_settings
from segue.app.uploads import Uploads, pack
from segue.define.bundle import MAX_BYTES, MAX_FILES
from segue.model.access import Subject
from segue.model.errors import DefinitionError, Refused, UsageError
from segue.run.children.unpacking import REFUSED, unpack
from segue.show.backdoors import Upload

DAG = """
from segue import dag, task, daily
from lib.helping import two

@task
def one():
    return two()

@dag(schedule=daily(at="02:00"), start="2026-04-01", tags=["retail"], owner="dana")
def NAME():
    one()
"""


def tar(*members, mode="w"):
    """An archive of (name or TarInfo, content)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


@pytest.fixture
def unpacked(tmp_path):
    folder = tmp_path / "inside" / "folder"
    folder.mkdir(parents=True)

    def unpacking(data):
        archive = tmp_path / "archive"
        archive.write_bytes(data)
        unpack(archive, folder)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    unpacking.outside = tmp_path
    return unpacking


# ------------------------------------------------------------------------------------------------------------- archives
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_files_come_out_as_they_went_in(unpacked, mode):
    assert unpacked(tar(("dags/a.py", b"x = 1"), ("lib/b.sql", b""), mode=mode)) == {
        "dags/a.py": b"x = 1",
        "lib/b.sql": b"",
    }


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("../out.py", b"x")], "no name of a file below"),
        ([("a/../../out.py", b"x")], "no name of a file below"),
        ([("/etc/cron.d/out", b"x")], "no name of a file below"),
        ([("a\\..\\out.py", b"x")], "no name of a file below"),
        ([("a\nb.py", b"x")], "no name of a file below"),
        ([("x" * 600, b"x")], "no name of a file below"),
        ([special("link", tarfile.SYMTYPE, "/etc/passwd")], "no plain file"),
        ([special("link", tarfile.SYMTYPE, "/tmp"), ("link/out.py", b"x")], "no plain file"),
        ([special("hard", tarfile.LNKTYPE, "/etc/passwd")], "no plain file"),
        ([special("pipe", tarfile.FIFOTYPE)], "no plain file"),
        ([special("tty", tarfile.CHRTYPE)], "no plain file"),
        ([special("disk", tarfile.BLKTYPE)], "no plain file"),
        ([special("sparse", tarfile.GNUTYPE_SPARSE)], "no (plain|tar)"),
        ([("a", b"x"), ("a/b", b"x")], "cannot be unpacked"),
        ([("a", b"x"), ("a", b"y")], "cannot be unpacked"),
    ],
)
def test_what_must_not_be_unpacked_is_refused_and_nothing_lies_outside(unpacked, members, message):
    before = sorted(unpacked.outside.iterdir())
    with pytest.raises(UsageError, match=message):
        unpacked(tar(*members))
    left = sorted(path for path in unpacked.outside.iterdir() if path.name != "archive")
    assert left == before


@pytest.mark.parametrize(
    "data",
    [b"no archive at all" * 100, b"\x1f\x8b" + b"x" * 100, gzip.compress(b"no tar")[:-4], gzip.compress(b"x" * 2_000)],
    ids=["no gzip", "a damaged head", "a cut end", "no tar"],  # the bytes have the time in them, an id must not
)
def test_what_is_no_archive_is_refused(unpacked, data):
    with pytest.raises(UsageError, match="no (tar|gzipped) archive"):
        unpacked(data)


def test_an_empty_archive_holds_nothing(unpacked):
    assert unpacked(tar()) == {}


def test_an_archive_that_grows_is_stopped(unpacked):
    bomb = gzip.compress(bytes(90_000_000), 9)
    assert len(bomb) < 100_000
    with pytest.raises(UsageError, match="more than 50 MB"):
        unpacked(bomb)


def test_files_that_are_too_many_or_too_large_are_refused(unpacked):
    with pytest.raises(UsageError, match="more than 10,000 files"):
        unpacked(tar(*((f"f{at}", b"") for at in range(MAX_FILES + 1))))
    with pytest.raises(UsageError, match="more than 50 MB"):
        unpacked(tar(("large", bytes(MAX_BYTES + 1))))


def test_the_child_says_why_it_unpacks_nothing(tmp_path):
    (tmp_path / "sent").write_bytes(b"no archive")
    words = [sys.executable, "-P", "-m", "segue.run.children.unpacking", str(os.getpid())]
    done = subprocess.run([*words, tmp_path / "sent", tmp_path], env={}, capture_output=True, check=False)
    assert done.returncode == REFUSED
    assert b"no tar archive" in done.stdout


# -------------------------------------------------------------------------------------------------------------- packing
@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for name, text in {
        "pyproject.toml": "[project]\nname = 'x'\nversion = '1'\n", "dags/sales.py": DAG.replace("NAME", "sales"),
        "lib/__init__.py": "", "lib/helping.py": "def two(): return 2", ".gitignore": "data/\n", "data/big.csv": "1",
        ".git/config": "", "run.sh": "echo",
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "run.sh").chmod(0o755)
    return root


def test_a_project_is_packed_without_what_git_leaves_out(project, unpacked):
    packed = io.BytesIO()
    assert pack(project / "dags", packed) == "dags"
    files = unpacked(packed.getvalue())
    assert set(files) == {
        "pyproject.toml",
        "dags/sales.py",
        "lib/__init__.py",
        "lib/helping.py",
        ".gitignore",
        "run.sh",
    }
    again = io.BytesIO()
    assert pack(project, again) == "."
    assert again.getvalue() == packed.getvalue(), "the same project is the same archive"
    assert os.access(unpacked.outside / "inside" / "folder" / "run.sh", os.X_OK)


# -------------------------------------------------------------------------------------------------------------- opening
@pytest.fixture
def server(tmp_path):
    root = tmp_path / "server"
    (root / "dags").mkdir(parents=True)
    (root / "finance").mkdir()
    (root / "segue.toml").write_text('[locations.finance]\npath = "finance"\nowner = "lee"\n')
    return read_settings(root, {})


def sent(project, tmp_path, *, location="", paths=(), label="v1"):
    archive = tmp_path / "sent"
    with archive.open("wb") as stream:
        pack(project, stream)
    return Upload(archive, location, paths, label)


def deployed(server, upload):
    """Take it, as the owner does."""
    with Uploads(server).opened(upload) as deployment:
        return run_errands(server, [deployment.act], print), deployment


def test_an_upload_is_read_by_the_child_and_says_what_it_changes(server, project, tmp_path):
    with Uploads(server).opened(sent(project, tmp_path)) as deployment:
        [change] = deployment.changes
        assert (change.dag, change.kind, change.file) == ("sales", "new", "dags/sales.py")
        assert deployment.subjects == (Subject("sales", "", ("retail",), "dana"),)
        assert deployment.asks == ()
    with open_reading(Home(server.home)) as reading:
        assert list(reading.dags()) == [], "nobody has asked for it"


def test_a_dag_that_comes_again_moves_and_one_that_does_not_is_gone(server, project, tmp_path):
    (project / "dags/more.py").write_text(DAG.replace("NAME", "more"))
    said, _ = deployed(server, sent(project, tmp_path))
    assert said == ["deployed more, sales as v1"]
    (project / "dags/more.py").unlink()
    (project / "lib/helping.py").write_text("def two(): return 3")
    said, second = deployed(server, sent(project, tmp_path, label="v2"))
    assert said == ["deployed sales as v2"]
    assert {(one.dag, one.kind) for one in second.changes} == {("sales", "changed"), ("more", "gone")}
    with open_reading(Home(server.home)) as reading:
        known = {view.dag: view for view in reading.dags()}
    assert (known["sales"].version, known["sales"].timing.retired) == (2, False)
    assert known["more"].timing.retired


def test_whose_history_is_taken_over_is_asked_even_where_it_is_retired(server, project, tmp_path):
    (project / "dags/more.py").write_text(DAG.replace("NAME", "more"))
    deployed(server, sent(project, tmp_path))
    (project / "dags/more.py").unlink()
    deployed(server, sent(project, tmp_path))
    heir = DAG.replace("NAME", "heir").replace("@dag(", '@dag(renamed_from="more", ')
    (project / "dags/heir.py").write_text(heir)
    with Uploads(server).opened(sent(project, tmp_path)) as deployment:
        assert "more" in {one.dag for one in deployment.subjects}
    deployed(server, sent(project, tmp_path))
    (project / "dags/heir.py").write_text(DAG.replace("NAME", "more"))
    with Uploads(server).opened(sent(project, tmp_path)) as deployment:
        assert "heir" in {one.dag for one in deployment.subjects}, "it has the history of that id"


def test_the_same_archive_again_changes_nothing(server, project, tmp_path):
    _, first = deployed(server, sent(project, tmp_path))
    _, second = deployed(server, sent(project, tmp_path))
    assert first.name == second.name
    assert [one.kind for one in second.changes] == ["same"]


def test_a_location_has_its_own_dags_and_lets_go_of_no_others(server, project, tmp_path):
    deployed(server, sent(project, tmp_path))
    (project / "dags/sales.py").write_text(DAG.replace("NAME", "ledger").replace(', owner="dana"', ""))
    _, deployment = deployed(server, sent(project, tmp_path, location="finance"))
    assert [(one.dag, one.kind) for one in deployment.changes] == [("ledger", "new")]
    assert deployment.subjects[0].location == "finance"
    assert deployment.subjects[0].owner == "lee"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"location": "nowhere"}, "there is no location 'nowhere' in the settings of this server: there are finance"),
        ({"paths": ("../x",)}, "no name of a file below"),
        ({"paths": ("/etc",)}, "no name of a file below"),
        ({"paths": ("gone",)}, "the archive has no gone"),
        ({"paths": ("lib",)}, "no DAG file"),
    ],
)
def test_an_upload_that_names_what_it_has_not_is_refused(server, project, tmp_path, words, message):
    with pytest.raises(UsageError, match=message), Uploads(server).opened(sent(project, tmp_path, **words)):
        pass


def test_a_file_that_cannot_be_read_stops_the_whole_upload(server, project, tmp_path):
    (project / "dags/bad.py").write_text("from segue import dag\nraise ValueError('no dag here')\n")
    with pytest.raises(DefinitionError, match=r"dags/bad\.py:2"), Uploads(server).opened(sent(project, tmp_path)):
        pass


def test_one_upload_is_open_at_a_time(server, project, tmp_path):
    door = Uploads(server)
    with (
        door.opened(sent(project, tmp_path)),
        pytest.raises(Refused, match="another deploy"),
        door.opened(sent(project, tmp_path)),
    ):
        pass


def test_what_nobody_has_taken_is_swept_after_an_hour(server, project, tmp_path):
    with Uploads(server).opened(sent(project, tmp_path)):
        pass
    [left] = (server.home / "deployed/_").iterdir()
    old = SystemClock().now() / 1e6 - 7200
    os.utime(left, (old, old))
    (project / "lib/helping.py").write_text("def two(): return 4")
    with Uploads(server).opened(sent(project, tmp_path)):
        [there] = (server.home / "deployed/_").iterdir()
    assert there != left
