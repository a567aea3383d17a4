"""`.gitignore` rules, in the part of their grammar that files use (git's own documentation, "PATTERN FORMAT").

Own code and not a library, because the light distribution must make the same bundle as the full one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Rule", "ignored", "read_rules"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a `.gitignore`: which paths, relative to its folder, it speaks of, and whether it takes them back."""

    folder: str
    pattern: re.Pattern[str]
    only_folders: bool
    keeps: bool


def read_rules(file: Path, folder: str) -> list[Rule]:
    """The rules of a `.gitignore`; none where it is not there.

    Args:
        file: the `.gitignore`.
        folder: its folder relative to the root, `""` or ending with `/`.
    """
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return []
    return [rule for line in lines if (rule := _rule(line, folder))]


def ignored(path: str, is_folder: bool, rules: list[Rule]) -> bool:
    """Say whether the last rule that speaks of a path, relative to the root, leaves it out."""
    for rule in reversed(rules):
        inside = path.startswith(rule.folder) and (is_folder or not rule.only_folders)
        if inside and rule.pattern.fullmatch(path[len(rule.folder) :]):
            return not rule.keeps
    return False


def _rule(line: str, folder: str) -> Rule | None:
    text = re.sub(r"(?<!\\) +$", "", line)
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[1:] if keeps else text
    only_folders = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.removeprefix("/")
    if not text:
        return None
    try:
        pattern = re.compile(_regex(text if anchored else f"**/{text}"), re.DOTALL)
    except re.error:  # git matches nothing with a class that cannot be read
        return None
    return Rule(folder, pattern, only_folders, keeps)


_PARTS = re.compile(
    r"(?P<any>^\*\*/|/\*\*/)|(?P<below>/\*\*$)|(?P<star>\*+)|(?P<one>\?)|(?P<set>\[[!^]?\]?[^\]]*\])|\\(?P<raw>.)"
)


def _regex(text: str) -> str:
    out, at = "", 0
    for part in _PARTS.finditer(text):
        out += re.escape(text[at : part.start()])
        at = part.end()
        match part.lastgroup:
            case "any":
                out += "(?:.*/)?" if part.start() == 0 else "/(?:.*/)?"
            case "below":
                out += "/.+"
            case "star":
                out += "[^/]*"
            case "one":
                out += "[^/]"
            case "set":
                body = part["set"][1:-1]
                out += f"(?!/)[{'^' + body[1:] if body[0] == '!' else body}]".replace("[^]", "[^\\]")
            case _:
                out += re.escape(part["raw"])
    return out + re.escape(text[at:])
