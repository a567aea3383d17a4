"""The DAG folders of an owner that stays, as they are now.

A change rings the bell; then sizes and times of all files are compared with what they were. Files that have changed,
that import or read what has, or that could not be read are read again, in the definition child; every other file of
the project only takes the new bundle. What a file says is told to the loop as events; the loop never opens a file.
A start is a change like any other, since the last time that somebody looked.

All of it belongs to one thread, because a child dies with the thread that started it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from segue.app.bell import FolderBell
from segue.app.early import DefinitionChild, Read, errors_of
from segue.app.foretelling import Foretelling
from segue.app.seen import Declared, Mark, Seen, load_seen, mark_of, save_seen, stamp_of
from segue.app.settings import Settings
from segue.define.bundle import mentions_dag, project_root, tracked
from segue.model.definition import Defined, Definition
from segue.model.errors import EnvironmentFault, SegueError

__all__ = ["Known", "Watcher"]

_CODE: Final = frozenset(
    (".py", ".sql", ".j2", ".jinja", ".jinja2", ".tmpl", ".toml", ".yaml", ".yml", ".sh", ".cfg", ".ini", ".txt")
)
"""Files with such names make a new bundle at once; data that lies beside them does not, unless a DAG file reads it."""

_LINGER: Final = 60.0  # seconds that the definition child stays after its last file
_AGAIN: Final = 5.0  # seconds until files are read again that no interpreter could read
_LONGEST: Final = 24 * 3600.0  # seconds that the kernel is told to wait
_BATCH: Final = 50  # files that are told at once when there are many

Known: TypeAlias = Mapping[tuple[str, str], Mapping[str, str]]
"""What the store knows: folder and file -> DAGs that are not retired -> their bundle, "" where the file has failed."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[Definition, ...]).decode


