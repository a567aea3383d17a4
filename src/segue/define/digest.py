"""Digests of code: of one function by its tokens, of a DAG file by all files it imports.

Tokens are compared, not syntax trees, because `ast.dump` differs between Python versions. Comments, blank lines and
the width of indentation do not count. From Python 3.12 on an f-string is many tokens; it is put together again.
"""

from __future__ import annotations

import ast
import io
import token
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

__all__ = ["code_digest", "function_digest", "import_folders", "imported_files"]

_SILENT: Final = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
_OPENING: Final = {getattr(token, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(token, name)}
_CLOSING: Final = {getattr(token, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(token, name)}


def function_digest(fn: Callable[..., Any]) -> str:
    """Digest of a function's own code, decorators aside; of its name where there is no source to read."""
    fn = _plain(fn)
    code = getattr(fn, "__code__", None)
    name = f"{getattr(fn, '__module__', '')}.{getattr(fn, '__qualname__', repr(type(fn)))}"
    if code is None:
        return _short(name)
    texts = _functions(code.co_filename).get((code.co_firstlineno, code.co_name))
    return texts or _short(name)


def code_digest(file: Path, root: Path) -> str:
    """Digest of a file and the Python files below `root` that it imports, also inside functions, and they import."""
    entries = [
        (path.relative_to(root).as_posix(), blake2b(path.read_bytes(), digest_size=16).hexdigest())
        for path in imported_files(file, root)
    ]
    return _short("\n".join(f"{name} {digest}" for name, digest in sorted(entries)))


def import_folders(file: Path, root: Path) -> list[Path]:
    """Where a DAG file's own imports are looked for, in order: the root, its `src`, the file's folder."""
    folders = dict.fromkeys((root, root / "src", file.parent))
    return [folder for folder in folders if folder.is_dir()]


def imported_files(file: Path, root: Path) -> list[Path]:
    """The file and all files below `root` that are reached from it by import statements."""
    found, open_files = {file: None}, [file]
    folders = import_folders(file, root)
    while open_files:
        one = open_files.pop()
        for name in _imports(one):
            for path in _files_of(name, (*folders, one.parent)):
                if path not in found and path.is_relative_to(root):
                    found[path] = None
                    open_files.append(path)
    return list(found)


def _plain(fn: Callable[..., Any]) -> Callable[..., Any]:
    seen = set()
    while hasattr(fn, "__wrapped__") and id(fn) not in seen:
        seen.add(id(fn))
        fn = fn.__wrapped__
    return fn


@lru_cache(maxsize=32)
def _functions(file: str) -> dict[tuple[int, str], str]:
    """Digests of the functions of a file by (first line as the interpreter counts it, name)."""
    try:
        with tokenize.open(file) as stream:
            source = stream.read()
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return {}
    lines = source.splitlines(keepends=True)
    found: dict[tuple[int, str], str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found[first, node.name] = _short(_text(lines, node))
        elif isinstance(node, ast.Lambda):
            key = node.lineno, "<lambda>"
            found[key] = _short(found.get(key, "") + _text(lines, node))  # two in a line: neither can be told apart
    return found


def _text(lines: list[str], node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> str:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    part = [line.encode() for line in lines[node.lineno - 1 : node.end_lineno]]
    part[-1] = part[-1][: node.end_col_offset]
    part[0] = part[0][node.col_offset :]
    wrapped = b"(" + b"".join(part) + b")" if isinstance(node, ast.Lambda) else b"".join(part)
    return "\n".join(_words(wrapped))


def _words(source: bytes) -> Iterator[str]:
    text = source.decode()
    lines = text.splitlines(keepends=True)
    depth, start = 0, (0, 0)
    for one in tokenize.generate_tokens(io.StringIO(text).readline):
        if one.type in _OPENING:
            start = start if depth else one.start
            depth += 1
        elif one.type in _CLOSING:
            depth -= 1
            if not depth:
                yield _between(lines, start, one.end)
        elif depth or one.type in _SILENT:
            continue
        elif one.type in (token.INDENT, token.DEDENT, token.NEWLINE):
            yield token.tok_name[one.type]
        else:
            yield one.string


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    (first, left), (last, right) = start, end
    if first == last:
        return lines[first - 1][left:right]
    return "".join([lines[first - 1][left:], *lines[first : last - 1], lines[last - 1][:right]])


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    """(level, dotted name) of everything a file imports; nothing where it cannot be read as Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield node.level, module
            yield from ((node.level, f"{module}.{alias.name}".strip(".")) for alias in node.names)


def _files_of(name: tuple[int, str], folders: Iterable[Path]) -> Iterator[Path]:
    level, dotted = name
    *tops, own = folders
    if level:
        tops = [own, *own.parents][level - 1 : level]
    parts = [part for part in dotted.split(".") if part]
    for top in tops:
        for depth in range(len(parts) + 1):
            path = top.joinpath(*parts[:depth])
            package = path / "__init__.py"
            if depth and package.is_file():
                yield package
            module = path.with_suffix(".py")
            if depth == len(parts) and parts and module.is_file():
                yield module


def _short(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
