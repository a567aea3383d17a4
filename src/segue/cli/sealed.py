"""What `connection` and `secret` share: reading a value that nobody sees, and listing names."""

from __future__ import annotations

import os
import sys

from segue.app.settings import Settings
from segue.cli.output import Code, console, print_json, table, terminal_safe, when
from segue.model.acts import SecretKind

__all__ = ["print_names", "read_value"]


def read_value(what: str) -> str:
    """A value from standard input, without its last newline, or typed in unseen where that is a terminal."""
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{what}: ")
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def print_names(settings: Settings, kind: SecretKind, as_json: bool) -> int:
    """List the names of a kind that are known without asking a back end, and where they come from; never a value."""
    from segue.app.vault_listing import known_names

    found = known_names(settings, os.environ, kind)
    if as_json:
        print_json([
            {"name": one.name, "place": one.place, "key": one.key, "set_at": when(one.at) or None, "set_by": one.actor}
            for one in found
        ])  # fmt: skip
        return Code.GOOD
    if not found:
        console().print(f"no {kind}s are known here")
        return Code.GOOD
    lines = table("name", "set", "by", "place")
    for one in found:
        name, place = terminal_safe(one.name), terminal_safe(one.place)
        lines.add_row(name, when(one.at, settings.keys.timezone), one.actor or "", place)
    console().print(lines)
    return Code.GOOD
