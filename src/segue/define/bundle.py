"""Bundles: the snapshot of a location's folder by content (ARCHITECTURE, "Code bundles").

The digest is taken over paths, contents and the executable bit, so two machines agree on it. A bundle is written to a
folder beside its place and renamed; files that the previous bundle of the same root holds are hard links to it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from segue.define.digest import imported_files
from segue.define.ignore import Rule, ignored, read_rules
from segue.model.errors import DefinitionError

__all__ = [
    "MAX_BYTES",
    "MAX_FILES",
    "Bundle",
    "Snapshots",
    "dag_files",
    "mentions_dag",
    "origin_of",
    "project_root",
    "tracked",
]

MAX_BYTES: Final = 50_000_000
MAX_FILES: Final = 10_000
_FEW: Final = 16
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_MARKS: Final = ("pyproject.toml", "segue.toml")
_SIGNS: Final = ("CACHEDIR.TAG", "pyvenv.cfg", "owner.json", "segue.db")
"""A folder that holds one of these is a cache, an environment or a home."""
_NEVER: Final = {".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__", ".segue"}


@dataclass(frozen=True, slots=True)
class Bundle:
    """A snapshot: its digest, its folder, the folder it was made from, and a file, relative to both."""

    digest: str
    folder: Path
    root: Path
    file: str


class _Manifest(msgspec.Struct, frozen=True):
    """What a bundle holds: digests by path."""

    root: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Makes bundles below one folder. Contents are hashed again only where size, times or inode have changed.

    Args:
        folder: where bundles lie; made if it is not there.
    """

    folder: Path
    _known: dict[Path, tuple[tuple[int, ...], str]] = field(default_factory=dict)

    def held(self, digest: str, root: Path, name: str) -> Bundle | None:
        """A bundle that is there and has this file, else None."""
        folder = self.folder / digest
        return Bundle(digest, folder, root, name) if digest and (folder / name).is_file() else None

    def take(self, file: Path) -> Bundle:
        """The bundle of the folder a DAG file belongs to.

        Raises:
            DefinitionError: the folder is too large; the biggest files are named.
            OSError: it cannot be read, or the bundle not be written.
        """
        if not file.is_file():
            raise DefinitionError(f"there is no file {file}")
        root = project_root(file)
        paths = imported_files(file, file.parent) if root is None else [*_tracked(root)]
        root = root or file.parent
        if file not in paths:
            paths.append(file)
        for _ in range(3):
            files = {path.relative_to(root).as_posix(): path for path in sorted(paths) if path.is_file()}
            _check_size(files)
            digests = {name: self._digest(path) for name, path in files.items()}
            text = "\n".join(f"{name}\0{digest}" for name, digest in digests.items())
            digest = blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()
            if (self.folder / digest).is_dir() or self._write(digest, root, files, digests):
                return Bundle(digest, self.folder / digest, root, file.relative_to(root).as_posix())
        raise DefinitionError(f"folder {root} changes while it is read: load it again")

    def _digest(self, path: Path) -> str:
        stat = path.stat()
        mark = stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
        known = self._known.get(path)
        if known is None or known[0] != mark:
            known = mark, _content_digest(path.read_bytes(), bool(stat.st_mode & 0o100))
            self._known[path] = known
        return known[1]

    def _write(self, digest: str, root: Path, files: dict[str, Path], digests: dict[str, str]) -> bool:
        """Write a bundle; False where a file changed in between."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        previous, held = self._previous(root)
        self._sweep()
        fresh = self.folder / f".{digest}.{os.getpid()}"
        written: list[Path] = []
        try:
            for name, path in files.items():
                target = fresh / name
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if held.get(name) == digests[name] and _linked(previous / name, target):
                    continue
                if not _copied(path, target, digests[name]):
                    del self._known[path]
                    return False
                written.append(target)
            _sync(written)
            manifest = self.folder / f".files.{os.getpid()}"
            manifest.write_bytes(msgspec.msgpack.encode(_Manifest(str(root), digests)))
            manifest.replace(self.folder / f"{digest}.files")
            _rename(fresh, self.folder / digest)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return True

    def _sweep(self) -> None:
        """Remove what writers left that were killed; names end with the writer's process id."""
        for left in self.folder.glob(".*"):
            pid = left.suffix[1:]
            if pid.isdecimal() and (int(pid) == os.getpid() or not _alive(int(pid))):
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _previous(self, root: Path) -> tuple[Path, dict[str, str]]:
        """The newest bundle of the same root and what it holds."""
        manifests = sorted(self.folder.glob("*.files"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in manifests:
            try:
                manifest = msgspec.msgpack.decode(path.read_bytes(), type=_Manifest)
            except (OSError, msgspec.DecodeError):
                continue
            if manifest.root == str(root) and path.with_suffix("").is_dir():
                return path.with_suffix(""), manifest.files
        return self.folder, {}


def project_root(file: Path) -> Path | None:
    """The nearest folder above a file with a `pyproject.toml` or `segue.toml`; None for a lone file."""
    return next((up for up in file.parents if any((up / mark).is_file() for mark in _MARKS)), None)


def origin_of(bundle: Path) -> Path | None:
    """The folder that a bundle was made from, None where that is not known."""
    try:
        manifest = msgspec.msgpack.decode(bundle.with_name(f"{bundle.name}.files").read_bytes(), type=_Manifest)
    except (OSError, msgspec.DecodeError):
        return None
    return Path(manifest.root)


def dag_files(folder: Path) -> list[Path]:
    """The Python files below a folder that seem to declare DAGs, by path; none that a bundle would leave out.

    Args:
        folder: an absolute path.
    """
    root = project_root(folder / "any") or folder
    found = (path for path in _tracked(root) if path.suffix == ".py" and path.is_relative_to(folder))
    return sorted(path for path in found if mentions_dag(path))


def mentions_dag(path: Path) -> bool:
    """Whether a Python file seems to declare DAGs."""
    text = path.read_bytes()
    return b"segue" in text and (b"dag" in text or b"Dag" in text)


def _tracked(root: Path) -> Iterator[Path]:
    return (path for _, files in tracked(root) for path in files)


def tracked(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    """The folders below a root with the files that git would track, without asking git: it may not be there."""
    rules: dict[Path, list[Rule]] = {}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        prefix = "" if here == root else f"{here.relative_to(root).as_posix()}/"
        own = rules[here] = [*rules.get(here.parent, []), *read_rules(here / ".gitignore", prefix)]
        folders[:] = sorted(
            name for name in folders if _enters(here / name) and not ignored(f"{prefix}{name}", True, own)
        )
        yield here, [here / name for name in sorted(files) if not ignored(f"{prefix}{name}", False, own)]


def _enters(folder: Path) -> bool:
    left_out = folder.name in _NEVER or folder.is_symlink()
    return not left_out and not any((folder / mark).exists() for mark in _SIGNS)


def _check_size(files: dict[str, Path]) -> None:
    if len(files) > MAX_FILES:
        raise DefinitionError(
            f"the bundle would have {len(files):,} files, {MAX_FILES:,} are the most: leave some out by a .gitignore"
        )
    sizes = {name: path.stat().st_size for name, path in files.items()}
    total = sum(sizes.values())
    if total > MAX_BYTES:
        biggest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:3]
        named = ", ".join(f"{name} ({sizes[name] / 1e6:.1f} MB)" for name in biggest)
        raise DefinitionError(
            f"the bundle would have {total / 1e6:.0f} MB, {MAX_BYTES / 1e6:.0f} are the most: leave data out by a "
            f".gitignore; the biggest files are {named}"
        )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, under another user
    return True


def _content_digest(content: bytes, executable: bool) -> str:
    return blake2b(content, digest_size=16).hexdigest() + ("x" if executable else "")


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def _copied(source: Path, target: Path, digest: str) -> bool:
    content = source.read_bytes()
    executable = digest.endswith("x")
    if _content_digest(content, executable) != digest:
        return False
    # Read-only: what later bundles link to is not to be changed by a task that writes beside its file.
    with target.open("xb") as stream:
        target.chmod(0o500 if executable else 0o400)
        stream.write(content)
    return True


def _sync(files: Sequence[Path]) -> None:
    """Let files reach the disk: few of them one by one, many at once with whatever else waits to be written there."""
    for path in files[:1] if _libc is not None and len(files) > _FEW else files:
        with path.open("rb") as stream:
            if _libc is None or len(files) <= _FEW:
                os.fsync(stream.fileno())
            elif _libc.syncfs(stream.fileno()):
                raise OSError(ctypes.get_errno(), "a bundle cannot be written", str(path))


def _rename(fresh: Path, place: Path) -> None:
    try:
        fresh.rename(place)
    except OSError:
        if not place.is_dir():  # else another process was faster, with the same content
            raise
