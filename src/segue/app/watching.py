"""The DAG folders of an owner that stays, as they are now.

A change rings the bell; then sizes and times of all files are compared with what they were. Files that have changed,
that import what has, or that could not be read are read again, in the definition child; every other file of the project
only takes the new bundle. What a file says is told to the loop as events; the loop never opens a file.

All of it belongs to one thread, because a child dies with the thread that started it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from segue.app.bell import FolderBell
from segue.app.early import DefinitionChild, Read
from segue.app.foretelling import Foretelling
from segue.app.settings import Settings
from segue.define.bundle import mentions_dag, project_root, tracked
from segue.model.definition import Defined, Definition
from segue.model.errors import EnvironmentFault

__all__ = ["Declared", "Watcher"]

_CODE: Final = frozenset(
    (".py", ".sql", ".j2", ".jinja", ".jinja2", ".tmpl", ".toml", ".yaml", ".yml", ".sh", ".cfg", ".ini", ".txt")
)
"""Files with such names make a new bundle at once; data that lies beside them does not."""

_LINGER: Final = 60.0  # seconds that the definition child stays after its last file
_AGAIN: Final = 5.0  # seconds until files are read again that no interpreter could read
_BATCH: Final = 50  # files that are told at once when there are many

Mark: TypeAlias = tuple[int, ...]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[Definition, ...]).decode


def _matters(name: str) -> bool:
    return Path(name).suffix in _CODE or name == ".gitignore"


@dataclass(slots=True)
class Declared:
    """What is known about one DAG file.

    Args:
        root: of its project, absolute; name: of the file, relative to it.
        ids: the DAGs that it declares, as far as it could be read.
        imports: the files that it reaches by import statements.
        bundle: that its definitions carry.
        definitions: encoded, to be told anew with another bundle.
        whole: it was read without an error.
    """

    root: str
    name: str
    ids: frozenset[str] = frozenset()
    imports: frozenset[Path] = frozenset()
    bundle: str = ""
    definitions: bytes = b""
    whole: bool = False


@dataclass(slots=True)
class _Sight:
    """The folders to be watched, and the marks of the files that matter in them."""

    folders: list[Path] = field(default_factory=list)
    marks: dict[Path, Mark] = field(default_factory=dict)


class Watcher:
    """Reads what is in the DAG folders, and again what changes, until it is stopped.

    Args:
        settings: in force.
        paths: folders and files with DAGs.
        known: gives what the store knows: file -> ids of its DAGs that are not retired.
        post: puts events before the loop.
        foretelling: says when files are to be read again that have not changed.
        say: told in a sentence what a person may want to know.
    """

    def __init__(
        self, settings: Settings, paths: Sequence[Path], known: Callable[[], dict[tuple[str, str], Collection[str]]],
        post: Callable[..., None], say: Callable[[str], None], foretelling: Foretelling,
    ) -> None:  # fmt: skip
        self._foretelling = foretelling
        self._settings, self._paths, self._known, self._post, self._say = settings, paths, known, post, say
        self._bell = FolderBell(_matters)
        self._child: DefinitionChild | None = None
        self._sight = _Sight()
        self._files: dict[Path, Declared] = {}
        self._bundles: dict[str, str] = {}  # newest of each project
        self._wanted: set[Path] = set()
        self._stopped = False

    def run(self) -> None:
        """Watch, from a thread that lasts as long as this process."""
        try:
            self._begin()
            while not self._stopped:
                rang = self._bell.wait(self._patience())
                self._wanted |= self._foretelling.take()
                if rang or self._wanted:
                    self.look()
                elif self._child is not None:
                    self._dismiss()
        finally:
            self._dismiss()
            self._bell.close()

    def stop(self) -> None:
        """End it soon; from any thread."""
        self._stopped = True
        self._bell.poke()

    def poke(self) -> None:
        """What is foretold has changed; from any thread."""
        self._bell.poke()

    def _patience(self) -> float | None:
        """Seconds until there is something to do without a bell."""
        ends = [self._foretelling.wait(), _AGAIN if self._wanted else None, _LINGER if self._child else None]
        return min((end for end in ends if end is not None), default=None)

    # ------------------------------------------------------------------------------------------------------- looking
    def _begin(self) -> None:
        for (root, name), ids in self._known().items():
            self._files[Path(root) / name] = Declared(root, name, frozenset(ids))
        self._sight = self._seen()
        self._bell.watch(self._sight.folders)
        candidates = [path for path in self._sight.marks if self._may_declare(path)]
        left = self._files.keys() - set(candidates)
        gone = [path for path in left if self._ours(path) or not path.is_file()]
        self._post_gone({path: self._files.pop(path).ids for path in gone}, ())
        self._say(f"{len(candidates)} DAG file{'' if len(candidates) == 1 else 's'} in {_shown(self._paths)}")
        for start in range(0, len(candidates), _BATCH):
            self._take(candidates[start : start + _BATCH])

    def look(self) -> None:
        """See what has changed, read it, and tell."""
        before, self._sight = self._sight.marks, self._seen()
        self._bell.watch(self._sight.folders)
        now = self._sight.marks
        changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        wanted, self._wanted = self._wanted, set()
        if not changed and not wanted:
            return
        if self._settings.file in changed:
            self._say(f"{self._settings.file} has changed: settings are read at the start, so start again to take them")
        gone = {path: self._files.pop(path).ids for path in changed & self._files.keys() if not self._may_declare(path)}
        fresh = {path for path in changed if path in now and self._may_declare(path)}
        touched = {
            path
            for path, one in self._files.items()
            if path in now and self._ours(path) and _beside(one, changed) and (one.imports & changed or not one.whole)
        }
        self._take(sorted(fresh | touched | (wanted & now.keys())), gone)
        self._rebundle(changed)

    def _seen(self) -> _Sight:
        sight = _Sight()
        for root in self._roots():
            if not root.is_dir():
                sight.folders.append(next(up for up in root.parents if up.is_dir()))
                continue
            for folder, files in tracked(root):
                sight.folders.append(folder)
                for path in files:
                    if _matters(path.name) and (mark := _mark_of(path)):
                        sight.marks[path] = mark
        return sight

    def _roots(self) -> list[Path]:
        """The folders to look into: whole projects, for what is imported lies anywhere in them."""
        roots = dict.fromkeys(
            project_root(path / "any") or (path if path.suffix != ".py" else path.parent) for path in self._paths
        )
        return [root for root in roots if not any(root != other and root.is_relative_to(other) for other in roots)]

    def _ours(self, path: Path) -> bool:
        """Whether a file lies where DAG files are looked for."""
        return any(path == one or path.is_relative_to(one) for one in self._paths)

    def _may_declare(self, path: Path) -> bool:
        try:
            return path.suffix == ".py" and self._ours(path) and mentions_dag(path)
        except OSError:
            return False

    # ------------------------------------------------------------------------------------------------------- reading
    def _take(self, files: Sequence[Path], gone: dict[Path, frozenset[str]] | None = None) -> None:
        """Read files and tell: first what has gone, then what is there now."""
        reads = list(self._read(files))
        told = [(path, read, self._remember(path, read)) for path, read in reads]
        missing = {path: ids for path, _, ids in told if ids}
        heirs = [one for _, read, _ in told for one in read.definitions]
        self._post_gone({**(gone or {}), **missing}, heirs)
        self._post(*(Defined(read.root, read.file, read.definitions, read.errors) for _, read, _ in told))
        self._tell_others(frozenset().union(*(gone or {}).values(), *missing.values()), {path for path, _ in reads})

    def _read(self, files: Sequence[Path]) -> Iterator[tuple[Path, Read]]:
        """What files say; those that no interpreter can read now come again."""
        left = list(files)
        try:
            child = self._child = self._child or DefinitionChild(self._settings)
            for path in files:
                child.ask(path)
                read = child.answer()
                left.pop(0)
                yield path, read
        except EnvironmentFault as why:
            self._say(str(why))
            self._wanted |= set(left)
            self._dismiss()

    def _remember(self, path: Path, read: Read) -> frozenset[str]:
        """Note what a file says; gives the DAGs that it does not declare any more."""
        old = self._files.get(path) or Declared(read.root, read.file)
        ids = frozenset(one.spec.id for one in read.definitions)
        imports = frozenset(Path(read.root) / name for name in read.imports) or old.imports
        if read.bundle:
            self._bundles[read.root] = read.bundle
        if read.errors:  # its DAGs keep their last good version
            self._files[path] = Declared(
                read.root, read.file, old.ids | ids, imports | {path}, read.bundle, _encode(read.definitions)
            )
            return frozenset()
        self._files[path] = Declared(
            read.root, read.file, ids, imports, read.bundle, _encode(read.definitions), whole=True
        )
        return old.ids - ids

    def _post_gone(self, gone: dict[Path, frozenset[str]], heirs: Sequence[Definition]) -> None:
        """Tell what no file declares any more; a DAG that has another id now has not gone."""
        renamed = {one.spec.renamed_from for one in heirs}
        events = []
        for path, ids in gone.items():
            if left := sorted(ids - renamed):
                root, name = self._place_of(path)
                events.append(Defined(root, name, gone=tuple(left)))
        self._post(*events)

    def _place_of(self, path: Path) -> tuple[str, str]:
        root = project_root(path) or path.parent
        return str(root), path.relative_to(root).as_posix()

    def _tell_others(self, gone: frozenset[str], told: set[Path]) -> None:
        """A DAG that has gone from one file may be declared in another one, which was refused until now."""
        again = [one for path, one in self._files.items() if one.ids & gone and path not in told and one.definitions]
        self._post(*(Defined(one.root, one.name, _decode(one.definitions)) for one in again))

    def _rebundle(self, changed: set[Path]) -> None:
        """Files of a project that has another bundle now take it, without being read."""
        for root in {one.root for one in self._files.values() if _beside(one, changed)}:
            inside = [path for path, one in self._files.items() if one.root == root and one.definitions]
            if inside and not any(self._files[path].imports & changed for path in inside):
                self._take(inside[:1])  # whichever: it brings the bundle
            bundle = self._bundles.get(root, "")
            self._give(bundle, [path for path in inside if bundle not in ("", self._files[path].bundle)])

    def _give(self, bundle: str, files: Sequence[Path]) -> None:
        events = []
        for path in files:
            one = self._files[path]
            definitions = tuple(msgspec.structs.replace(old, bundle=bundle) for old in _decode(one.definitions))
            one.bundle, one.definitions = bundle, _encode(definitions)
            if one.whole:
                events.append(Defined(one.root, one.name, definitions))
        self._post(*events)

    def _dismiss(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()


def _beside(one: Declared, changed: set[Path]) -> bool:
    """Whether any of these belongs to the file's project."""
    return any(path.is_relative_to(one.root) for path in changed)


def _mark_of(path: Path) -> Mark | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _shown(paths: Sequence[Path]) -> str:
    return os.pathsep.join(map(str, paths))
