"""The second opinion on `rerun --failed` and `--from`: which tasks a new run takes over, said once more and naively."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec.structs import replace

from segue.model.acts import Act, RerunRun
from segue.model.ids import RunKey
from segue.model.spec import DagSpec, MapSpec, TaskSpec
from segue.model.state import TaskState
from segue.testing.world.ledger import Commit, Ledger, RunRecord, TaskRecord, Violation, downstream
from segue.testing.world.oracle import between

__all__ = ["check_reuse"]

_GREEN = (TaskState.SUCCESS, TaskState.SKIPPED)


def check_reuse(ledger: Ledger, commit: Commit, key: RunKey, act: Act | None) -> None:
    """Compare what a new run takes over in the transaction of its creation with what it may.

    Raises:
        Violation: it takes over too much, too little, or something else.
    """
    found = {(one.task, one.index): one.new for one, _ in commit.tasks if one.run == key and one.reused_from}
    if not isinstance(act, RerunRun) or not (act.failed or act.cut):
        if found:
            raise Violation("REUSE", f"{key} takes over {found}, and nobody asked")
        return
    if any(one.run == act.run for one, _ in commit.tasks):
        return  # what the old run was before this turn is not known here any more
    wanted = _Reuse(ledger.runs[act.run], ledger.runs[key].spec, act).taken()
    if found != wanted:
        missing, more = wanted.items() - found.items(), found.items() - wanted.items()
        raise Violation("REUSE", f"{key} should take over {sorted(missing, key=str)} too, not {sorted(more, key=str)}")


class _Reuse:
    def __init__(self, old: RunRecord, spec: DagSpec, act: RerunRun) -> None:
        self.old, self.spec, self.act = old, spec, act
        self.tasks = {task.id: task for task in spec.tasks}
        self.former = {task.id: self._former(task) for task in spec.tasks}
        self.users: dict[str, set[str]] = {}
        for (setup, _), names in between(spec).items():
            self.users.setdefault(setup, set()).update(names)

    def _former(self, task: TaskSpec) -> str | None:
        if task.id in self.old.specs:
            return task.id
        before = task.renamed_from
        return before if before in self.old.specs and before not in self.tasks else None

    def was(self, name: str) -> str:
        return self.former[name] or name

    def taken(self) -> dict[tuple[str, int | None], TaskState]:
        runs = {name for name in self.tasks if self.must_run(name)}
        partly = {name for name in self.tasks if name not in runs and not all(map(_green, self.records(name)))}
        needed: set[str] = set()
        before: object = None
        while before != (before := (len(runs), len(needed))):
            for name, task in self.tasks.items():
                if any(up in runs | needed | partly and not self.spared(up, name, needed) for up in task.upstream):
                    runs.add(name)
            needed = {setup for setup, users in self.users.items() if users & (runs | needed | partly)} - runs - partly
        return {
            (name, index): record.state
            for name in self.tasks if name not in runs | needed
            for index, record in self.indexed(name) if _green(record)
        }  # fmt: skip

    def spared(self, up: str, name: str, needed: set[str]) -> bool:
        mapped = self.tasks[name].mapped
        return up in needed and name in self.users[up] and not (mapped and any(one.task == up for one in mapped.over))

    def indexed(self, name: str) -> list[tuple[int | None, TaskRecord]]:
        records = self.records(name)
        whole = self.old.task(self.was(name), None).expanded is None
        return [(None if whole else at, record) for at, record in enumerate(records)]

    def records(self, name: str) -> list[TaskRecord]:
        return self.old.items(self.was(name))

    def must_run(self, name: str) -> bool:
        task, before = self.tasks[name], self.former[name]
        if before is None or self.in_cut(task):
            return True
        whole, was = self.old.task(before, None), self.old.specs[before]
        if whole.expanded is None and not _green(whole):
            return True
        if (task.kind, self.mapped(task), task.rules.trigger_rule) != (was.kind, was.mapped, was.rules.trigger_rule):
            return True
        if whole.followed is not None:
            names = {self.was(below): below for below in downstream(self.spec)[name]}
            if not names.keys() >= set(whole.followed):
                return True
        return self.act.failed and self.changed(task, was, whole)

    def changed(self, task: TaskSpec, was: TaskSpec, whole: TaskRecord) -> bool:
        if tuple(map(self.was, task.data)) != was.data or {*map(self.was, task.after)} != {*was.after}:
            return True
        ran = whole.expanded is not None or whole.state is TaskState.SUCCESS or whole.number > 0
        code = task.function, task.arguments, task.rules.secrets
        return ran and code != (was.function, was.arguments, was.rules.secrets)

    def mapped(self, task: TaskSpec) -> MapSpec | None:
        if task.mapped is None:
            return None
        over = tuple(replace(one, task=one.task and self.was(one.task)) for one in task.mapped.over)
        return MapSpec(task.mapped.mode, over)

    def in_cut(self, task: TaskSpec) -> bool:
        return any(_names(word, task) for word in self.act.cut)


def _names(word: str, task: TaskSpec) -> bool:
    sort, _, name = word.partition(":")
    if sort == "group":
        return task.group == name or task.group.startswith(f"{name}.")
    if sort == "tag":
        return name in task.rules.tags
    return fnmatchcase(task.id, word)


def _green(record: TaskRecord) -> bool:
    return record.state in _GREEN and not record.marked
