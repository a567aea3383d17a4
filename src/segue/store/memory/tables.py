from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from segue.model.acts import SecretKind
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptImage, RunImage, Step, Version
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL
from segue.model.views import (
    AnswerView,
    AttemptView,
    DagView,
    EasedView,
    EventView,
    RunView,
    SealedRow,
    SlotView,
    TaskView,
)
from segue.store.facts import ALIVE, Where, by_key, image_of

__all__ = ["MemoryStore"]


class MemoryStore:
    """What outlives an owner: hand the same one to the next writer and it finds what was committed.

    Args:
        fence_key: the secret that fences are derived from.
    """

    def __init__(self, fence_key: bytes = bytes(32)) -> None:
        self.fence_key = fence_key
        self.epoch = 0
        self.dags: dict[str, DagView] = {}
        self.versions: dict[tuple[str, int], Version] = {}
        self.runs: dict[RunKey, RunView] = {}
        self.tasks: dict[RunKey, dict[Where, TaskView]] = {}
        self.attempts: dict[RunKey, dict[tuple[str, int | None, int], AttemptView]] = {}
        self.events: list[EventView] = []
        self.answers: dict[str, AnswerView] = {}
        self.slots: dict[tuple[str, Instant, Instant], SlotView] = {}
        self.kept: dict[RunKey, dict[tuple[str, int | None, str], str]] = {}
        self.steps: dict[RunKey, dict[int, Step]] = {}
        self.pools: dict[str, int] = {}
        self.eased: dict[tuple[str, str, str, str], EasedView] = {}
        self.sealed: dict[tuple[SecretKind, str], SealedRow] = {}
        self.numbers = 0

    # ---------------------------------------------------------------------------------------------------- FactSource
    def answer(self, request: str) -> tuple[bool, str] | None:
        """What this request was answered."""
        found = self.answers.get(request)
        return None if found is None else (found.ok, found.text)

    def image(self, run: RunKey) -> RunImage | None:
        """The run, whole."""
        view = self.runs.get(run)
        return None if view is None else self.image_of(view)

    def image_of(self, view: RunView) -> RunImage:
        """The whole run that `view` is the row of."""
        attempts = (
            ((one.key.task, one.key.index), AttemptImage(one.key.number, one.state, one.began, one.kind))
            for one in sorted(self.attempts.get(view.run, {}).values(), key=lambda one: one.key.number)
        )
        kept: dict[Where, tuple[tuple[str, str], ...]] = {}
        values = self.kept.get(view.run, {})
        for task, index, name in sorted(values, key=lambda key: key[2]):
            kept[task, index] = (*kept.get((task, index), ()), (name, values[task, index, name]))
        rows = self.tasks.get(view.run, {})
        spec = self.spec(view.run.dag, view.row.version)
        ordered = (rows[where] for where in sorted(rows, key=by_key))
        return image_of(view, spec, ordered, attempts, kept, self.steps_of(view.run))

    def steps_of(self, run: RunKey) -> tuple[Step, ...]:
        """The calls that a flow has made, in order."""
        return tuple(step for _, step in sorted(self.steps.get(run, {}).items()))

    def open_runs(self, wanted: Iterable[RunKey] | None) -> tuple[RunImage, ...]:
        """Images, the oldest first, of the runs among `wanted` that have not ended, and of all that owe a hook."""
        chosen = None if wanted is None else frozenset(wanted)
        return tuple(
            self.image_of(view)
            for view in self.runs.values()
            if (self._has_hook(view.run) if view.state in RUN_FINAL else chosen is None or view.run in chosen)
        )

    def _has_hook(self, run: RunKey) -> bool:
        return any(one.kind == "hook" and one.state in ALIVE for one in self.attempts.get(run, {}).values())

    def spec(self, dag: str, number: int) -> DagSpec:
        """The spec of a version; an empty one where it is not kept."""
        version = self.versions.get((dag, number))
        return DagSpec(dag) if version is None else version.spec

    def newest(self, dag: str) -> Version | None:
        """The DAG's newest version, with the newest bundle."""
        view = self.dags.get(dag)
        return None if view is None else msgspec.structs.replace(self.versions[dag, view.version], bundle=view.bundle)

    def made(self, request: str) -> RunKey | None:
        """The run that a request with this id has made."""
        return next((view.run for view in self.runs.values() if view.row.request == request), None)

    def next_n(self, dag: str, key: str) -> int:
        """The first free `n` of this text."""
        return max((run.n for run in self.runs if run.dag == dag and run.key == key), default=0) + 1

    def placed(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The run that holds the slot's place."""
        return next((view.run for view in self.of_slot(dag, slot) if view.placed), None)

    def latest(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The slot's newest run."""
        return next((view.run for view in self.of_slot(dag, slot)), None)

    def of_slot(self, dag: str, slot: tuple[Instant, Instant]) -> Iterator[RunView]:
        """Its runs, the newest first."""
        return (view for view in self.newest_first() if view.run.dag == dag and view.row.slot == slot)

    def newest_first(self) -> Iterable[RunView]:
        """All runs, the newest first."""
        return reversed(self.runs.values())

    def number_of(self, dag: str, spec_digest: str, code_digest: str) -> int | None:
        """The number of the version with these digests."""
        for (of, number), version in self.versions.items():
            if (of, version.spec_digest, version.code_digest) == (dag, spec_digest, code_digest):
                return number
        return None
