"""What has really happened in a world: the cells of a map that all worlds together must fill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from segue.model.acts import Act, RetryRun
from segue.model.changes import Answered, AttemptMoved, GuardEased, PoolSet, StateChanged, TaskMoved
from segue.model.state import RUN_FINAL, AttemptState, RunState, TaskState
from segue.testing.world.ledger import Commit, Ledger, RunRecord
from segue.testing.world.plan import Plan

__all__ = ["CELLS", "Coverage"]

CELLS: Final = frozenset(
    [
        "setup:success",
        "setup:failed",
        "teardown:success",
        "teardown:failed",
        "teardown:skipped",
        "teardown:after-cancel",
        "teardown:after-timeout",
        "teardown:left-by-now",
        "hook:task-success",
        "hook:task-failure",
        "hook:task-cancel",
        "hook:dag-success",
        "hook:dag-failure",
        "hook:lost",
        "hook:item",
        "stop:cancel",
        "stop:now",
        "stop:timeout",
        "timeout:failed",
        "timeout:after-parking",
        "pool:weighted",
        "pool:late",
        "pool:shrunk",
        "pool:full",
        "resource:taken",
        "class:scheduled",
        "class:backfill",
        "class:lifted",
        "backfill:reserve-kept",
        "guard:held",
        "guard:held-item",
        "guard:empty-map",
        "guard:eased",
        "guard:warn",
        "guard:off",
        "release:staged",
        "release:unstaged",
        "release:empty-map",
        "reject:held",
        "run:held",
        "run:held-and-goes-on",
        "publish:success",
        "publish:failed",
        "publish:lost",
        "publish:given-up",
        "publish:item",
        "state:kept",
        "state:by-hook",
        "state:carried",
        "rerun:reused",
        "rerun:reused-item",
        "rerun:skipped-taken",
        "rerun:renamed",
        "rerun:setup-again",
        "rerun:cut",
        "retry:group",
        "group:nested",
        "secret:hidden",
        "secret:refused",
        "lease:passed-on",
        "lease:stale-refused",
    ]
)
"""What must have happened somewhere."""

_STATES: Final = ("success", "failed", "skipped")


class Coverage:
    """Looks at every commit of a world.

    Args:
        plan: of the world.
        ledger: what is committed.
        sent: acts by the id of their request.

    Attributes:
        cells: what has happened.
    """

    def __init__(self, plan: Plan, ledger: Ledger, sent: Mapping[str, Act]) -> None:
        self._plan, self._ledger, self._sent = plan, ledger, sent
        self.cells: set[str] = set()

    def add(self, cell: str, happened: bool = True) -> None:
        """Note that something happened."""
        if happened:
            self.cells.add(cell)

    def look(self, commit: Commit) -> None:
        """Note what a commit shows."""
        for change, before in commit.tasks:
            self._task(change, before.released, before.staged)
        for moved, _before in commit.attempts:
            self._attempt(moved)
        for run_moved, old in commit.runs:
            run = self._ledger.runs[run_moved.run]
            self.add(f"stop:{run.stop}", bool(run.stop))
            self.add("timeout:failed", run.stop == "timeout" and run.state is RunState.FAILED)
            self.add("timeout:after-parking", run.stop == "timeout" and run.spent > 0 and run.state not in RUN_FINAL)
            self.add("class:lifted", run.klass < run.row.klass)
            self.add("run:held", run.state is RunState.HELD)
            self.add("run:held-and-goes-on", old is RunState.HELD and run.state is RunState.RUNNING)
        for one in commit.changes:
            self._other(one)

    def _other(self, change: object) -> None:
        match change:
            case StateChanged():
                run = self._ledger.runs[change.run]
                self.add("state:kept")
                task = run.task(change.task, change.index)
                self.add("state:by-hook", bool(run.calling) and task.state not in (TaskState.QUEUED, TaskState.RUNNING))
            case Answered(request, ok=True):
                act = self._sent.get(request)
                self.add("retry:group", isinstance(act, RetryRun) and any(":" in word for word in act.tasks))
            case GuardEased():
                self.add("guard:eased")
            case PoolSet(name, slots):
                had = dict(self._ledger.limits.pools).get(name, 0)
                self.add("pool:shrunk", slots is not None and slots < had)
            case _:
                pass

    def _task(self, change: TaskMoved, released: bool, staged: bytes) -> None:
        run = self._ledger.runs[change.run]
        spec = run.specs[change.task]
        if spec.kind in ("setup", "teardown") and change.new in _STATES:
            self.add(f"{spec.kind}:{change.new}")
            self.add(f"teardown:after-{run.stop}", spec.kind == "teardown" and change.new is TaskState.SUCCESS)
        self.add("teardown:left-by-now", spec.kind == "teardown" and run.stop == "now" and change.new == "cancelled")
        if change.new is TaskState.HELD:
            self._held(change, released)
        elif change.old is TaskState.HELD:
            self._decided(change, staged)
        if change.reused_from is not None:
            self._reused(run, change)
        self.add("group:nested", "." in spec.group and change.new is TaskState.QUEUED)
        self.add("secret:refused", change.new is TaskState.FAILED and "secret" in str(change.why))

    def _held(self, change: TaskMoved, released: bool) -> None:
        mapped = self._ledger.runs[change.run].specs[change.task].mapped is not None
        self.add("publish:given-up", released)
        self.add("guard:empty-map" if mapped and change.index is None else "guard:held")
        self.add("guard:held-item", change.index is not None)

    def _decided(self, change: TaskMoved, staged: bytes) -> None:
        released = change.why.code == "released"
        self.add("release:staged", released and bool(staged))
        self.add("release:unstaged", released and change.new is TaskState.SUCCESS)
        self.add("release:empty-map", released and change.new is TaskState.SKIPPED)
        self.add("reject:held", change.why.code == "rejected")

    def _reused(self, run: RunRecord, change: TaskMoved) -> None:
        self.add("rerun:reused")
        self.add("rerun:reused-item", change.index is not None)
        self.add("rerun:skipped-taken", change.new is TaskState.SKIPPED)
        self.add("rerun:renamed", run.specs[change.task].renamed_from is not None)
        self.add("rerun:cut", "--from" in run.row.reason)
        setups = [name for name, spec in run.specs.items() if spec.kind == "setup"]
        self.add("rerun:setup-again", any(run.task(name, None).reused_from is None for name in setups))

    def _attempt(self, moved: AttemptMoved) -> None:
        run = self._ledger.runs[moved.key.run]
        name, _, hook = moved.key.task.partition("!")
        if moved.kind == "hook":
            self.add(f"hook:{'task' if name else 'dag'}-{hook}", moved.new is AttemptState.SUCCESS)
            self.add("hook:lost", moved.new is AttemptState.LOST)
            self.add("hook:item", moved.key.index is not None)
            return
        if moved.kind == "publish":
            self.add(f"publish:{moved.new}")
            self.add("publish:item", moved.key.index is not None)
        self.add("secret:hidden", "***" in moved.text or any("***" in note for note in moved.notes))
        if moved.old is None:
            self._made(run, run.specs[name].rules.pool, moved)

    def _made(self, run: RunRecord, pool: str | None, moved: AttemptMoved) -> None:
        rules = run.specs[moved.key.task].rules
        limits = self._ledger.limits
        self.add("pool:weighted", pool is not None and rules.slots > 1)
        self.add("pool:late", pool == "late")
        self.add("pool:full", pool is not None and self._used(pool) >= self._ledger.pools.get(pool, 0))
        self.add("resource:taken", bool(rules.resources))
        self.add("class:scheduled", run.klass == 1)
        self.add("class:backfill", run.klass == 2)
        self.add("backfill:reserve-kept", run.klass == 2 and self._plan.workers >= 4 and limits.backfill_reserve > 0)
        self.add(f"guard:{limits.guards}")
        self.add("state:carried", bool(run.kept.get((moved.key.task, moved.key.index))))

    def _used(self, pool: str) -> int:
        return sum(
            run.specs[key.task].rules.slots
            for run in self._ledger.runs.values() for key in run.alive if run.specs[key.task].rules.pool == pool
        )  # fmt: skip
