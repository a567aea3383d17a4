"""What the definition child is asked and what it answers: one frame each (`segue.run.wire.write_frame`), MessagePack.

The child is started as `python -P -m segue.run.children.definition PARENT FD [WIRE VERSION]`: the starter's process id,
the stream socket that it inherits, and what the starter speaks (`-P`: the starter's folder is no place to import from).
It answers requests in order and ends when the socket is closed or the parent dies; at once, with a sentence on standard
error, where it speaks something else.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from segue.model.definition import Definition, FileError

__all__ = ["MEMORY", "SECONDS", "Found", "Load", "Read"]

SECONDS: Final = 30.0
MEMORY: Final = 2 * 1024**3


class Load(msgspec.Struct, frozen=True, gc=False):
    """Take a bundle of the folder of a DAG file, import the file and compile its DAGs.

    Args:
        file: absolute path.
        bundles: absolute path of the folder that bundles lie in.
        values: arguments of DAG functions that are no params: `[tool.segue.env.NAME]`.
        seconds: after them the load is killed.
        memory: resident bytes; above them the load is killed.
        bundle: a bundle of the same folder that may be taken instead of a new one.
    """

    file: str
    bundles: str
    values: dict[str, Any] = {}
    seconds: float = SECONDS
    memory: int = MEMORY
    bundle: str = ""


class Found(msgspec.Struct, frozen=True, gc=False):
    """A lint finding."""

    severity: str
    file: str
    line: int
    message: str
    hint: str
    dag: str
    task: str | None = None
    code: str = ""


class Read(msgspec.Struct, frozen=True, gc=False):
    """What a file says. Paths in it are relative to `root`.

    Args:
        file: the file, relative to `root`.
        root: absolute path of the folder the bundle was made of.
        bundle: the bundle's digest, "" where there could be none.
        definitions: its sound DAGs.
        errors: everything wrong with the others, or with the file.
        findings: lint.
        output: what it printed, the last 64 KiB.
        arguments: the names under which its DAG functions take values of an environment.
        imports: the files below `root` that it reaches by import statements, itself among them, or read while loaded.
    """

    file: str
    root: str
    bundle: str = ""
    definitions: tuple[Definition, ...] = ()
    errors: tuple[FileError, ...] = ()
    findings: tuple[Found, ...] = ()
    output: str = ""
    arguments: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
