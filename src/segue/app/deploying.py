"""What a deploy changes, before it is done: DAGs, their clocks, the slots that are left out, the runs in flight."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from segue.app.early import DefinitionChild, Read
from segue.app.owner import defined_by
from segue.app.settings import Settings
from segue.define.digest import code_digest
from segue.model.acts import Deploy
from segue.model.api.outcomes import DagChange
from segue.model.definition import Defined, Definition
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.moment import datetime_at
from segue.model.spec import DagSpec, spec_digest
from segue.model.state import RUN_FINAL, RunState
from segue.model.timing import Foretold
from segue.model.views import DagView
from segue.schedule.planner import Clock, generation_of
from segue.show.outlook import fires, words_of
from segue.show.reading import Reading, Selection

__all__ = ["UNASKED", "Plan", "plan_deploy", "plan_object", "read_files"]

UNASKED: Final = 10
"""So many intervals a catch-up may run without a person's yes."""

_UNDER_WAY: Final = tuple(sorted(frozenset(RunState) - RUN_FINAL))
_NEXT: Final = 2
Kind: TypeAlias = Literal["new", "changed", "renamed", "gone", "same"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be deployed, and what it changes."""

    files: tuple[Defined, ...]
    changes: tuple[DagChange, ...]

    @property
    def asks(self) -> list[DagChange]:
        """The DAGs that would catch up so much that a person is asked."""
        return [one for one in self.changes if one.catch_up > UNASKED]

    def act(self, label: str) -> Deploy:
        """The act, agreed to."""
        return Deploy(tuple(msgspec.structs.replace(file, confirmed=True) for file in self.files), label)


def read_files(settings: Settings, files: Sequence[Path]) -> list[Read]:
    """What files say, in order."""
    with DefinitionChild(settings) as child:
        reads = []
        for file in files:
            child.ask(file)
            reads.append(child.answer())
    return reads


def plan_deploy(reading: Reading, reads: Sequence[Read], paths: Sequence[Path], bundles: Path, now: Instant) -> Plan:
    """What taking these files would change.

    Args:
        reading: of the home.
        reads: the files, without errors.
        paths: folders and files that are deployed: what they do not declare any more has gone.
        bundles: folder of the home's bundles.
        now: the present.
    """
    known = {view.dag: view for view in reading.dags() if not view.timing.retired}
    fresh = {one.spec.id: (read, one) for read in reads for one in read.definitions}
    heirs = {one.spec.renamed_from for _, one in fresh.values()}
    left = [
        view
        for name, view in known.items()
        if name not in fresh and name not in heirs and _inside(Path(view.location) / view.file, paths, bundles.parent)
    ]
    scribe = _Scribe(reading, known, left, bundles, now)
    changes = [scribe.change(read, one) for read, one in fresh.values()]
    changes += [DagChange(view.dag, "gone", view.file, under_way=scribe.under_way(view.dag)) for view in left]
    return Plan((*_gone(left, reads), *_told(left, reads)), tuple(sorted(changes, key=lambda one: one.dag)))


def _inside(file: Path, paths: Sequence[Path], home: Path) -> bool:
    """Whether a file lies in what is deployed; a folder around the home does not mean what came into it from afar."""
    return any(file.is_relative_to(path) and file.is_relative_to(home) == path.is_relative_to(home) for path in paths)


def _gone(left: Sequence[DagView], reads: Sequence[Read]) -> list[Defined]:
    """Files that are not there any more, with what they declared."""
    told = {(read.root, read.file) for read in reads}
    found: dict[tuple[str, str], list[str]] = {}
    for view in left:
        if (view.location, view.file) not in told:
            found.setdefault((view.location, view.file), []).append(view.dag)
    return [Defined(root, name, gone=tuple(ids)) for (root, name), ids in found.items()]


def _told(left: Sequence[DagView], reads: Sequence[Read]) -> list[Defined]:
    return [
        msgspec.structs.replace(
            defined_by(read),
            gone=tuple(view.dag for view in left if (view.location, view.file) == (read.root, read.file)),
        )
        for read in reads
    ]


@dataclass(frozen=True, slots=True)
class _Scribe:
    """Compares DAGs as they are declared now with what the home knows."""

    reading: Reading
    known: Mapping[str, DagView]
    left: Sequence[DagView]
    bundles: Path
    now: Instant
    _specs: dict[str, DagSpec] = field(default_factory=dict)

    def change(self, read: Read, definition: Definition) -> DagChange:
        spec = definition.spec
        former = spec.renamed_from if spec.renamed_from in self.known and spec.id not in self.known else None
        view = self.known.get(former or spec.id)
        if view is None:
            clock = ("", words_of(spec), self._next(spec, definition.foretold)) if spec.schedule else None
            missing, catch_up = self._past(spec, definition.foretold)
            return DagChange(
                spec.id, "new", read.file, suspects=self._suspects(spec), clock=clock, missing=missing,
                catch_up=catch_up,
            )  # fmt: skip
        old = self._spec(view)
        tasks, code = tuple(_tasks(old, spec)), self._code_changed(view, definition)
        moved = generation_of(old) != generation_of(spec)
        missing, catch_up = self._past(spec, definition.foretold) if moved else (None, 0)
        same = not code and spec_digest(old) == definition.spec_digest
        kind: Kind = "renamed" if former else "same" if same else "changed"
        clock = (words_of(old), words_of(spec), self._next(spec, definition.foretold)) if moved else None
        return DagChange(
            spec.id, kind, read.file, former or "", (), tasks, code, clock, missing, catch_up,
            0 if same else self.under_way(view.dag),
        )  # fmt: skip

    def under_way(self, dag: str) -> int:
        return len(self.reading.runs(Selection(dag, _UNDER_WAY)))

    def _spec(self, view: DagView) -> DagSpec:
        if view.dag not in self._specs:
            self._specs[view.dag] = self.reading.newest(view)
        return self._specs[view.dag]

    def _suspects(self, spec: DagSpec) -> tuple[str, ...]:
        """DAGs that have gone and have most of its tasks."""
        ids = {task.id for task in spec.tasks}
        return tuple(view.dag for view in self.left if _alike(ids, {task.id for task in self._spec(view).tasks}))

    def _code_changed(self, view: DagView, definition: Definition) -> bool:
        folder = self.bundles / view.bundle
        if view.bundle == definition.bundle:
            return False
        return not folder.is_dir() or code_digest(folder / view.file, folder) != definition.code_digest

    def _next(self, spec: DagSpec, foretold: Foretold) -> tuple[str, ...]:
        if spec.schedule is None:
            return ()
        slots = (slot for slot, _ in zip(fires(spec, foretold, self.now), range(_NEXT), strict=False))
        return tuple(datetime_at(slot.due, spec.timezone).isoformat(" ", "minutes") for slot in slots)

    def _past(self, spec: DagSpec, foretold: Foretold) -> tuple[tuple[int, str, str] | None, int]:
        """What is left out of the past by a clock that begins now, and how much of it is caught up."""
        clock = Clock(spec, foretold)
        if clock.bounds.start is None or not clock.ticks or clock.once:
            return None, 0
        made = {view.slot for view in self.reading.slots(spec.id)}
        slots = [slot for slot in clock.due(clock.bounds.start, self.now) if (slot.start, slot.end) not in made]
        if not slots:
            return None, 0
        if spec.catchup:
            return None, len(slots)
        first, last = (slot_key(slot.start, slot.end, spec.timezone) for slot in (slots[0], slots[-1]))
        return (len(slots), first, last), 0


def _alike(one: Collection[str], other: Collection[str]) -> bool:
    return 2 * len({*one} & {*other}) > max(len(one), len(other))


def _tasks(old: DagSpec, new: DagSpec) -> list[tuple[str, str]]:
    before, after = ({task.id: msgspec.structs.replace(task, line=0) for task in spec.tasks} for spec in (old, new))
    return [
        *(("-", name) for name in before if name not in after),
        *(("+", name) for name in after if name not in before),
        *(("~", name) for name in after if name in before and before[name] != after[name]),
    ]


def plan_object(plan: Plan) -> dict[str, Any]:
    """A plan as data for `--json`."""
    return {"dags": [msgspec.to_builtins(one) for one in plan.changes]}
