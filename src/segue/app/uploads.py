"""Deploys from afar: an archive is unpacked with suspicion, and read by the definition child alone.

What is taken lies in the home, a folder for each archive, below one for its location: restarts find the files again.
Each replaces what that location has had from afar: a DAG that comes again moves from the old folder to the new one in
the one act that takes them all, so its clock goes on.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import BinaryIO, Final
from zlib import error as ZlibError

import msgspec

from segue.app.checking import files_of
from segue.app.clock import SystemClock
from segue.app.deploying import Plan, plan_deploy, read_files
from segue.app.early import Read
from segue.app.home import Home
from segue.app.locations import Location
from segue.app.reading import open_reading
from segue.app.settings import FILES, Settings
from segue.define.bundle import MAX_BYTES, MAX_FILES, project_root, tracked
from segue.model.access import Subject
from segue.model.definition import Defined
from segue.model.errors import DefinitionError, Refused, UsageError
from segue.model.views import DagView
from segue.show.backdoors import Deployment, Upload
from segue.show.reading import Reading

__all__ = ["Uploads", "pack", "unpack"]

_DEFAULT: Final = "_"  # the folder of the default location: no location has such a name
_HEADS: Final = 2_048 * MAX_FILES  # bytes that a tar has beside the files themselves
_LONGEST_NAME: Final = 500
_TOLD: Final = 20  # errors
_KEPT: Final = 3600.0  # seconds that what nobody has taken is kept: an answer may come late
_CHUNK: Final = 1024 * 1024


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
            _check_size(total, count)
            member = tarfile.TarInfo(file.relative_to(root).as_posix())  # links are followed, as a bundle does
            member.size, member.mode = file.stat().st_size, 0o700 if file.stat().st_mode & 0o100 else 0o600
            with file.open("rb") as content:
                archive.addfile(member, content)
    return "." if path == root else path.relative_to(root).as_posix()


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive (tar, also gzipped) into a new folder: files only, and only below it.

    Raises:
        UsageError: it is no archive, is too large, or holds a link, a device or a name that leads out of the folder.
    """
    with _uncompressed(archive) as plain:
        try:
            with tarfile.open(fileobj=plain, mode="r:") as members:
                total = 0
                for count, member in enumerate(members, 1):
                    if member.isdir():
                        _place(folder, member.name).mkdir(parents=True, exist_ok=True)
                        _check_size(total, count)
                        continue
                    if not member.isreg() or member.issparse():
                        raise UsageError(f"the archive holds {member.name[:200]!r}, which is no plain file")
                    total += member.size
                    _check_size(total, count)
                    _write(members, member, _place(folder, member.name))
        except (tarfile.TarError, EOFError, ValueError) as why:
            raise UsageError(f"what was sent is no tar archive: {why}") from None
        except OSError as why:
            raise UsageError(f"the archive cannot be unpacked: {why.strerror or why}") from None


@contextmanager
def _uncompressed(archive: Path) -> Iterator[BinaryIO]:
    """The archive, plain: one that grows beyond what is taken is refused before anything of it is understood."""
    with archive.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            file.seek(0)
            yield file
            return
        file.seek(0)
        plain = archive.with_name(f"{archive.name}.plain")
        with gzip.open(file, "rb") as source, plain.open("w+b") as target:
            try:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    if target.tell() > MAX_BYTES + _HEADS:
                        raise UsageError(
                            f"the archive unpacks to more than {MAX_BYTES / 1e6:.0f} MB, which is the most"
                        )
            except (OSError, EOFError, ZlibError) as why:
                raise UsageError(f"what was sent is no gzipped archive: {why}") from None
            target.seek(0)
            yield target


def _place(folder: Path, name: str) -> Path:
    """Where a member comes to lie."""
    parts = PurePosixPath(name).parts
    odd = not name or len(name) > _LONGEST_NAME or name.startswith("/") or ".." in parts or "\\" in name
    if odd or not name.isprintable():
        raise UsageError(f"the archive holds {name[:200]!r}, which is no name of a file below its folder")
    return folder.joinpath(*parts)


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    source = members.extractfile(member)
    assert source is not None, "it is a plain file"
    with source, place.open("xb") as target:
        place.chmod(0o700 if member.mode & 0o100 else 0o600)
        shutil.copyfileobj(source, target, _CHUNK)


def _check_size(total: int, count: int) -> None:
    if total > MAX_BYTES:
        raise UsageError(f"the bundle has more than {MAX_BYTES / 1e6:.0f} MB, which is the most: leave data out of it")
    if count > MAX_FILES:
        raise UsageError(f"the bundle has more than {MAX_FILES:,} files, which is the most")


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
                unpack(archive, fresh)
                if not any((fresh / mark).is_file() for mark in FILES):
                    (fresh / "segue.toml").touch()  # else its root would be a project further up
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return folder, digest

    def _read(self, location: Location, folder: Path, paths: Sequence[str]) -> list[Read]:
        places = [_place(folder, path) for path in paths] or [folder]
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
    digest = blake2b(digest_size=12)
    with archive.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


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
