import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.model.errors import EnvironmentFault
from segue.model.version import VERSION
from segue.run.interpreters import Child, environment_of
from segue.run.wire import WIRE, mismatch

ACTIVE = {"PATH": "/bin", "PYTHONPATH": "/ours", "PYTHONHOME": "/p", "VIRTUAL_ENV": "/v", "SEGUE_X": "1", "HOME": "/h"}


@pytest.fixture
def fd() -> Iterator[int]:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def ended(python: str, module: str, fd: int) -> str:
    child = Child(python, module, [], dict(os.environ), fd)
    child.end(60)
    complaint = child.complaint()
    child.close()
    return complaint


def test_a_child_in_this_interpreter_has_our_environment_without_what_is_segues():
    own = {name: value for name, value in ACTIVE.items() if name != "SEGUE_X"}
    assert environment_of(sys.executable, ACTIVE) == own


def test_nothing_leads_another_interpreter_to_our_libraries():
    assert environment_of("/usr/bin/python3.99", ACTIVE) == {"PATH": "/bin", "HOME": "/h"}


def test_an_interpreter_of_an_environment_finds_the_programs_of_that_environment(tmp_path: Path):
    (tmp_path / "pyvenv.cfg").touch()
    env = environment_of(str(tmp_path / "bin" / "python"), ACTIVE)
    assert (env["PATH"], env["VIRTUAL_ENV"]) == (f"{tmp_path}/bin:/bin", str(tmp_path))


def test_a_module_that_is_missing_is_named_with_what_to_install(fd: int):
    text = ended(sys.executable, "segue.nonesuch", fd)
    assert text == (
        f"{sys.executable} has no segue.nonesuch: install Segue there, "
        f"`{sys.executable} -m pip install segue=={VERSION}`"
    )


def test_the_last_line_a_child_said_is_its_complaint(tmp_path: Path, fd: int):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho first >&2\necho last >&2\necho >&2\nkill -9 $$\n")
    python.chmod(0o755)
    assert ended(str(python), "x", fd) == f"{python} ended with signal 9: last"


def test_an_interpreter_that_is_none_is_an_error_with_its_path(tmp_path: Path, fd: int):
    python = tmp_path / "python"
    python.write_text("neither a script nor a program")
    python.chmod(0o755)
    with pytest.raises(EnvironmentFault, match=f"{python} cannot be started: Exec format error"):
        Child(str(python), "x", [], {}, fd)


def test_owner_and_child_of_one_segue_have_nothing_to_say():
    assert mismatch(str(WIRE), VERSION) == ""


@pytest.mark.parametrize(("wire", "version"), [(str(WIRE), "9.9"), ("99", VERSION)])
def test_another_segue_is_refused_with_what_to_install(wire: str, version: str):
    assert f"-m pip install segue=={version}`" in mismatch(wire, version)
