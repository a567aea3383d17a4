"""What the code of tasks does that a second run, or a run on another day, would do wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from segue.define.lint_sources import Code, Source, texts_in
from segue.define.lint_text import appends, asks_the_clock, date_in, is_sql, replaces, runs_date

__all__ = ["CODE_RULES", "Seen", "TaskCode", "of_template"]

_NOW: Final = frozenset({
    "datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow", "datetime.date.today",
    "datetime.now", "datetime.today", "datetime.utcnow", "date.today", "pandas.Timestamp.now", "pandas.Timestamp.today",
    "pandas.Timestamp.utcnow", "pendulum.now", "pendulum.today", "pendulum.yesterday", "arrow.now", "arrow.utcnow",
})  # fmt: skip
_NOW_WITHOUT: Final = {"time.strftime": 1, "time.localtime": 0, "time.gmtime": 0, "time.ctime": 0}
"""These ask the clock where they are given no more arguments than that."""
_TELLS: Final = frozenset({"debug", "info", "warning", "error", "exception", "log", "print"})
_STAGES: Final = (
    frozenset({"extract", "ingest", "fetch", "pull", "download", "read"}),
    frozenset({"clean", "cleanse", "transform", "dedupe", "deduplicate", "filter", "normalise", "normalize"}),
    frozenset({"join", "merge", "combine", "enrich"}),
    frozenset({"aggregate", "agg", "summarise", "summarize", "rollup"}),
    frozenset({"load", "publish", "write", "upload", "export", "save"}),
)  # fmt: skip
_DATES: Final = frozenset({"ds", "binds", "partition_key"})
_HOURS: Final = re.compile(r"%H(?!.*%[zZ])")
_HOW: Final = frozenset({"if_exists", "mode", "write_disposition", "write_mode"})
_APPEND: Final = frozenset({"append", "a", "ab", "at", "write_append"})
_USE_INTERVAL: Final = "take it from the interval: `interval: Interval = injected`, then interval.ds or interval.start"


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding about code: its code, where, what, and what to write."""

    code: str
    line: int
    message: str
    hint: str


