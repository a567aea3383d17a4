"""Deploys from afar: an archive is unpacked by a child of its own, and its files are loaded by the definition child.

What is taken lies in the home, a folder for each archive, below one for its location: restarts find the files again.
Each replaces what that location has had from afar: a DAG that comes again moves from the old folder to the new one in
the one act that takes them all, so its clock goes on.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b, file_digest
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

import msgspec

from segue.app.checking import files_of
from segue.app.clock import SystemClock
from segue.app.deploying import Plan, plan_deploy, read_files
from segue.app.early import Read
from segue.app.home import Home
from segue.app.locations import Location
from segue.app.reading import open_reading
from segue.app.settings import FILES, Settings
from segue.define.bundle import project_root, tracked
from segue.model.access import Subject
from segue.model.definition import Defined
from segue.model.errors import DefinitionError, Refused, UsageError
from segue.model.views import DagView
from segue.run.children.unpacking import REFUSED, check_size, place_in
from segue.show.backdoors import Deployment, Upload
from segue.show.reading import Reading

__all__ = ["Uploads", "pack"]

_DEFAULT: Final = "_"  # the folder of the default location: no location has such a name
_TOLD: Final = 20  # errors
_PATIENCE: Final = 120.0  # seconds for an archive to be unpacked
_KEPT: Final = 3600.0  # seconds that what nobody has taken is kept: an answer may come late


# -------------------------------------------------------------------------------------------------------------- packing
def pack(path: Path, into: BinaryIO) -> str:
    """Write the project that a folder or file belongs to as an archive, without what git would leave out.

    Args:
        path: with DAGs; the whole project goes along, for they may import anything of it.
        into: takes the archive.

    Returns:
        The path within the archive.

    Raises:
        UsageError: it is too large.
    """
    path = path.resolve()
    root = project_root(path / "any") or (path if path.is_dir() else path.parent)
    total = count = 0
    with gzip.GzipFile("", "wb", 6, into, mtime=0) as plain, tarfile.open(fileobj=plain, mode="w") as archive:
        for file in (file for _, files in tracked(root) for file in files if file.is_file()):
            total, count = total + file.stat().st_size, count + 1
            check_size(total, count)
            member = tarfile.TarInfo(file.relative_to(root).as_posix())  # links are followed, as a bundle does
            member.size, member.mode = file.stat().st_size, 0o700 if file.stat().st_mode & 0o100 else 0o600
            with file.open("rb") as content:
                archive.addfile(member, content)
    return "." if path == root else path.relative_to(root).as_posix()


def _unpack(archive: Path, folder: Path) -> None:
    """Have a child unpack an archive into a new folder.

    Raises:
        UsageError: it is no archive, is too large, or holds a link, a device or a name that leads out of the folder.
    """
    words = [sys.executable, "-P", "-m", "segue.run.children.unpacking", str(os.getpid()), str(archive), str(folder)]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"the archive was not unpacked within {_PATIENCE:.0f} s") from None
    if done.returncode == REFUSED:
        raise UsageError(done.stdout.decode(errors="replace"))
    if done.returncode:
        raise UsageError(f"the archive cannot be unpacked: its child ended with {done.returncode}")


# -------------------------------------------------------------------------------------------------------------- opening
class Uploads:
    """See `segue.show.backdoors.Deployer`; one upload is open at a time.

    Args:
        settings: in force.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, Lock()
        self._folder = settings.home / "deployed"

    @contextmanager
    def opened(self, upload: Upload) -> Iterator[Deployment]:
        """Unpack an upload, have it read, and say what taking it would change."""
        if not self._lock.acquire(blocking=False):
            raise Refused("another deploy is under way: send it again when that has ended")
        try:
            location = self._location(upload.location)
            beside = self._folder / (location.name or _DEFAULT)
            folder, digest = self._unpacked(upload.archive, beside)
            reads = self._read(location, folder, upload.paths)
            with open_reading(Home(self._settings.home)) as reading:
                self._sweep(reading, folder)
                bundles = self._settings.home / "bundles"
                plan = plan_deploy(reading, reads, [beside], bundles, SystemClock().now())
                plan = _with_moves(plan, reading, reads, beside)
                subjects = tuple(_subjects(reading, plan, reads))
            yield Deployment(
                f"{location.name or 'default'} {digest}", plan.changes, subjects, plan.act(upload.label),
                tuple(f"{one.dag} runs {one.catch_up:,} intervals of the past" for one in plan.asks),
            )  # fmt: skip
        finally:
            self._lock.release()

    def _location(self, name: str) -> Location:
        if not name:
            return Location()
        found = next((one for one in self._settings.locations if one.name == name), None)
        if found is None:
            known = ", ".join(one.name for one in self._settings.locations) or "none"
            raise UsageError(f"there is no location {name[:100]!r} in the settings of this server: there are {known}")
        return found

    def _unpacked(self, archive: Path, beside: Path) -> tuple[Path, str]:
        """The folder of an archive; one that came before is there already."""
        digest = _digest(archive)
        folder = beside / digest
        if not folder.is_dir():
            beside.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = beside / f".{digest}.{os.getpid()}"
            shutil.rmtree(fresh, ignore_errors=True)
            try:
                fresh.mkdir(mode=0o700)
                _unpack(archive, fresh)
                if not any((fresh / mark).is_file() for mark in FILES):
                    (fresh / "segue.toml").touch()  # else its root would be a project further up
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return folder, digest

    def _read(self, location: Location, folder: Path, paths: Sequence[str]) -> list[Read]:
        places = [place_in(folder, path) for path in paths] or [folder]
        for path, place in zip(paths, places, strict=False):
            if not place.exists():
                raise UsageError(f"the archive has no {path[:200]}")
        files = files_of(places)
        if not files:
            raise UsageError("the archive has no DAG file: none of its Python files mentions segue and a DAG")
        here = msgspec.structs.replace(location, path=folder)
        reads = read_files(msgspec.structs.replace(self._settings, locations=(here,) if here.name else ()), files)
        faults = [DefinitionError(one.message, file=one.file, line=one.line) for read in reads for one in read.errors]
        if faults:
            raise DefinitionError("; ".join(str(fault) for fault in faults[:_TOLD]))
        return reads

    def _sweep(self, reading: Reading, keep: Path) -> None:
        """Remove what nobody has taken, or what has been replaced."""
        used = {Path(view.location) for view in reading.dags()} | {keep}
        for folder in self._folder.glob("*/*"):
            old = time.time() - folder.stat().st_mtime > _KEPT
            if old and not any(place.is_relative_to(folder) for place in used):
                shutil.rmtree(folder, ignore_errors=True)


