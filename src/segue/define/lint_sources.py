"""The source of DAG files, for lint: syntax trees, what names stand for, and which findings a comment silences.

`# segue: ok` silences every finding of its statement, `# segue: ok[now, append]` those of these codes. In the head of a
function (decorators to the colon) it holds for the whole function.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

__all__ = ["Code", "Source", "Sources", "texts_in"]

Code: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_SILENCE: Final = re.compile(r"#\s*segue:\s*ok\b(?:\[(?P<codes>[\w\s,-]*)\])?")
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True)
class _Comments:
    texts: dict[int, str] = field(default_factory=dict)
    silent: dict[int, frozenset[str]] = field(default_factory=dict)


class Source:
    """One file.

    Args:
        path: the file.
        name: as findings write it.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        text = path.read_bytes()
        self.tree = ast.parse(text)
        self._comments = _comments(text)

    @property
    def comments(self) -> Mapping[int, str]:
        """Its comments by line."""
        return self._comments.texts

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        """Functions at its top level, by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, _FUNCTIONS)}

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Texts that are given a name at its top level."""
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.JoinedStr | ast.BinOp):
                found.update({one.id: node.value for one in node.targets if isinstance(one, ast.Name)})
        return found

    @cached_property
    def _imported(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    top = one.name.partition(".")[0]
                    found[one.asname or top] = one.name if one.asname else top
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.update({one.asname or one.name: f"{node.module}.{one.name}" for one in node.names})
        return found

    def dotted(self, node: ast.expr) -> str:
        """What an expression names, imports followed: `pathlib.Path().read_text`; "" where it is no name."""
        match node:
            case ast.Name(id=name):
                return self._imported.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                return f"{self.dotted(value)}.{attr}"
            case ast.Call(func=func):
                return f"{self.dotted(func)}()"
            case _:
                return ""

    @cached_property
    def _by_line(self) -> dict[tuple[int, str], Code]:
        found: dict[tuple[int, str], Code] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, _FUNCTIONS):
                found[_first(node), node.name] = node
            elif isinstance(node, ast.Lambda):
                found[node.lineno, "<lambda>"] = node
        return found

    def code_of(self, fn: Callable[..., Any]) -> Code | None:
        """The tree of a function that is defined in this file."""
        code = getattr(fn, "__code__", None)
        return None if code is None else self._by_line.get((code.co_firstlineno, code.co_name))

    def reach(self, code: Code) -> list[ast.AST]:
        """A function and the functions at top level that it calls by name, and they call; tasks and DAGs left out."""
        found: list[ast.AST] = [code]
        for one in found:
            for node in ast.walk(one):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    called = self.functions.get(node.func.id)
                    if called is not None and called not in found and not called.decorator_list:
                        found.append(called)
        return found

    def is_silenced(self, line: int, code: str) -> bool:
        """Whether a comment says that what stands in a line is meant."""
        if not self._comments.silent:
            return False
        for first, last in self._spans(line):
            for at in range(first, last + 1):
                codes = self._comments.silent.get(at)
                if codes is not None and (not codes or code in codes):
                    return True
        return False

    def _spans(self, line: int) -> Iterator[tuple[int, int]]:
        """The lines whose comments hold for a line: its statement, and the heads of the functions around it."""
        inner: tuple[int, int] = (line, line)
        for node in ast.walk(self.tree):  # outer ones first
            if isinstance(node, ast.stmt) and _first(node) <= line <= (node.end_lineno or node.lineno):
                body = getattr(node, "body", None)
                head = (_first(node), body[0].lineno - 1 if body else node.end_lineno or node.lineno)
                head = (head[0], max(head[1], node.lineno))
                if isinstance(node, _FUNCTIONS):
                    yield head
                if head[0] <= line <= head[1]:
                    inner = head
        yield inner


class Sources:
    """The files of a bundle, each read once.

    Args:
        root: the folder of the bundle; what lies elsewhere is nobody's DAG.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, Source | None] = {}

    def of(self, path: str) -> Source | None:
        """One file by its path; None where it cannot be read, or lies outside the root."""
        if path not in self._read:
            self._read[path] = self._source(Path(path))
        return self._read[path]

    def named(self, name: str) -> Source | None:
        """One file by its name in findings."""
        return self.of(str(self._root / name))

    def around(self, fn: Callable[..., Any]) -> tuple[Source, Code] | None:
        """The file of a function and its tree in it."""
        source = self.of(code.co_filename) if (code := getattr(fn, "__code__", None)) else None
        tree = source.code_of(fn) if source else None
        return None if source is None or tree is None else (source, tree)

    def _source(self, path: Path) -> Source | None:
        if not path.is_relative_to(self._root):
            return None
        try:
            return Source(path, path.relative_to(self._root).as_posix())
        except (OSError, SyntaxError, ValueError):
            return None


def texts_in(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Texts written in a tree, docstrings left out; of an f-string `{}` stands for each value."""
    passed: set[int] = set()
    for one in ast.walk(node):  # outer nodes first
        if isinstance(one, ast.Expr):
            passed.add(id(one.value))
        elif isinstance(one, ast.JoinedStr):
            passed.update(id(part) for part in ast.walk(one))
            yield one, "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in one.values)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in passed:
            yield one, one.value


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _comments(text: bytes) -> _Comments:
    found = _Comments()
    for token in tokenize.tokenize(io.BytesIO(text).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            found.texts[line] = token.string
            if silence := _SILENCE.search(token.string):
                found.silent[line] = frozenset(re.findall(r"[\w-]+", silence["codes"] or ""))
    return found
