"""What a DAG file says outside of its tasks: secrets in its text, and work that importing it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from segue.define.lint_code import Seen
from segue.define.lint_sources import Source

__all__ = ["heavy_imports", "is_secret_name", "passwords"]

_SECRET: Final = re.compile(
    r"(?:^|_|pg|db)(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|secret_?key|private_?key|credentials?)$",
    re.IGNORECASE,
)
_IN_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@{}]+:(?P<password>[^\s/@{}$<>]+)@[\w.-]+", re.IGNORECASE)
_IN_DSN: Final = re.compile(r"\b(?:password|pwd)\s*=\s*(?P<password>[^\s;'\"{}$<>%]+)", re.IGNORECASE)
_SHAPES: Final = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bxox[abpr]-[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_PLACEHOLDER: Final = re.compile(
    r"[x*.…]+|<.*>|\$\{?\w+\}?|\{\{.*|env:.*|secret:.*|your[-_ ].*|none|null|.*://[^:]*", re.IGNORECASE
)

_HEAVY: Final = {
    "time.sleep": "sleeps", "asyncio.sleep": "sleeps", "os.system": "starts a program", "os.popen": "starts a program",
    "open": "reads a file", "builtins.open": "reads a file",
    **dict.fromkeys(("psycopg.connect", "psycopg2.connect", "sqlite3.connect", "duckdb.connect", "pyodbc.connect",
                     "mysql.connector.connect", "pymysql.connect", "snowflake.connector.connect", "oracledb.connect",
                     "pymongo.MongoClient", "redis.Redis"), "opens a database"),
    **dict.fromkeys(("urllib.request.urlopen", "urllib.request.urlretrieve", "socket.create_connection",
                     "smtplib.SMTP", "boto3.client", "boto3.resource", "boto3.Session"), "goes to the network"),
}  # fmt: skip
_HEAVY_LIKE: Final = (
    (re.compile(r"(?:requests|httpx)\.(?:get|post|put|patch|delete|head|request)"), "goes to the network"),
    (re.compile(r"subprocess\.(?:run|call|check_call|check_output|Popen|getoutput)"), "starts a program"),
    (
        re.compile(r"(?:pandas|polars|pyarrow|duckdb|geopandas)\.(?:\w+\.)*(?:read_\w+|scan_\w+|sql|query)"),
        "reads data",
    ),
    (re.compile(r"pathlib\.Path\(\).*\.(?:read_text|read_bytes|open)"), "reads a file"),
    (re.compile(r".*SparkSession\.builder.*\.getOrCreate"), "starts Spark"),
)
_DEFS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def passwords(source: Source) -> Iterator[Seen]:
    """Secrets that are written in a file (S85); what they are is not repeated."""
    seen: set[int] = set()
    for node in ast.walk(source.tree):
        for name, value in _named_values(node):
            if is_secret_name(name) and _is_secret(value, name) and value.lineno not in seen:
                seen.add(value.lineno)
                yield _told(f"{name} is written in the file", value.lineno)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno not in seen:
            what = _in_text(node.value)
            if what:
                seen.add(node.lineno)
                yield _told(what, node.lineno)


def is_secret_name(name: str) -> bool:
    """Whether what has this name is to be kept from people: `DB_PASSWORD`, `api_key`."""
    return _SECRET.search(name) is not None


def _told(what: str, line: int) -> Seen:
    hint = "keep it outside: `segue secret set NAME`, then secrets=['NAME'] and context.secret('NAME'); or a connection"
    return Seen("password", line, f"{what}: who reads the code has it, for ever", hint)


def _named_values(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for one in targets:
                yield _name(one), value
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield _name(target), value
        case ast.keyword(arg=str(name), value=value):
            yield name, value
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            named = [*args.posonlyargs, *args.args]
            yield from ((one.arg, value) for one, value in zip(reversed(named), reversed(args.defaults), strict=False))
            yield from ((one.arg, value) for one, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value)
        case _:
            return


def _name(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case _:
            return ""


def _is_secret(value: ast.expr, name: str) -> bool:
    text = value.value if isinstance(value, ast.Constant) else None
    if not isinstance(text, str) or not text.strip() or " " in text.strip():
        return False
    return _PLACEHOLDER.fullmatch(text) is None and text.lower().strip("_") != name.lower().strip("_")


def _in_text(text: str) -> str | None:
    if _SHAPES.search(text):
        return "a key is written in the file"
    found = _IN_URL.search(text) or _IN_DSN.search(text)
    if found and _PLACEHOLDER.fullmatch(found["password"]) is None:
        return "a text holds a password"
    return None


def heavy_imports(source: Source, dag_functions: set[str]) -> Iterator[Seen]:
    """Work that loading a file does: in its top level, in DAG functions, and in functions that these call.

    Args:
        source: the file.
        dag_functions: names of the functions that declare DAGs.
    """
    told: set[int] = set()
    called: dict[str, ast.AST] = {}
    parts: list[ast.AST] = [*source.tree.body]
    parts += [one for name in sorted(dag_functions & source.functions.keys()) for one in source.functions[name].body]
    for part in parts:
        for node in _run_at_once(part):
            if not isinstance(node, ast.Call):
                continue
            function = source.functions.get(node.func.id) if isinstance(node.func, ast.Name) else None
            if function is not None and not function.decorator_list and function.name not in called:
                called[function.name] = function
                parts += function.body
            what = _heavy(source, node)
            if what and node.lineno not in told:
                told.add(node.lineno)
                text = f"{ast.unparse(node.func)}(…) {what} whenever this file is loaded"
                yield Seen("import", node.lineno, text, "move it into a task")


def _run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a statement does: bodies of functions only when they are called."""
    if isinstance(node, ast.If) and re.search(r"__name__|TYPE_CHECKING", ast.unparse(node.test)):
        return
    if isinstance(node, ast.Lambda):
        return
    yield node
    if isinstance(node, _DEFS):
        children: list[ast.AST] = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _run_at_once(child)


def _heavy(source: Source, call: ast.Call) -> str | None:
    name = source.dotted(call.func)
    what = _HEAVY.get(name) or next((said for pattern, said in _HEAVY_LIKE if pattern.fullmatch(name)), None)
    # What lies beside the file goes with it into the bundle, and is read as its modules are.
    return None if what == "reads a file" and "__file__" in ast.unparse(call) else what
