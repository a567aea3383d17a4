"""Locations: folders of DAG files that an interpreter of their own loads and runs (INTERFACE, "Locations").

A file belongs to the location with the longest path that holds it, else to the default one, whose name is empty and
whose interpreter is this one.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from segue.model.definition import Definition, FileError
from segue.model.errors import UsageError
from segue.model.spec import DagSpec, Rules, spec_digest
from segue.run.children.definition_wire import Read

__all__ = ["HERE", "Location", "location_of", "placed", "read_locations"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Location(msgspec.Struct, frozen=True):
    """A folder of DAG files, and who loads and runs them.

    Args:
        name: as in `[tool.segue.locations.NAME]`; empty: the default one.
        path: the folder, or one file.
        python: the interpreter.
        owner: of its DAGs that name none.
        connections: granted to all its tasks.
    """

    name: str = ""
    path: Path = Path("/")
    python: str = sys.executable
    owner: str | None = None
    connections: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """How sentences about it begin."""
        return f"location {self.name}: " if self.name else ""


HERE: Final = Location()
"""The default location."""


class _Keys(msgspec.Struct, frozen=True):
    path: str
    python: str | None = None
    owner: str | None = None
    connections: tuple[str, ...] = ()


def read_locations(tables: object, root: Path, file: object) -> tuple[Location, ...]:
    """The locations that settings declare.

    Args:
        tables: what `[tool.segue.locations]` holds.
        root: folder of the settings file; paths are relative to it.
        file: the settings file, for messages.

    Raises:
        UsageError: an unknown key (the nearest is named), a value of the wrong kind, two locations of one path.
    """
    if not isinstance(tables, Mapping):
        raise UsageError(f"{file}: locations is a table of tables: [tool.segue.locations.NAME]")
    found: dict[Path, Location] = {}
    for name, table in tables.items():
        location = _read(name, table, root, f"{file}: [tool.segue.locations.{name}]")
        twin = found.setdefault(location.path, location)
        if twin is not location:
            raise UsageError(f"{file}: locations {twin.name} and {name} have one path, {location.path}")
    return tuple(found.values())


def location_of(locations: Sequence[Location], file: Path) -> Location:
    """The location that a file belongs to."""
    holders = [one for one in locations if file.resolve().is_relative_to(one.path)]
    return max(holders, key=lambda one: len(one.path.parts), default=HERE)


def placed(read: Read, location: Location) -> Read:
    """What a file of this location says: its DAGs carry the location's name, its owner and what it grants."""
    errors = tuple(error for definition in read.definitions for error in _strayed(definition.spec, location))
    if location is HERE and not errors:
        return read
    astray = {error.dag for error in errors}
    return msgspec.structs.replace(
        read,
        definitions=tuple(_adopted(one, location) for one in read.definitions if one.spec.id not in astray),
        errors=(*read.errors, *errors),
    )


def _read(name: str, table: Any, root: Path, place: str) -> Location:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{place}: a location's name is made of letters, digits, _ and -")
    if not isinstance(table, Mapping):
        raise UsageError(f'{place} is a table: path = "…", python = "…"')
    for key in table:
        if key == "image":
            raise UsageError(f"{place}: image is not available in this version: name an interpreter, python = …")
        if key not in _Keys.__struct_fields__:
            near = difflib.get_close_matches(key, _Keys.__struct_fields__, 1)
            hint = f": did you mean {near[0]}?" if near else f"; there are {', '.join(_Keys.__struct_fields__)}"
            raise UsageError(f"{place} has no key {key!r}{hint}")
    try:
        keys = msgspec.convert(table, _Keys)
    except msgspec.ValidationError as why:
        raise UsageError(f"{place}: {why}") from None
    path = (root / Path(keys.path).expanduser()).resolve()
    return Location(name, path, _interpreter(keys.python, root), keys.owner, keys.connections)


def _interpreter(named: str | None, root: Path) -> str:
    """A bare name is looked up as a shell does. Links stay: where they lie tells an interpreter its libraries."""
    if named is None:
        return sys.executable
    if os.sep not in named:
        return shutil.which(named) or named
    return os.path.abspath(root / Path(named).expanduser())  # noqa: PTH100 - `resolve` would follow links


def _strayed(spec: DagSpec, location: Location) -> Iterator[FileError]:
    if spec.location not in ("", location.name):
        own = f"location {location.name}" if location.name else "the default location"
        text = (
            f"dag(location={spec.location!r}): this file belongs to {own}. Leave location= out, "
            f"or move the file below the path of [tool.segue.locations.{spec.location}]"
        )
        yield FileError(spec.file, spec.line, text, spec.id)


def _adopted(definition: Definition, location: Location) -> Definition:
    spec, granted = definition.spec, dict[Rules, Rules]()  # tasks share their rules
    if location.connections:
        tasks = tuple(
            msgspec.structs.replace(task, rules=granted.setdefault(task.rules, _granted(task.rules, location)))
            for task in spec.tasks
        )
        spec = msgspec.structs.replace(spec, tasks=tasks)
    spec = msgspec.structs.replace(spec, location=location.name, owner=spec.owner or location.owner)
    return msgspec.structs.replace(definition, spec=spec, spec_digest=spec_digest(spec))


def _granted(rules: Rules, location: Location) -> Rules:
    names = tuple(dict.fromkeys((*rules.connections, *location.connections)))
    return msgspec.structs.replace(rules, connections=names)
