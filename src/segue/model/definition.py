"""What the definition child has read."""

from __future__ import annotations

import msgspec

from segue.model.spec import DagSpec
from segue.model.timing import Foretold

__all__ = [
    "Defined",
    "Definition",
    "FileError",
]


class FileError(msgspec.Struct, frozen=True, gc=False):
    """One error of a DAG file, for people."""

    file: str
    line: int | None
    message: str
    dag: str | None = None
    task: str | None = None


class Definition(msgspec.Struct, frozen=True, gc=False):
    """One DAG as its file says it now. `number` is its version's, where the store has this pair of digests already."""

    spec: DagSpec
    spec_digest: str
    code_digest: str
    bundle: str
    number: int | None = None
    foretold: Foretold = Foretold()


class Defined(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The definition child has read one file of a location; `gone` are DAGs that it does not declare any more.

    `confirmed`: a person has agreed to everything that a catch-up will run.
    """

    location: str
    file: str
    definitions: tuple[Definition, ...] = ()
    errors: tuple[FileError, ...] = ()
    gone: tuple[str, ...] = ()
    confirmed: bool = False