class TaskCode:
    """The code of one task, with the functions of its file that it calls.

    Args:
        task: its id.
        source: its file.
        code: its function.
        options: of the task.
    """

    def __init__(self, task: str, source: Source, code: Code, options: Mapping[str, Any]) -> None:
        self.task, self.source, self.code, self.options = task, source, code, options

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything in it that runs."""
        return [node for part in self.source.reach(self.code) for one in _body(part) for node in ast.walk(one)]

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every call in it."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def texts(self) -> list[tuple[ast.expr, str]]:
        """Every text in it, and texts at the top of its file that it names."""
        own = [found for part in self.source.reach(self.code) for one in _body(part) for found in texts_in(one)]
        names = dict.fromkeys(node.id for node in self.nodes if isinstance(node, ast.Name))
        constants = [self.source.constants[name] for name in names if name in self.source.constants]
        return own + [found for one in constants for found in texts_in(one)]

    @cached_property
    def date_use(self) -> str | None:
        """How it uses the date of its interval, None where it does not."""
        for node in self.nodes:
            if isinstance(node, ast.Attribute):
                of = ast.unparse(node.value)
                if node.attr in _DATES or (node.attr == "date" and "interval" in of.lower()):
                    return f"{of}.{node.attr}"
                if node.attr == "strftime" and re.search(r"interval|logical_date|execution_date", of):
                    return f"{of}.strftime"
        return next((use for _, text in self.texts if (use := date_in(text))), None)

    @cached_property
    def hour_uses(self) -> list[int]:
        """The lines in which it names an hour of the clock without an offset."""
        found = []
        for node in self.nodes:
            strftime = isinstance(node, ast.Constant) and isinstance(node.value, str) and _HOURS.search(node.value)
            if strftime or (isinstance(node, ast.FormattedValue) and ast.unparse(node.value).endswith(".hour")):
                found.append(getattr(node, "lineno", self.code.lineno))
        return found

    @cached_property
    def looks_back(self) -> ast.Call | None:
        """Where it asks for the interval before its own."""
        ways = [one for one in self.calls if isinstance(one.func, ast.Attribute) and one.func.attr == "previous"]
        return next((one for one in ways if not one.args), None)

    @property
    def is_declared(self) -> bool:
        """Whether the task says itself whether it may be run twice."""
        return self.options.get("idempotent") is not None


def of_template(name: str, text: str, line: int) -> Iterator[Seen]:
    """Findings about a text that a ready-made task is given."""
    if name == "command" and (found := runs_date(text)):
        yield Seen("now", line, f"{found} asks the clock: a run of another day gets today's date", "write {{ ds }}")
    if is_sql(text) and (found := asks_the_clock(text)):
        yield Seen("now", line, _clock_said(found), "write :ds, which is the date of the interval")


def _clocks(task: TaskCode) -> Iterator[Seen]:
    """The present moment, asked for in code: a run of another day would get today (S46)."""
    source = task.source
    told = {id(part) for call in task.calls if _last(call.func) in _TELLS for part in ast.walk(call)}
    asked = [call for call in task.calls if _asks(source, call) and id(call) not in told]
    measured = _measured(task, asked)
    for call in asked:
        if id(call) not in measured:
            text = (
                f"{ast.unparse(call)} in task {task.task} asks the clock: a rerun or backfill gets today, not its day"
            )
            yield Seen("now", call.lineno, text, _USE_INTERVAL)
    for node, text in task.texts:
        if id(node) not in told and is_sql(text) and (found := asks_the_clock(text)):
            hint = "bind the interval's date: WHERE day = :ds, with interval.binds()"
            yield Seen("now", node.lineno, _clock_said(found), hint)


def _clock_said(found: str) -> str:
    return f"{found} in a statement asks the clock: a rerun or backfill gets today, not its day"


def _asks(source: Source, call: ast.Call) -> bool:
    name = source.dotted(call.func)
    return name in _NOW or len(call.args) <= _NOW_WITHOUT.get(name, -1)


def _measured(task: TaskCode, asked: list[ast.Call]) -> set[int]:
    """Questions to the clock that only measure how long something takes: one time less another."""
    clocks = {id(call) for call in asked}
    given: dict[str, int] = {}
    for node in task.nodes:
        if isinstance(node, ast.Assign) and id(node.value) in clocks and isinstance(node.targets[0], ast.Name):
            given[node.targets[0].id] = id(node.value)
    apart: set[int] = set()
    for node in task.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            sides = [_clock_of(side, given, clocks) for side in (node.left, node.right)]
            if None not in sides:
                apart.update(one for one in sides if one is not None)
                apart.update(id(side) for side in (node.left, node.right))
    used = {node.id for node in task.nodes if isinstance(node, ast.Name) and _is_load(node) and id(node) not in apart}
    return {one for one in apart if one in clocks and one not in {given[name] for name in used if name in given}}


def _clock_of(node: ast.expr, given: Mapping[str, int], clocks: set[int]) -> int | None:
    if isinstance(node, ast.Name):
        return given.get(node.id)
    return id(node) if id(node) in clocks else None


def _appends(task: TaskCode) -> Iterator[Seen]:
    """What is written a second time by a second run (S50)."""
    if task.is_declared:
        return
    hint = "write the day's part whole (segue.data.overwrite_partition, delete_then_insert), or say idempotent=False"
    for call in task.calls:
        if (how := _append_of(call)) and "log" not in ast.unparse(call).lower():
            text = f"task {task.task} appends ({how}): what it writes is there twice when it runs twice"
            yield Seen("append", call.lineno, text, hint)
    if any(replaces(text) for _, text in task.texts):
        return
    for node, text in task.texts:
        if appends(text):
            said = f"task {task.task} inserts rows and deletes none before: they are there twice when it runs twice"
            yield Seen("append", node.lineno, said, "DELETE FROM … WHERE day = :ds first, or say idempotent=False")
            return


def _append_of(call: ast.Call) -> str | None:
    """How a call opens or writes something at its end."""
    for one in call.keywords:
        value = one.value.value if isinstance(one.value, ast.Constant) else None
        if one.arg in _HOW and isinstance(value, str) and value.lower() in _APPEND:
            return f"{one.arg}={value!r}"
    given = [one.value if isinstance(one, ast.Constant) else None for one in call.args]
    mode = next(iter(given if isinstance(call.func, ast.Attribute) and len(given) == 1 else given[1:]), None)
    if _last(call.func) == "open" and isinstance(mode, str) and re.fullmatch(r"a[bt]?\+?", mode):
        return "open(…, 'a')"
    return "mode('append')" if _last(call.func) == "mode" and given == ["append"] else None


def _posts(task: TaskCode) -> Iterator[Seen]:
    if task.is_declared:
        return
    for call in task.calls:
        name = task.source.dotted(call.func)
        what = "posts" if name in ("requests.post", "httpx.post") else None
        if name.startswith("smtplib.SMTP") and name.endswith(("sendmail", "send_message")):
            what = "sends mail"
        if what:
            text = f"task {task.task} {what}: run again after it was lost, it does so twice"
            yield Seen("post", call.lineno, text, "say idempotent=False, or idempotent=True where twice does no harm")


def _stages(task: TaskCode) -> Iterator[Seen]:
    """One task that does what should be several (S29)."""
    if isinstance(task.code, ast.Lambda):
        return
    called = [_last(one.func) for one in ast.walk(task.code) if isinstance(one, ast.Call) and _is_own(task, one)]
    named, doing = _stages_of([task.code.name]), _stages_of(called)
    words = named if len(named) >= 3 else doing
    whole = re.search(r"(?:^|_)(?:etl|elt)(?:_|$)", task.code.name)
    if len(words) >= 3 or (whole and len(doing) >= 2):
        chain = " >> ".join(dict.fromkeys(words if len(words) >= 3 else doing))
        text = f"task {task.task} does several steps ({chain}): when the last one fails, all of it runs again"
        yield Seen("giant", task.code.lineno, text, f"split it, one task for each step: {chain}")


def _stages_of(names: list[str]) -> list[str]:
    """The words for stages in names, one of each stage, in the order of stages."""
    words = [word for name in names for word in name.lower().split("_")]
    found = [next((word for word in words if word in stage), None) for stage in _STAGES]
    return [word for word in found if word is not None]


def _is_own(task: TaskCode, call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in task.source.functions


def _body(part: ast.AST) -> list[ast.AST]:
    body = getattr(part, "body", [])
    return list(body) if isinstance(body, list) else [body]


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


CODE_RULES: Final[tuple[Callable[[TaskCode], Iterator[Seen]], ...]] = (_clocks, _appends, _posts, _stages)
