import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from segue.model.errors import HomeBusy, HomeUnusable
from segue.model.ids import Instant
from segue.store.home import OwnerFacts, check_home, filesystem_of, owner_of, take_home

OURS = OwnerFacts(os.getpid(), "run", Instant(1))
HOLD = """
import os, sys
from pathlib import Path
from segue.model.ids import Instant
from segue.store.home import OwnerFacts, take_home
owner = take_home(Path(sys.argv[1]), OwnerFacts(os.getpid(), "up", Instant(1)))
print("held", flush=True)
sys.stdin.read()
"""


def on(kind):
    return lambda _: kind


def test_a_missing_home_is_made_for_its_user_alone(tmp_path):
    home = tmp_path / "deep" / ".segue"
    assert check_home(home, on("ext4")) == ()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse", "fuse.sshfs", "fuseblk"])
def test_a_home_on_a_network_filesystem_is_refused_by_name(tmp_path, kind):
    with pytest.raises(HomeUnusable, match=f"{kind} filesystem.*SEGUE_HOME="):
        check_home(tmp_path, on(kind))


@pytest.mark.parametrize("kind", ["overlay", "9p"])
def test_a_home_on_a_doubtful_filesystem_is_warned_about(tmp_path, kind):
    (warning,) = check_home(tmp_path, on(kind))
    assert kind in warning


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_home_that_others_may_enter_is_warned_about(tmp_path, mode):
    tmp_path.chmod(mode)
    (warning,) = check_home(tmp_path, on("ext4"))
    assert f"chmod 700 {tmp_path}" in warning


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "fusectl", ""])
def test_a_home_on_a_local_filesystem_passes(tmp_path, kind):
    assert check_home(tmp_path, on(kind)) == ()


def test_a_home_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeUnusable, match="is a file"):
        check_home(tmp_path / "home", on("ext4"))


def test_a_home_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="cannot be made"):
        check_home(tmp_path / "file" / "home", on("ext4"))


def test_the_filesystem_is_the_one_the_kernel_names(tmp_path):
    assert filesystem_of(Path("/proc/self")) == "proc"
    assert filesystem_of(tmp_path) not in ("", "proc")


def test_a_second_owner_is_refused_with_the_pid_of_the_first(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(HomeBusy, match=f"'up', process {first.pid}") as refused:
            take_home(tmp_path, OURS)
        assert refused.value.pid == first.pid
        first.kill()
        first.wait()
        with take_home(tmp_path, OURS):
            assert owner_of(tmp_path) == OURS


def test_a_home_is_free_when_its_owner_has_closed_it(tmp_path):
    with take_home(tmp_path, OURS):
        with pytest.raises(HomeBusy) as refused:
            take_home(tmp_path, OURS)
        assert refused.value.pid == os.getpid()
    assert owner_of(tmp_path) is None
    take_home(tmp_path, OURS).close()


def test_an_owner_that_says_nothing_readable_is_still_an_owner(tmp_path):
    with take_home(tmp_path, OURS):
        (tmp_path / "owner.json").write_text("{")
        with pytest.raises(HomeBusy, match="another process") as refused:
            take_home(tmp_path, OURS)
        assert refused.value.pid == 0


def test_an_owner_may_say_more_about_itself(tmp_path):
    with take_home(tmp_path, OURS) as owner:
        owner.tell(OwnerFacts(os.getpid(), "run", Instant(1), "abc", "/run/x.sock"))
        assert owner_of(tmp_path).instance == "abc"
        assert stat.S_IMODE((tmp_path / "owner.json").stat().st_mode) == 0o600


def test_a_child_that_inherits_the_lock_keeps_the_home(tmp_path):
    owner = take_home(tmp_path, OURS)
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[owner.fileno()])
    owner.close()
    with pytest.raises(HomeBusy):
        take_home(tmp_path, OURS)
    child.stdin.close()
    child.wait()
    take_home(tmp_path, OURS).close()
