"""One file has the same digests everywhere: hash seed, folder, working directory and Python version do not count.

`rich.json` and `full.json` are the golden ones. They change only with the meaning of a spec: say so in the commit that
changes one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = {name: json.loads((HERE / f"{name}.json").read_text()) for name in ("rich", "full")}
LIGHT = ("cronsim", "msgspec", "tzdata")


def _digests(project: Path, python: str = sys.executable, cwd: Path = HERE, **env: str) -> dict[str, object]:
    found = {}
    for name in GOLDEN:
        command = [python, "-B", HERE / "digests.py", project / f"{name}.py"]
        run = subprocess.run(command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        found[name] = json.loads(run.stdout)
    return found


def test_the_digests_are_the_golden_ones():
    assert _digests(HERE / "project") == GOLDEN


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_hash_seed_does_not_count(seed: str):
    assert _digests(HERE / "project", PYTHONHASHSEED=seed) == GOLDEN


def test_folder_and_working_directory_do_not_count(tmp_path: Path):
    copy = shutil.copytree(HERE / "project", tmp_path / "elsewhere")
    assert _digests(copy, cwd=tmp_path) == GOLDEN


def _interpreter(version: str) -> str:
    """An interpreter of this version; skips where there is none."""
    found = shutil.which(f"python{version}")
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for python in [*map(str, pyenv), *([found] if found else [])]:
        said = subprocess.run([python, "-c", "import sys; print(*sys.version_info[:2], sep='.')"], capture_output=True,
                              text=True, check=False)  # fmt: skip
        if said.stdout.strip() == version:
            return python
    pytest.skip(f"no Python {version} on this machine: digests under it are not compared")


def _light(python: str, folder: Path) -> Path:
    """What the light distribution needs, from the lock file with its hashes; skips where that fails."""
    if not (folder / "done").exists():
        blocks = re.split(r"\n(?=[a-z0-9.-]+(?:\[.*\])?==)", (ROOT / "requirements-test.lock").read_text())
        wanted = folder / "requirements.txt"
        wanted.write_text("\n".join(block for block in blocks if block.partition("==")[0] in LIGHT))
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "--only-binary=:all:"]
        command = [python, "-m", "pip", "install", *options, "--upgrade", "--target", folder, "-r", wanted]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if run.returncode:
            pytest.skip(f"the light distribution cannot be installed for {python}: {run.stderr.strip()[-300:]}")
        (folder / "done").touch()
    return folder


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_the_python_version_does_not_count(version: str, pytestconfig: pytest.Config):
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        pytest.skip("it is the version that runs the other tests")
    python = _interpreter(version)
    light = _light(python, pytestconfig.cache.mkdir(f"light-{version}"))
    assert _digests(HERE / "project", python, PYTHONPATH=f"{light}{os.pathsep}{ROOT / 'src'}") == GOLDEN