def _digest(archive: Path) -> str:
    with archive.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=12)).hexdigest()


def _with_moves(plan: Plan, reading: Reading, reads: Sequence[Read], beside: Path) -> Plan:
    """DAGs that come again from another folder are let go of by their old one."""
    told = {(read.root, read.file) for read in reads}
    ids = {one.spec.id for read in reads for one in read.definitions}
    left: dict[tuple[str, str], list[str]] = {}
    for view in reading.dags():
        place = (view.location, view.file)
        if view.dag in ids and place not in told and not view.timing.retired and _inside(view, beside):
            left.setdefault(place, []).append(view.dag)
    gone = tuple(Defined(root, file, gone=tuple(dags)) for (root, file), dags in left.items())
    return Plan((*gone, *plan.files), plan.changes)


def _inside(view: DagView, folder: Path) -> bool:
    return Path(view.location).is_relative_to(folder)


def _subjects(reading: Reading, plan: Plan, reads: Sequence[Read]) -> Iterator[Subject]:
    """The DAGs as they are declared now, and as they are known: also those that are retired, or have another id now."""
    specs = [one.spec for read in reads for one in read.definitions]
    named = {name for spec in specs for name in (spec.id, spec.renamed_from)}
    named |= {dag for file in plan.files for dag in file.gone}
    specs += [reading.newest(view) for view in reading.dags() if named & {view.dag, *view.former}]
    for spec in specs:
        yield Subject(spec.id, spec.location, spec.tags, spec.owner or "")
