"""What people ask for, and what is there before anybody asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from segue.model.acts import Act, CancelRun, MarkTask, RejectTask, ReleaseTask, RerunRun, RetryRun, SetPool, TriggerRun
from segue.model.changes import Change, RunCreated, VersionAdded
from segue.model.contracts import Writer
from segue.model.definition import Defined, Definition
from segue.model.events import Expired, Request
from segue.model.ids import RunKey, TaskKey, manual_key
from segue.model.images import RunRow, Version
from segue.model.spec import DagSpec, spec_digest
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.testing.world.clerks import act_on_clocks
from segue.testing.world.clockwork import Clockwork
from segue.testing.world.inbox import ScriptedInbox
from segue.testing.world.ledger import Ledger
from segue.testing.world.plan import EPOCH, Action, Plan, Stock
from segue.testing.world.script import SECOND, Script
from segue.testing.world.timeline import Timeline

__all__ = ["People", "lay_in", "open_pools"]

_DAY = 86_400 * SECOND
_GOING = (RunState.QUEUED, RunState.RUNNING, RunState.HELD)
_KINDS = {1: "scheduled", 2: "backfill"}


class People:
    """Turns actions of the plan into requests.

    Args:
        plan, script: of the world.
        ledger: what is committed.
        inbox: where requests go.

    Attributes:
        sent: all acts by the id of their request.
        verdicts: what was decided about held tasks when all was at rest: released, or not.
        opened: runs that were retried.
    """

    def __init__(
        self, plan: Plan, script: Script, ledger: Ledger, inbox: ScriptedInbox, clockwork: Clockwork, timeline: Timeline
    ) -> None:
        self._plan, self._script, self._ledger, self._inbox = plan, script, ledger, inbox
        self._clockwork, self._timeline = clockwork, timeline
        self._settled = [one for one in plan.actions if one.at is None]
        self.sent: dict[str, Act] = {}
        self.verdicts: dict[TaskKey, bool] = {}
        self.opened: set[RunKey] = set()

    def defined(self, spec: DagSpec, name: str, *, confirmed: bool = False) -> Defined:
        """A file with one DAG."""
        code = "code" + "".join(task.function for task in spec.tasks)
        definition = Definition(spec, spec_digest(spec), code, "bundle")
        return Defined("here", spec.file or f"{name}.py", (definition,), confirmed=confirmed)

    def do(self, action: Action) -> bool:
        """Carry an action out; say whether there was anything to ask for."""
        if action.verb == "define":
            self._inbox.send(self.defined(self._plan.edits[action.id], action.id, confirmed=action.flag))
            return True
        if action.verb == "gone":
            self._inbox.send(Defined("here", f"{action.dag}.py", gone=(action.dag,)))
            return True
        act = self.sent.get(action.id) or self._act(action)
        if act is not None:
            self.send(action.id, act)
        return act is not None

    def send(self, name: str, act: Act) -> None:
        """Ask."""
        self.sent[name] = act
        if isinstance(act, RetryRun):
            self.opened.add(act.run)
        self._inbox.send(Request(name, "somebody", act))

    def settle(self) -> bool:
        """Do the next of what is done at rest; say whether anything was."""
        return any(self.do(self._settled.pop(0)) for _ in range(len(self._settled)))

    def _act(self, action: Action) -> Act | None:
        if action.verb == "pool":
            return SetPool(action.target, action.slot)
        if action.verb == "trigger":
            key = manual_key(action.id) if action.slot is None else f"slot{action.slot}"
            if self._plan.exact:
                key = action.id
            return TriggerRun(action.dag, key, action.interval, action.params, replace=action.flag)
        if action.verb in ("release", "reject"):
            return self._verdict(action)
        if self._plan.clocks is not None:
            return self._act_on_clocks(action)
        run = self._ledger.requests.get(action.target, RunKey(action.dag, manual_key(action.target), 1))
        match action.verb:
            case "retry":
                force = self._plan.exact or self._plan.seed % 2 == 0
                return RetryRun(run, action.tasks, only=action.flag, force=force)
            case "rerun":
                return RerunRun(run, replace=action.flag, failed=action.failed, cut=action.tasks)
            case "cancel":
                return CancelRun(run, now=action.flag)
            case _:
                return MarkTask(run, action.tasks[0], action.state, "drawn")

    def _act_on_clocks(self, action: Action) -> Act | None:
        if action.verb in ("retry", "cancel"):
            wanted = RUN_FINAL - {RunState.SUCCESS} if action.verb == "retry" else _GOING
            runs = [one for one in self._ledger.runs.values() if one.row.run.dag == action.dag and not one.forgotten]
            keys = [one.row.run for one in runs if one.state in wanted]
            if not keys:
                return None
            key = self._script.rng("which", action.id).choice(keys)
            return RetryRun(key, force=action.flag) if action.verb == "retry" else CancelRun(key)
        file = None
        if action.verb == "deploy":
            file = self.defined(self._plan.edits[action.id], action.id, confirmed=action.flag)
        specs = {dag: self._ledger.versions[dag, number] for dag, number in self._ledger.newest.items()}
        return act_on_clocks(action, self._clockwork, specs, self._timeline.now(), file)

    def forget(self, before: int) -> None:
        """Let the store forget what ended before an instant."""
        old = tuple(
            key for key, run in self._ledger.runs.items()
            if run.ended is not None and run.ended < before and not run.forgotten and not run.calling
        )  # fmt: skip
        if old:
            self._inbox.send(Expired(old))

    def _verdict(self, action: Action) -> Act | None:
        """About something that is held, in the run meant, or in any of the DAG."""
        meant = self._ledger.requests.get(action.target)
        held = sorted(
            (TaskKey(key, name, index) for key, run in self._ledger.runs.items() if key.dag == action.dag
             for name, index, task in run.counted() if task.state is TaskState.HELD and meant in (None, key)),
            key=lambda one: (one.run, one.task, -1 if one.index is None else one.index),
        )  # fmt: skip
        if not held:
            if not action.tasks:
                return None
            label, run = action.tasks[0], meant or RunKey(action.dag, manual_key(action.target), 1)
        else:
            chosen = self._script.rng("verdict", action.id).choice(held)
            label, run = chosen.label, chosen.run
            if action.at is None:
                self.verdicts[chosen] = action.verb == "release"
        if action.verb == "release":
            return ReleaseTask(run, label, "drawn", from_now_on=action.flag)
        return RejectTask(run, label, "drawn")


def open_pools(plan: Plan, people: People) -> None:
    """Give every pool so many slots at last that all find room."""
    for name, slots in plan.pools:
        people.send(f"open-{name}", SetPool(name, slots))


def lay_in(plan: Plan, store: Writer, committed: Callable[[Sequence[Change]], None]) -> None:
    """Write down the runs that an earlier owner has left."""
    if not plan.stock:
        return
    specs = {spec.id: spec for spec in plan.dags}
    changes: list[Change] = [
        VersionAdded(name, Version(1, specs[name], spec_digest(specs[name]), "code", "bundle"), "here", EPOCH)
        for name in sorted({one.dag for one in plan.stock})
    ]
    changes += [RunCreated(_row(one), EPOCH) for one in plan.stock]
    with store.transaction(store.lease().epoch) as transaction:
        transaction.apply(changes)
    committed(changes)


def _row(stock: Stock) -> RunRow:
    slot = Action("", 0, "trigger", slot=stock.slot).interval
    assert slot is not None
    return RunRow(
        RunKey(stock.dag, stock.key, 1), f"stock-{stock.key}", 1, "bundle", slot, _KINDS[stock.klass], stock.klass,
        due=slot[1], created=EPOCH,
    )  # fmt: skip
