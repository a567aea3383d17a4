"""What lies in the repository: locks that pin everything, and no host of a package registry anywhere."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from segue.model.version import VERSION
from tests.run_stages import STAGES

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-test.lock")
PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z,-]+\])?==(\S+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
# Each in two parts, so that this file names none either.
REGISTRIES = [".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"),
    ("anaconda", "org"), ("anaconda", "com"), ("crates", "io"), ("proxy.golang", "org"), ("registry", "npm"),
)]  # fmt: skip


def _tracked() -> list[Path]:
    """Files of the repository, those not added yet included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_the_package_has_the_version_that_its_processes_compare():
    assert PROJECT["project"]["version"] == VERSION


def _pins(lock: str) -> dict[str, set[str]]:
    """Versions by distribution; more than one where interpreters differ."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text().splitlines():
        if pin := PIN.match(line):
            found.setdefault(pin[1], set()).add(pin[2])
    return found


def _asked(*groups: str) -> Iterator[Requirement]:
    project = PROJECT["project"]
    texts = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    texts += project["optional-dependencies"]["up"]
    for group in groups:
        texts += PROJECT["dependency-groups"][group]
    return map(Requirement, texts)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_and_hashes_only(lock: str):
    lines = [line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []


@pytest.mark.parametrize(("lock", "groups"), [(LOCKS[0], ("build", "demo")), (LOCKS[1], ("build", "demo", "test"))])
def test_a_lock_pins_everything_the_project_asks_for(lock: str, groups: tuple[str, ...]):
    pins = _pins(lock)
    wanted = {canonicalize_name(one.name): one.specifier for one in _asked(*groups)}
    assert {name for name, fits in wanted.items() if not any(map(fits.contains, pins.get(name, ())))} == set()


def test_both_locks_pin_the_same_versions():
    demo, test = map(_pins, LOCKS)
    assert {name: versions for name, versions in demo.items() if test.get(name) != versions} == {}


def test_every_test_belongs_to_a_stage():
    named = [ROOT / word for stage in STAGES.values() for command in stage for word in command if "tests/" in word]
    tests = (ROOT / "tests").rglob("test_*.py")
    assert [test for test in tests if not any(test.is_relative_to(path) for path in named)] == []


def test_no_file_names_a_package_registry():
    named = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in _tracked()
        for host in REGISTRIES
        if host.encode() in path.read_bytes().lower()
    ]
    assert named == []


def test_every_decision_is_numbered_and_says_what_violates_it():
    pages = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    assert [page.name for page in pages if "**A change violates this when**" not in page.read_text()] == []