class Watcher:
    """Reads what is in the DAG folders, and again what changes, until it is stopped.

    Args:
        settings: in force.
        paths: folders and files with DAGs.
        known: asks the store.
        post: puts events before the loop, all of them together.
        say: told in a sentence what a person may want to know.
        foretelling: says when files are to be read again that have not changed.
    """

    def __init__(
        self, settings: Settings, paths: Sequence[Path], known: Callable[[], Known], post: Callable[..., None],
        say: Callable[[str], None], foretelling: Foretelling,
    ) -> None:  # fmt: skip
        self._settings, self._paths, self._known, self._post, self._say = settings, paths, known, post, say
        self._foretelling = foretelling
        self._bell = FolderBell(self._matters)
        self._child: DefinitionChild | None = None
        self._stamp = stamp_of(settings)
        self._files: dict[Path, Declared] = {}
        self._marks: dict[Path, Mark] = {}
        self._names: set[str] = set()  # of files that DAG files read
        self._bundles: dict[str, str] = {}  # newest of each project
        self._wanted: set[Path] = set()
        self._stopped = False

    def run(self) -> None:
        """Watch, from a thread that lasts as long as this process."""
        try:
            while not self._stopped:
                try:
                    self._watch()
                except (SegueError, OSError) as why:  # the store is away, a folder cannot be listed
                    self._say(f"DAG files cannot be looked at, again in {_AGAIN:g} s: {why}")
                    self._dismiss()
                    self._bell.wait(_AGAIN)
        finally:
            self._dismiss()
            self._bell.close()

    def _watch(self) -> None:
        self._begin()
        while not self._stopped:
            rang = self._bell.wait(self._patience())
            self._wanted |= self._foretelling.take()
            if rang or self._wanted:
                self.look()
            elif self._child is not None:
                self._dismiss()

    def stop(self) -> None:
        """End it soon; from any thread."""
        self._stopped = True
        self._bell.poke()

    def poke(self) -> None:
        """What is foretold has changed; from any thread."""
        self._bell.poke()

    def _patience(self) -> float | None:
        """Seconds until there is something to do without a bell."""
        foretold = self._foretelling.wait()
        ends = [
            None if foretold is None else min(foretold, _LONGEST),
            _AGAIN if self._wanted else None,
            _LINGER if self._child else None,
        ]
        return min((end for end in ends if end is not None), default=None)

    # ------------------------------------------------------------------------------------------------------- looking
    def _begin(self) -> None:
        seen = load_seen(self._settings.home, self._stamp)
        self._marks = {Path(name): mark for name, mark in seen.marks.items()}
        kept = {Path(name): one for name, one in seen.files.items()}
        known = self._known()
        for root, name in {*known, *((one.root, one.name) for one in kept.values())}:
            path, dags = Path(root) / name, known.get((root, name), {})
            if path not in kept or not self._is_as_known(kept[path], dags):
                kept[path] = Declared(root, name, frozenset(dags))
        self._files = kept
        self._wanted = {path for path, one in kept.items() if not one.whole and self._ours(path)}
        self._names = {Path(name).name for one in kept.values() for name in one.imports}
        self.look(first=True)

    def _is_as_known(self, one: Declared, dags: Mapping[str, str]) -> bool:
        """Whether the store has what was read when this file was seen last."""
        there = (self._settings.home / "bundles" / one.bundle).is_dir()
        return there and one.ids == dags.keys() and {*dags.values()} <= {one.bundle}

    def look(self, *, first: bool = False) -> None:
        """See what has changed, read it, and tell."""
        before, (folders, self._marks) = self._marks, self._seen()
        self._bell.watch(folders)
        now = self._marks
        changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        wanted, self._wanted = self._wanted & now.keys(), set()
        if first:
            count = sum(self._may_declare(path) for path in now)
            self._say(f"{count} DAG file{'' if count == 1 else 's'} in {os.pathsep.join(map(str, self._paths))}")
        elif self._settings.file in changed:
            self._say(f"{self._settings.file} has changed: settings are read at the start, so start again to take them")
        if not (first or changed or wanted):
            return
        gone = [path for path in self._files if self._has_gone(path, changed)]
        lost = {path: self._files.pop(path).ids for path in gone}
        fresh = {path for path in changed if path in now and self._may_declare(path)}
        self._take(sorted(fresh | self._touched(changed) | {path for path in wanted if self._may_declare(path)}), lost)
        self._rebundle(changed)
        self._save()

    def _seen(self) -> tuple[list[Path], dict[Path, Mark]]:
        """The folders to be watched, and the marks of the files that matter in them."""
        folders: list[Path] = []
        marks: dict[Path, Mark] = {}
        for root in self._roots():
            if not root.is_dir():
                folders.append(next(up for up in root.parents if up.is_dir()))
                continue
            for folder, files in tracked(root):
                folders.append(folder)
                for path in files:
                    if self._matters(path.name) and (mark := mark_of(path)):
                        marks[path] = mark
        return folders, marks

    def _roots(self) -> list[Path]:
        """The folders to look into: whole projects, for what is imported lies anywhere in them."""
        roots = dict.fromkeys(
            project_root(path / "any") or (path if path.suffix != ".py" else path.parent) for path in self._paths
        )
        return [root for root in roots if not any(root != other and root.is_relative_to(other) for other in roots)]

    def _matters(self, name: str) -> bool:
        return Path(name).suffix in _CODE or name in self._names or name == ".gitignore"

    def _ours(self, path: Path) -> bool:
        """Whether a file lies where DAG files are looked for; what was deployed from afar lies in the home."""
        inside = any(path == one or path.is_relative_to(one) for one in self._paths)
        return inside and not path.is_relative_to(self._settings.home)

    def _may_declare(self, path: Path) -> bool:
        try:
            return path.suffix == ".py" and self._ours(path) and mentions_dag(path)
        except OSError:
            return False

    def _has_gone(self, path: Path, changed: Collection[Path]) -> bool:
        if path not in self._marks:
            return self._ours(path) or not path.is_file()
        return path in changed and self._ours(path) and not self._may_declare(path)

    def _touched(self, changed: set[Path]) -> set[Path]:
        """The files that reach something that has changed; one that could not be read may reach whatever is new."""
        names = {str(path) for path in changed}
        return {
            path
            for path, one in self._files.items()
            if path in self._marks
            and self._ours(path)
            and (one.imports & names or (not one.whole and _beside(one, changed)))
        }

    def _save(self) -> None:
        files = {str(path): one for path, one in self._files.items()}
        marks = {str(path): mark for path, mark in self._marks.items()}
        save_seen(self._settings.home, Seen(self._stamp, files, marks))

    # ------------------------------------------------------------------------------------------------------- reading
    def _take(self, files: Sequence[Path], gone: Mapping[Path, frozenset[str]]) -> None:
        """Read files and tell: first what has gone, then what is there now."""
        lost = dict(gone)
        for start in range(0, max(1, len(files)), _BATCH):
            if self._stopped:
                return
            reads = list(self._read(files[start : start + _BATCH]))
            lost |= {path: ids for path, read in reads if (ids := self._remember(path, read))}
            heirs = [one for _, read in reads for one in read.definitions]
            told = [Defined(read.root, read.file, read.definitions, read.errors) for _, read in reads]
            again = self._declared_elsewhere(frozenset().union(*lost.values()), {path for path, _ in reads})
            self._post(*self._gone(lost, heirs), *told, *again)
            lost = {}

    def _read(self, files: Sequence[Path]) -> Iterator[tuple[Path, Read]]:
        """What files say; those that no interpreter can read now come again. Files of a project share one bundle."""
        left, bundles = list(files), dict[Path, str]()
        try:
            child = self._child = self._child or DefinitionChild(self._settings)
            for path in files:
                root = project_root(path)
                child.ask(path, bundles.get(root, "") if root else "")
                read = child.answer()
                left.pop(0)
                if root and read.bundle:
                    bundles[root] = read.bundle
                yield path, read
        except EnvironmentFault as why:
            self._say(str(why))
            self._wanted |= set(left)
            self._dismiss()

    def _remember(self, path: Path, read: Read) -> frozenset[str]:
        """Note what a file says; gives the DAGs that it does not declare any more."""
        old = self._files.get(path) or Declared(read.root, read.file)
        ids = frozenset(one.spec.id for one in read.definitions)
        imports = frozenset(str(Path(read.root) / name) for name in read.imports) or old.imports
        self._note(imports)
        if read.bundle:
            self._bundles[read.root] = read.bundle
        whole = not read.errors  # else its DAGs keep their last good version
        self._files[path] = Declared(
            read.root, read.file, ids if whole else old.ids | ids, imports | {str(path)}, read.bundle,
            _encode(read.definitions), whole, "\n".join(map(str, errors_of(read))),
        )  # fmt: skip
        return old.ids - ids if whole else frozenset()

    def _note(self, imports: Collection[str]) -> None:
        """From now on files matter that this one reads."""
        roots = self._roots()
        for path in map(Path, imports):
            self._names.add(path.name)
            if path not in self._marks and any(map(path.is_relative_to, roots)) and (mark := mark_of(path)):
                self._marks[path] = mark

    def _gone(self, lost: Mapping[Path, frozenset[str]], heirs: Sequence[Definition]) -> Iterator[Defined]:
        """What no file declares any more; a DAG that has another id now has not gone."""
        renamed = {one.spec.renamed_from for one in heirs}
        for path, ids in lost.items():
            if left := sorted(ids - renamed):
                root = project_root(path) or path.parent
                yield Defined(str(root), path.relative_to(root).as_posix(), gone=tuple(left))

    def _declared_elsewhere(self, gone: frozenset[str], told: Collection[Path]) -> list[Defined]:
        """A DAG that has gone from one file may be declared in another one, which was refused until now."""
        return [
            Defined(one.root, one.name, _decode(one.definitions))
            for path, one in self._files.items()
            if one.ids & gone and path not in told and one.definitions
        ]

    def _rebundle(self, changed: set[Path]) -> None:
        """Files of a project that has another bundle now take it, without being read."""
        names = {str(path) for path in changed}
        for root in {one.root for one in self._files.values() if _beside(one, changed)}:
            inside = [path for path, one in self._files.items() if one.root == root and one.definitions]
            if inside and not any(self._files[path].imports & names for path in inside):
                self._take(inside[:1], {})  # whichever: it brings the bundle
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
