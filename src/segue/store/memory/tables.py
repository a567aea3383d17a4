from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from segue.model.acts import SecretKind
from segue.model.alerts import AlertKind, Episode
from segue.model.backfills import BackfillImage
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptImage, DagImage, Eased, RunImage, Step, Version
from segue.model.pages import AuditView
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL
from segue.model.timing import SlotAsk, SlotFacts
from segue.model.views import (
    AlertView,
    AnswerView,
    AttemptView,
    BackfillView,
    DagView,
    EasedView,
    EventView,
    RunView,
    SealedRow,
    SilenceView,
    SlotView,
    TaskView,
)
from segue.store.facts import (
    ALIVE,
    DAY,
    ENDED_BACKFILLS,
    GOOD,
    Where,
    by_key,
    facts_of_slot,
    image_of,
    is_gone,
    names_of,
    number_in,
)

__all__ = ["MemoryStore", "Slot", "indexes_of"]

Slot: TypeAlias = tuple[str, Instant, Instant]


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
        self.slots: dict[Slot, SlotView] = {}
        self.kept: dict[RunKey, dict[tuple[str, int | None, str], str]] = {}
        self.steps: dict[RunKey, dict[int, Step]] = {}
        self.pools: dict[str, int] = {}
        self.eased: dict[tuple[str, str, str, str], EasedView] = {}
        self.sealed: dict[tuple[SecretKind, str], SealedRow] = {}
        self.numbers = 0
        self.seq = 0
        self.scheduled: dict[Slot, bool] = {}
        self.of_slots: dict[Slot, tuple[RunKey, ...]] = {}
        self.of_requests: dict[str, RunKey] = {}
        self.highest: dict[tuple[str, str], int] = {}
        self.named: dict[tuple[str, str], tuple[Slot, ...]] = {}
        self.backfills: dict[int, BackfillView] = {}
        self.alerts: dict[tuple[str, AlertKind, Instant], AlertView] = {}
        self.alert_last: dict[tuple[str, AlertKind, Instant], Instant] = {}
        self.silences: dict[str, SilenceView] = {}
        self.audit: list[AuditView] = []
        self.deeds = 0
        self.brought: dict[tuple[str, int], tuple[Instant, str | None]] = {}  # of versions: when, and their label
        self.attempt_ids = 0

    # ---------------------------------------------------------------------------------------------------- FactSource
    def answer(self, request: str) -> tuple[bool, str, RunKey | None] | None:
        """What this request was answered."""
        found = self.answers.get(request)
        return None if found is None else (found.ok, found.text, found.run)

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

    def dag_images(self, wanted: frozenset[str] | None = None) -> tuple[DagImage, ...]:
        """The DAGs among `wanted` (None: all) with their newest versions."""
        return tuple(
            DagImage(
                dag, version, view.quarantined, max(number for of, number in self.versions if of == dag),
                tuple(Eased(*key[1:]) for key in sorted(self.eased) if key[0] == dag),
                view.timing, view.foretold, view.location, view.error is not None,
            )
            for dag, view in sorted(self.dags.items())
            if (wanted is None or dag in wanted) and (version := self.newest(dag)) is not None
        )  # fmt: skip

    def _has_hook(self, run: RunKey) -> bool:
        return any(one.kind == "hook" and one.state in ALIVE for one in self.attempts.get(run, {}).values())

    def spec(self, dag: str, number: int) -> DagSpec:
        """The spec of a version; an empty one where it is not kept."""
        version = self.versions.get((dag, number))
        return DagSpec(dag) if version is None else version.spec

    def newest(self, dag: str) -> Version | None:
        """The DAG's newest version, with the newest bundle and the file that declares it now."""
        view = self.dags.get(dag)
        if view is None:
            return None
        version = self.versions[dag, view.version]
        spec = msgspec.structs.replace(version.spec, file=view.file)
        return msgspec.structs.replace(version, spec=spec, bundle=view.bundle)

    def made(self, request: str) -> RunKey | None:
        """The run that a request with this id has made."""
        return self.of_requests.get(request)

    def next_n(self, dag: str, key: str, slot: tuple[Instant, Instant] | None) -> int:
        """The first `n` of this text that no run has, nor had as far as slots tell, be they of an older schedule."""
        rows = [] if slot is None else [self.slots[where] for where in self.named.get((dag, key), ())]
        told = [name for row in rows for name in (row.last_run, row.last_good_run)]
        return max(self.highest.get((dag, key), 0), number_in(told, dag, key)) + 1

    def backfill_image(self, number: int) -> BackfillImage | None:
        """A backfill, ended or not."""
        view = self.backfills.get(number)
        if view is None:
            return None
        return BackfillImage(view.row, view.state, view.made, self.spec(view.row.dag, view.row.version))

    def placed(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The run that holds the slot's place."""
        return next((run for run in self.of_slots.get((dag, *slot), ()) if self.runs[run].placed), None)

    def latest(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The slot's newest run."""
        runs = self.of_slots.get((dag, *slot))
        return runs[-1] if runs else None

    def look(self, ask: SlotAsk) -> SlotFacts:
        """What is known of a slot."""
        key = (ask.dag, *ask.slot)
        runs = {run: self.runs[run].state for run in self.of_slots.get(key, ())}
        view = self.slots.get(key)
        good = {task for run in runs for task in self._good_in(run)}
        if view is not None and is_gone(view, runs):
            good |= {task.id for task in version.spec.tasks} if (version := self.newest(ask.dag)) else set()
        highest = self.next_n(ask.dag, ask.key, ask.slot) - 1
        return facts_of_slot(ask, runs, view, key in self.scheduled, highest, good)

    def _good_in(self, run: RunKey) -> set[str]:
        rows = self.tasks.get(run, {})
        items = Counter(task for (task, index), row in rows.items() if index is not None and row.state in GOOD)
        return {
            task for (task, index), row in rows.items()
            if index is None and (row.state in GOOD or (row.expanded and row.expanded == items[task]))
        }  # fmt: skip

    def episodes(self) -> tuple[Episode, ...]:
        """Alerts to which something happened within a day before the newest event."""
        newest = self.events[-1].at if self.events else 0
        return tuple(
            Episode(*key, self.alert_last[key], view.alert.dag, view.alert.connections)
            for key, view in sorted(self.alerts.items())
            if self.alert_last[key] >= newest - DAY and not view.over
        )

    def is_free(self, view: RunView) -> bool:
        """Whether a run has ended, owes no hook, and belongs to no backfill that has not ended."""
        backfill = self.backfills.get(view.row.backfill or 0)
        needed = self._has_hook(view.run) or (backfill is not None and backfill.state not in ENDED_BACKFILLS)
        return view.state in RUN_FINAL and not needed

    def newest_first(self) -> Iterable[RunView]:
        """All runs, the newest first."""
        return reversed(self.runs.values())

    def number_of(self, dag: str, spec_digest: str, code_digest: str) -> int | None:
        """The number of the version with these digests."""
        for (of, number), version in self.versions.items():
            if (of, version.spec_digest, version.code_digest) == (dag, spec_digest, code_digest):
                return number
        return None


def indexes_of(runs: Mapping[RunKey, RunView], slots: Mapping[Slot, SlotView]) -> dict[str, Any]:
    """By the names of the store's attributes: what finds runs, and the slots that name runs which are not kept."""
    of_slots: dict[Slot, tuple[RunKey, ...]] = {}
    highest: dict[tuple[str, str], int] = {}
    for run, view in runs.items():
        if view.row.slot is not None:
            key = (run.dag, *view.row.slot)
            of_slots[key] = (*of_slots.get(key, ()), run)
        highest[run.dag, run.key] = max(highest.get((run.dag, run.key), 0), run.n)
    requests = {view.row.request: run for run, view in runs.items()}
    named: dict[tuple[str, str], tuple[Slot, ...]] = {}
    for where, row in slots.items():
        for name in {row.last_run, row.last_good_run or ""}:
            for run in names_of(name):
                named[run.dag, run.key] = (*named.get((run.dag, run.key), ()), where)
    return {"of_slots": of_slots, "highest": highest, "of_requests": requests, "named": named}
