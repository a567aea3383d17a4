"""What a new run takes over from an old one: `rerun --failed`, `rerun --from TASK` (SEMANTICS, "Rerun").

A task is taken over where the same code would get the same values again, as far as that can be proven: it is green,
its result is there, nothing that makes the result has changed, and all its upstream is taken over too. What the plan
says beside that:

- `--from` is a person's word instead of the proof: those tasks and all below them run; of the others code and arguments
  are not compared, and those that differ are named (`changed`).
- Other params: nothing can be proven, so nothing is taken over, whatever was asked.
- A mapped task is taken over item by item; one item that runs is enough for all below it to run.
- A skipped task is taken over as skipped, with the choice of the branch above it. One that never began has no code to
  compare.
- Held, failed and live tasks run, and what a person marked: a mark gives no value.
- A setup that is green runs again where something inside its environment runs, because the environment is gone; green
  tasks inside stay green, its teardown runs.
- A task that has been renamed (`renamed_from`) keeps its result; what names it is compared under its old name.

What is taken over lies in the same transaction as the new run, however many tasks that are: halves of it could not be
derived after a crash. `MAX_TAKEN` bounds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

import msgspec
from msgspec import structs

from segue.engine.board import Board, Note
from segue.engine.machine import Machine
from segue.model.changes import Expanded
from segue.model.errors import Refused, UnreadableValue
from segue.model.events import Value
from segue.model.ids import Instant, RunKey
from segue.model.images import RunImage, TaskImage
from segue.model.spec import DagSpec, MapSpec, TaskSpec
from segue.model.state import TaskState
from segue.model.value import decode, encode
from segue.model.why import Why
from segue.resolve.graph import Graph
from segue.resolve.selection import select_tasks

__all__ = ["MAX_TAKEN", "ReusePlan", "Taken", "plan_reuse", "take_over", "with_kept_results"]

MAX_TAKEN: Final = 100_000
"""Tasks and items that one run takes over at most: a DAG of the largest size."""

_STORED: Final = b"values/"


class Taken(msgspec.Struct, frozen=True, gc=False):
    """One task or item that is taken over, under its new id."""

    task: str
    index: int | None
    state: TaskState
    value: Value | None = None
    followed: tuple[str, ...] | None = None


class ReusePlan(msgspec.Struct, frozen=True):
    """What a rerun takes over and what it runs. Ids are those of the new spec, in order of declaration.

    Args:
        taken: tasks and items that are taken over.
        expanded: (task, items) of the mapped tasks of which that is so, wholly or in part.
        reused: tasks that are taken over whole.
        runs: (task, reason) of what runs although the old run knew it.
        new: tasks that the old run did not know.
        gone: ids of the old run that are no more.
        changed: tasks taken over by a person's word, although their code or arguments differ.
    """

    taken: tuple[Taken, ...]
    expanded: tuple[tuple[str, int], ...]
    reused: tuple[str, ...]
    runs: tuple[tuple[str, Why], ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def summary(self) -> str:
        """How much is taken over and how much runs, for one line."""
        return f"{len(self.taken)} reused, {len(self.runs)} run, {len(self.new)} new, {len(self.gone)} gone"


def plan_reuse(
    old: RunImage,
    new: DagSpec,
    params: bytes,
    cut: Sequence[str] = (),
    *,
    proven: bool = True,
    graph: Graph | None = None,
) -> ReusePlan:
    """Say what a rerun of `old` takes over. For the preview and for the act alike.

    Args:
        old: the old run, whole, with the spec it was made with.
        new: the newest spec.
        params: of the new run, encoded.
        cut: tasks that run in any case, with all below them: ids, `group:x`, `tag:x`, patterns.
        proven: take over only what provably is the same (`--failed`); False: all green tasks but the cut (`--from`).
        graph: of `new`, where there is one already.

    Raises:
        Refused: a word of `cut` names no task, or more would be taken over than one run may.
    """
    return _Planner(old, graph or Graph(new), _changed_params(old, new, params), proven).plan(cut)


def with_kept_results(old: RunImage, now: Instant, kept: int) -> RunImage:
    """A run without the results that retention may have removed: those in the storage, of a run that ended long ago.

    Args:
        old: whole.
        now: the present.
        kept: microseconds for which results are kept.
    """
    if old.ended is None or now < old.ended + kept:
        return old
    tasks = (structs.replace(one, inline=None, ref=None) if _lies_in_storage(one) else one for one in old.tasks)
    return structs.replace(old, tasks=tuple(tasks))


def _lies_in_storage(image: TaskImage) -> bool:
    """It does, or a table inside of it: a reference holds its path."""
    return image.ref is not None or _STORED in (image.inline or b"")


def take_over(board: Board, machine: Machine, plan: ReusePlan, old: RunKey) -> None:
    """Give a run that has just been created what it takes over."""
    for name, length in plan.expanded:
        board.changes.append(Expanded(machine.key, name, length, 1, board.now))
        machine.expand(machine.graph.index[name], length)
    why = Why("reused", (str(old),))
    for taken in plan.taken:
        cell = machine.cell(taken.task, taken.index)
        assert cell is not None, "the plan was made for this graph"
        if taken.value is not None:
            machine.keep(cell, taken.value)
        if taken.followed is not None:
            machine.choose(machine.owner[cell], taken.followed)
        board.move(machine, cell, taken.state, why, Note(result=taken.value, followed=taken.followed, reused_from=old))


class _Planner:
    """
    Attributes:
        specs, images, items: of the old run, under its ids.
        former: the old id of each new task, None where it is new; present: the other way round.
        green: what can be taken over of a task, as long as its upstream is.
        runs, partly: why a task runs, or some items of it.
        needed: setups that are green and run all the same.
    """

    def __init__(self, old: RunImage, graph: Graph, changed_params: tuple[str, ...], proven: bool) -> None:
        self.graph, self.changed_params, self.proven = graph, changed_params, proven
        self.specs = {task.id: task for task in old.spec.tasks}
        self.former = [_former(task, self.specs, graph.index) for task in graph.tasks]
        self.present = {name: at for at, name in enumerate(self.former) if name is not None}
        self.images: dict[str, TaskImage] = {}
        self.items: dict[str, dict[int, TaskImage]] = {}
        for image in old.tasks:
            if image.index is None:
                self.images[image.task] = image
            else:
                self.items.setdefault(image.task, {})[image.index] = image
        self.runs: dict[int, Why] = {}
        self.partly: dict[int, Why] = {}
        self.green: dict[int, tuple[Taken, ...]] = {}
        self.needed: set[int] = set()

    def plan(self, cut: Sequence[str]) -> ReusePlan:
        for node in range(len(self.graph)):
            why = self._own(node)
            if why is not None:
                self.runs[node] = why
        for word in cut:
            named = select_tasks(self.graph, word)
            if not named:
                near = ", ".join(get_close_matches(word, self.graph.index, 3, 0.5))
                raise Refused(f"--from {word}: there is no such task{f', did you mean {near}?' if near else ''}")
            self.runs.update((node, Why("cut")) for node in named)
        while self._spread():
            pass
        return self._said()

    # ------------------------------------------------------------------------------------------------- one by itself
    def _own(self, node: int) -> Why | None:
        """Why a task must run whatever its upstream does."""
        task, name = self.graph.tasks[node], self.former[node]
        if name is None:
            return Why("new")
        if self.changed_params:
            return Why("params_changed", (", ".join(self.changed_params),))
        image = self.images.get(name)
        if image is None or (image.expanded is None and image.state not in _GREEN):
            return Why("was_state", (TaskState.PENDING if image is None else image.state.value,))
        if image.marked:
            return Why("was_marked", (image.state.value,))
        ran = image.expanded is not None or image.state is TaskState.SUCCESS or image.number > 0
        return self._changed(task, self.specs[name], ran) or self._collect(node, task.id, image)

    def _changed(self, task: TaskSpec, was: TaskSpec, ran: bool) -> Why | None:
        for option, one, other in (
            ("its kind", task.kind, was.kind),
            ("what it maps over", self._mapped(task), was.mapped),
            ("its trigger rule", task.rules.trigger_rule, was.rules.trigger_rule),
        ):
            if one != other:
                return Why("option_changed", (option,))
        ups = tuple(map(self._old, task.data)), {*map(self._old, task.after)}
        if self.proven and ups != (was.data, {*was.after}):
            return Why("edges_changed")
        return self._made_otherwise(task, was) if self.proven and ran else None

    def _made_otherwise(self, task: TaskSpec, was: TaskSpec) -> Why | None:
        """Whether the same upstream could give another result: by code, arguments, or the systems it speaks to."""
        if task.function != was.function:
            return Why("function_changed")
        if self._renamed(task) != was.arguments:
            return Why("arguments_changed")
        for option in ("connections", "secrets"):
            if {*getattr(task.rules, option)} != {*getattr(was.rules, option)}:
                return Why("option_changed", (f"its {option}",))
        return None

    def _old(self, name: str) -> str:
        return self.former[self.graph.index[name]] or name

    def _mapped(self, task: TaskSpec) -> MapSpec | None:
        """How it maps, with its lists under their old ids."""
        if task.mapped is None:
            return None
        over = (structs.replace(one, task=one.task and self._old(one.task)) for one in task.mapped.over)
        return structs.replace(task.mapped, over=tuple(over))

    def _renamed(self, task: TaskSpec) -> str:
        """The arguments with its upstream under their old ids."""
        text = task.arguments
        for name in task.data:
            if (old := self._old(name)) != name:
                text = re.sub(rf"@{re.escape(name)}(?![\w.-])", f"@{old}", text)
        return text

    def _collect(self, node: int, task: str, image: TaskImage) -> Why | None:
        """Keep what can be taken over of a task; say why it runs where that is nothing."""
        if image.expanded is None:
            taken = self._taken(node, task, image)
            if isinstance(taken, Why):
                return taken
            self.green[node] = (taken,)
            return None
        items = self.items.get(image.task, {})
        found = tuple(
            taken
            for one in items.values()
            if one.state in _GREEN and not one.marked and isinstance(taken := self._taken(node, task, one), Taken)
        )
        missing = image.expanded - len(found)
        why = Why("items_run", (str(missing), str(image.expanded))) if missing else None
        if not found:
            return why
        self.green[node] = found
        if why is not None:
            self.partly[node] = why
        return None

    def _taken(self, node: int, task: str, image: TaskImage) -> Taken | Why:
        if image.state is TaskState.SKIPPED:
            return Taken(task, image.index, image.state)
        if image.inline is None and image.ref is None:
            return Why("result_gone")
        followed = None
        if image.followed is not None:
            ahead = [self.present.get(name) for name in image.followed]
            missing = [name for name, at in zip(image.followed, ahead, strict=True) if at not in self.graph.down[node]]
            if missing:
                return Why("choice_gone", (", ".join(missing),))
            followed = tuple(self.graph.tasks[at].id for at in ahead if at is not None)
        value = Value(image.inline, image.ref, image.length, image.digest, image.preview)
        return Taken(task, image.index, image.state, value, followed)

    # -------------------------------------------------------------------------------------------------- all together
    def _spread(self) -> bool:
        """Let run what lies below what runs, and the setups that it needs; say whether any of these is news."""
        for node in sorted(range(len(self.graph)), key=self.graph.rank.__getitem__):
            if node not in self.runs or node in self.needed:
                above = next((up for up in self.graph.up[node] if self._runs(up) and not self._spared(up, node)), None)
                if above is not None:
                    self.runs[node] = Why("upstream_runs", (self.graph.tasks[above].id,))
                    self.needed.discard(node)
        news = False
        for setup, users in self.graph.users.items():
            user = next((user for user in users if self._runs(user)), None)
            if user is not None and not self._runs(setup):
                self.runs[setup] = Why("setup_needed", (self.graph.tasks[user].id,))
                self.needed.add(setup)
                news = True
        return news

    def _runs(self, node: int) -> bool:
        return node in self.runs or node in self.partly

    def _spared(self, up: int, node: int) -> bool:
        """Whether a task inside an environment stays green although its setup, unchanged, runs again."""
        return up in self.needed and node in self.graph.users[up] and up not in self.graph.lists.get(node, ())

    def _said(self) -> ReusePlan:
        tasks, order = self.graph.tasks, range(len(self.graph))
        kept = [node for node in order if node in self.green and node not in self.runs]
        taken = tuple(one for node in kept for one in self.green[node])
        if len(taken) > MAX_TAKEN:
            raise Refused(f"{len(taken)} tasks and items would be taken over, {MAX_TAKEN} are allowed: rerun without")
        expanded = ((node, self.images[self.former[node] or ""].expanded) for node in kept)
        reasons = {**self.partly, **self.runs}
        return ReusePlan(
            taken,
            tuple((tasks[node].id, length) for node, length in expanded if length is not None),
            tuple(tasks[node].id for node in kept if node not in self.partly),
            tuple((tasks[node].id, reasons[node]) for node in order if node in reasons and self.former[node]),
            tuple(tasks[node].id for node in order if self.former[node] is None),
            tuple(name for name in self.specs if name not in self.present),
            () if self.proven else tuple(tasks[node].id for node in kept if self._differs(node)),
        )

    def _differs(self, node: int) -> bool:
        task, was = self.graph.tasks[node], self.specs[self.former[node] or ""]
        return self._made_otherwise(task, was) is not None


_GREEN: Final = (TaskState.SUCCESS, TaskState.SKIPPED)


def _former(task: TaskSpec, old: dict[str, TaskSpec], new: dict[str, int]) -> str | None:
    """The id a task had in the old run, None where it is new."""
    if task.id in old:
        return task.id
    return task.renamed_from if task.renamed_from in old and task.renamed_from not in new else None


def _changed_params(old: RunImage, new: DagSpec, params: bytes) -> tuple[str, ...]:
    """Names of the params whose values differ between the runs."""
    if params == old.row.params and new.params == old.spec.params:
        return ()
    try:
        before, after = _values(old.spec, old.row.params), _values(new, params)
    except UnreadableValue:
        return ("they cannot be read",)
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))


def _values(spec: DagSpec, params: bytes) -> dict[str, bytes]:
    """What each param is, encoded, so that 1, 1.0 and True differ."""
    given = decode(params) if params else {}
    values = {param.name: param.default for param in spec.params if param.default is not None}
    return values | {name: encode(value) for name, value in given.items()}
