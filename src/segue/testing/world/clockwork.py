"""Clocks, backfills and alerts as committed, kept a second time; what must hold of them is asked with every commit.

I8-I11 of scheduled runs, I13 of backfills, I14 of pauses, I19 of alerts, I30 of the past, I37 of what is forgotten.
Which slots get a run at all is the matter of `policy`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from segue.model.acts import Act, Drain
from segue.model.alerts import Alert
from segue.model.backfills import BackfillRow, BackfillState, unpack_slots
from segue.model.changes import (
    AlertFolded,
    AlertRaised,
    Answered,
    AttemptMoved,
    BackfillMade,
    BackfillMoved,
    Change,
    RunCreated,
    RunsForgotten,
    SlotMoved,
    TimingSet,
)
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.moment import DAY
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL, RunState, SlotState, TaskState
from segue.model.timing import Timing
from segue.schedule.slot import Slot
from segue.testing.world.happenings import happenings
from segue.testing.world.ledger import Commit, Ledger, RunRecord, Violation
from segue.testing.world.policy import Fates, Seen, Turn, is_once, show, slots_of

__all__ = ["BackfillRecord", "Clockwork"]

Span = tuple[Instant, Instant]
_NOTHING = Timing()


@dataclass(slots=True)
class BackfillRecord:
    """One backfill."""

    row: BackfillRow
    state: BackfillState
    made: int = 0
    runs: list[RunKey] = field(default_factory=list)

    @property
    def slots(self) -> Sequence[Span]:
        """Its slots, oldest first."""
        return unpack_slots(self.row.slots)


class Clockwork:
    """All that is committed about time.

    Args:
        ledger: all else.

    Attributes:
        timings: where the clock of each DAG stands.
        backfills: by number.
        alerts: by thing, kind and episode.
        shown: what each slot shows.
        cells: what has happened.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.timings: dict[str, Timing] = {}
        self.backfills: dict[int, BackfillRecord] = {}
        self.alerts: dict[tuple[str, str, Instant], Alert] = {}
        self.shown: dict[tuple[str, Span], SlotState] = {}
        self.cells: set[str] = set()
        self._fates: dict[str, Fates] = {}
        self._scheduled: dict[tuple[str, Span], RunKey] = {}
        self._newest: dict[tuple[str, str], Instant] = {}
        self._latest = self._ahead = Instant(0)
        self._last: dict[tuple[str, str, Instant], Instant] = {}
        self._runs: dict[tuple[str, Span], list[RunRecord]] = {}
        self._over: set[tuple[str, str, Instant]] = set()

    def look(self, commit: Commit, turn: Turn, sent: Mapping[str, Act]) -> None:
        """Look at a commit that the ledger has taken in.

        Args:
            commit: what was written.
            turn: in which it was decided.
            sent: acts by the id of their request.

        Raises:
            Violation: something about time is not as it must be.
        """
        before = dict(self.timings)
        self._latest = max(self._latest, turn.now)
        self._ahead = max(self._ahead, *(getattr(one, "at", Instant(0)) for one in commit.changes))
        for change in commit.changes:
            if isinstance(change, Answered) and change.ok and isinstance(act := sent.get(change.request), Drain):
                self._ledger.draining = act.on
            self._take(change)
        for change in commit.changes:
            self.cells.update(happenings(change, before, sent))
        self._check_runs(commit, turn, before)
        self._check_pauses(commit)
        self._check_policy(commit, turn, before)

    # ------------------------------------------------------------------------------------------------------- changes
    def _take(self, change: Change) -> None:
        match change:
            case TimingSet(dag, timing):
                self._set(dag, timing)
            case BackfillMade(row, state):
                self.backfills[row.id] = BackfillRecord(row, state)
            case BackfillMoved():
                self._move(change)
            case SlotMoved(dag, slot, state):
                self.shown[dag, slot] = state
            case AlertRaised(alert, at):
                self._raise(alert, at)
            case AlertFolded(thing, kind, episode, _, at, over):
                self._last[thing, kind, episode] = at
                self._over.update({(thing, kind, episode)} if over else ())
            case RunsForgotten(runs):
                self._forget(runs)
            case _:
                pass

    def _set(self, dag: str, timing: Timing) -> None:
        old = self.timings.get(dag, _NOTHING)
        same = old.generation == timing.generation and old.cursor is not None and timing.cursor is not None
        if same and (timing.cursor or 0) < (old.cursor or 0):
            raise Violation("I9", f"the cursor of {dag} goes back from {old} to {timing}")
        if same and (timing.accepted or 0) < (old.accepted or 0):
            raise Violation("I9", f"what {dag} has accepted goes back from {old} to {timing}")
        self.timings[dag] = timing
        (self._ledger.hard.add if timing.paused and timing.hard else self._ledger.hard.discard)(dag)

    def _move(self, change: BackfillMoved) -> None:
        record = self.backfills[change.backfill]
        if record.state != change.old:
            raise Violation("I13", f"backfill {change.backfill} is {record.state}, not {change.old}")
        record.state, record.made = change.new, change.made
        record.row = change.row or record.row

    def _raise(self, alert: Alert, at: Instant) -> None:
        key = (alert.thing, alert.kind, alert.episode)
        if key in self.alerts:
            return
        others = [one for one in self.alerts if one[:2] == key[:2] and one not in self._over]
        # One deadline of one slot, one episode of failures; what is held is told of twice, once more as a reminder.
        most = {"deadline": 1, "failed": 1, "held": 2, "past": 1, "longer": 1}.get(alert.kind)
        if most is not None and alert.thing and len(others) >= most and not self._anew(alert, others):
            raise Violation("I19", f"{alert.kind} of {alert.thing} is raised for {alert.episode}, and was for {others}")
        self.alerts[key], self._last[key] = alert, at

    def _anew(self, alert: Alert, others: Sequence[tuple[str, str, Instant]]) -> bool:
        """Whether it is another episode by itself: a day later, or of a run that was made or opened anew."""
        if alert.kind == "failed":  # an owner begins with what was told within a day before the newest event
            began, last = max(one[2] for one in others), max(self._last[one] for one in others)
            return max(alert.episode - began, self._ahead - last) >= DAY
        if alert.kind == "deadline":
            dues = {run.row.due for run in self._ledger.runs.values() if run.row.run.dag == alert.dag}
            return len(dues) > 1 and alert.episode not in {one[2] for one in others} and self._was_edited(alert.dag)
        return True

    def _was_edited(self, dag: str) -> bool:
        return self._ledger.newest.get(dag, 1) > 1

    def _forget(self, runs: Sequence[RunKey]) -> None:
        for key in runs:
            run = self._ledger.runs[key]
            if run.state not in RUN_FINAL or run.alive or run.calling:
                raise Violation("I37", f"{key} is forgotten, and is {run.state}")
            run.forgotten = True
            self._ledger.forgotten_until = max(self._ledger.forgotten_until, run.ended or Instant(0))
        # What was written about no run goes a day after the runs of its time.
        gone = self._ledger.forgotten_until - DAY
        self.alerts = {key: one for key, one in self.alerts.items() if self._last[key] > gone}

    # ---------------------------------------------------------------------------------------------------------- runs
    def _check_runs(self, commit: Commit, turn: Turn, before: dict[str, Timing]) -> None:
        for change in commit.changes:
            if isinstance(change, RunCreated):
                row = change.row
                if row.slot is not None:
                    self._runs.setdefault((row.run.dag, row.slot), []).append(self._ledger.runs[row.run])
                match row.kind:
                    case "scheduled":
                        self._check_scheduled(row, commit, turn, before.get(row.run.dag, _NOTHING))
                    case "backfill" if row.backfill is not None:
                        self._check_backfill(row)
                    case _:
                        pass
                if self._ledger.draining and row.kind in ("scheduled", "backfill"):
                    raise Violation("I14", f"{row.run} is made while its owner is drained")

    def _check_scheduled(self, row: RunRow, commit: Commit, turn: Turn, before: Timing) -> None:
        dag, spec = row.run.dag, self._spec(row.run.dag)
        after = self.timings.get(dag, _NOTHING)
        moved = any(isinstance(one, TimingSet) and one.dag == dag for one in commit.changes)
        if not moved:
            raise Violation("I9", f"{row.run} is committed, and the clock of {dag} is not")
        if after.paused or after.retired:
            raise Violation("I14", f"{row.run} is made, and the clock of {dag} stands still: {after}")
        if row.slot is None:
            if not is_once(spec):
                raise Violation("I10", f"{row.run} has no slot")
            return
        slot = next((one for one in slots_of(spec) if (one.start, one.end) == row.slot), None)
        if slot is None or slot.due > self._latest:  # it may have been accepted before a clock was set back
            raise Violation("I10", f"{row.run} is made at {self._latest}, its slot is {slot and show(slot)}")
        if (dag, row.slot) in self._scheduled:
            raise Violation("I8", f"{row.run} and {self._scheduled[dag, row.slot]} are of one slot")
        if (after.cursor or 0) < slot.end or (
            before.generation == after.generation and (before.cursor or 0) > slot.start
        ):
            raise Violation("I9", f"{row.run} is made, the clock stood at {before} and stands at {after}")
        place = (dag, f"{after.generation}/{after.enabled}")
        if self._newest.get(place, -1) >= slot.start:
            raise Violation("I10", f"{row.run} is made after that of {self._newest[place]}")
        self._scheduled[dag, row.slot] = row.run
        self._newest[place] = slot.start
        self._check_room(row, spec)

    def _check_room(self, row: RunRow, spec: DagSpec) -> None:
        """Runs are made as there is room, and one that waits."""
        room = spec.run_limit + (spec.overlap == "wait")
        going = [
            run.row for run in self._ledger.at_work()
            if run.row.run.dag == spec.id and run.state is not RunState.HELD and _is_regular(run.row)
        ]  # fmt: skip
        count, waits = len(going), sum(one.kind == "scheduled" for one in going)
        if count > room and waits > room:
            raise Violation("I12", f"{row.run} is made, {count} runs of {spec.id} go on or wait, {room} may")

    def _check_backfill(self, row: RunRow) -> None:
        assert row.backfill is not None
        record = self.backfills[row.backfill]
        if record.state not in ("running", "done"):
            raise Violation("I15", f"{row.run} is made, backfill {row.backfill} is {record.state}")
        if row.slot not in record.slots:
            raise Violation("I13", f"{row.run} is not of backfill {row.backfill}")
        if (row.version, row.bundle) != (record.row.version, record.row.bundle):
            raise Violation("I17", f"{row.run} has version {row.version}, its backfill {record.row.version}")
        record.runs.append(row.run)
        going = [self._ledger.runs[key] for key in record.runs]
        open_now = sum(run.state not in RUN_FINAL and run.state is not RunState.HELD for run in going)
        if open_now > record.row.cap:
            raise Violation(
                "I13", f"{open_now} runs of backfill {row.backfill} have not ended, its cap is {record.row.cap}"
            )

    # -------------------------------------------------------------------------------------------------------- pauses
    def _check_pauses(self, commit: Commit) -> None:
        for moved, _before in commit.attempts:
            self._check_attempt(moved)

    def _check_attempt(self, moved: AttemptMoved) -> None:
        if moved.old is not None or moved.kind == "hook":
            return
        timing = self.timings.get(moved.key.run.dag, _NOTHING)
        if timing.paused and timing.hard:
            raise Violation("I14", f"{moved.key} is dispatched, {moved.key.run.dag} is paused hard")
        if self._ledger.draining:
            raise Violation("I14", f"{moved.key} is dispatched while its owner is drained")
        run, task = self._ledger.runs[moved.key.run], moved.key.task
        specs = (run.spec, self._spec(moved.key.run.dag))
        before = {record.round for key, record in run.attempts.items() if key.of == moved.key.of and key != moved.key}
        if moved.round in before:
            return  # it has begun: the past is asked once
        if run.specs[task].rules.depends_on_past and not any(self._may_follow(run, task, spec) for spec in specs):
            raise Violation("I30", f"{moved.key} is dispatched, and {task} is not good in the slot before")

    def _may_follow(self, run: RunRecord, task: str, spec: DagSpec) -> bool:
        """Whether a task is good in the slot before that of its run, or need not look back."""
        row, dag = run.row, run.row.run.dag
        before = next((one for one in slots_of(spec) if row.slot is not None and one.end == row.slot[0]), None)
        if before is None or (row.backfill is not None and self.backfills[row.backfill].slots[0] == row.slot):
            return True
        span = (before.start, before.end)
        runs, shown = self._runs.get((dag, span), []), self.shown.get((dag, span))
        if all(one.forgotten for one in runs) and shown is None:
            enabled = self.timings.get(dag, _NOTHING).enabled
            return enabled is None or before.end <= enabled
        good = any(one.task(task, None).state in (TaskState.SUCCESS, TaskState.SKIPPED) for one in runs)
        return good or shown in (SlotState.FRESH, SlotState.STALE, SlotState.SKIPPED)

    # -------------------------------------------------------------------------------------------------------- policy
    def _check_policy(self, commit: Commit, turn: Turn, before: dict[str, Timing]) -> None:
        for dag in dict.fromkeys(one.dag for one in commit.changes if isinstance(one, TimingSet)):
            spec = self._spec(dag)
            if spec.schedule is None or is_once(spec):
                continue
            for text in self._fates.setdefault(dag, Fates()).follow(spec, turn, self._seen(dag, spec, commit, before)):
                raise Violation("POLICY", text)

    def _seen(self, dag: str, spec: DagSpec, commit: Commit, before: dict[str, Timing]) -> Seen:
        slots = {(slot.start, slot.end): slot for slot in slots_of(spec)}
        rows = [one.row for one in commit.changes if isinstance(one, RunCreated) and one.row.run.dag == dag]
        made = [slots[row.slot] for row in rows if row.kind == "scheduled" and row.slot in slots]
        skipped = [
            slots[one.slot] for one in commit.changes
            if isinstance(one, SlotMoved) and one.dag == dag and one.run is None and one.state is SlotState.SKIPPED
            and one.slot in slots
        ]  # fmt: skip
        proposed = {
            slots[span] for one in commit.changes
            if isinstance(one, BackfillMade) and one.state == "proposed" and one.row.dag == dag
            for span in unpack_slots(one.row.slots) if span in slots
        }  # fmt: skip
        timings = [
            before.get(dag, _NOTHING),
            *(one.timing for one in commit.changes if isinstance(one, TimingSet) and one.dag == dag),
        ]
        lifted = tuple(one for one, other in pairwise(timings) if one.paused and not other.paused)
        return Seen(
            timings[0], timings[-1], lifted, made, skipped, frozenset(proposed),
            lambda slot: self._is_satisfied(dag, slot),
        )  # fmt: skip

    def _is_satisfied(self, dag: str, slot: Slot) -> bool:
        span = (slot.start, slot.end)
        runs = self._runs.get((dag, span), [])
        if any(run.row.kind == "scheduled" for run in runs):
            return True
        kept = [run for run in runs if not run.forgotten]
        if kept:
            return kept[-1].state not in (RunState.FAILED, RunState.CANCELLED)
        return self.shown.get((dag, span)) is not None

    def _spec(self, dag: str) -> DagSpec:
        return self._ledger.versions[dag, self._ledger.newest[dag]]

    # ---------------------------------------------------------------------------------------------------------- rest
    def at_rest(self, now: int) -> Iterator[str]:
        """What is left undone when nothing will happen any more by itself."""
        for dag, timing in self.timings.items():
            spec = self._spec(dag)
            stands = timing.paused or timing.retired or dag in self._ledger.quarantined or self._ledger.draining
            if stands or spec.schedule is None or is_once(spec) or dag not in self._fates:
                continue
            for slot in self._fates[dag].overlooked(spec, now):
                if not self._is_satisfied(dag, slot):
                    yield f"{dag} {show(slot)} is due, and nothing is made of it: {timing}"
        for number, record in self.backfills.items():
            retired = self.timings.get(record.row.dag, _NOTHING).retired
            waits = any(self._ledger.runs[key].state is RunState.HELD for key in record.runs)
            if record.state == "running" and not (retired or waits or self._ledger.draining):
                yield f"backfill {number} goes on for ever: {record.made} of {record.row.total}"


def _is_regular(row: RunRow) -> bool:
    return row.backfill is None and row.kind != "lookback"
