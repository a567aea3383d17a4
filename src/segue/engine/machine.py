"""One run as a machine: where each of its tasks stands, and what the rules say next.

Tasks are *cells*. Cell `i < len(graph)` is task `i`; the items of a mapped task are a span of further cells, appended
when it is expanded. Per task one wait counter and four outcome bits carry every trigger rule, so that the end of a task
costs as much as it has downstream, never as much as the graph has tasks.

The machine knows nothing of limits, clocks or other runs. What can be derived from the states is derived: `rederive` is
used after a restart and after every act of a person, so both take the same path.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from typing import Final

from segue.engine.steps import BODY, Steps
from segue.engine.tally import HookTally, Outcomes, Tally
from segue.model.commands import Brief
from segue.model.duration import show_duration
from segue.model.events import Held, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptKind, RunRow, Stop
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.timing import SlotAsk
from segue.model.why import Why
from segue.resolve.graph import Graph, GrowingGraph
from segue.resolve.rules import BAD, BIT, SPREADING, Verdict, judge

__all__ = [
    "CANCELLED", "CODE", "EXPANDED", "FAILED", "FINAL_CODES", "HELD", "LOOKBACK", "PENDING", "STATES", "SUCCESS",
    "UP_FOR_RETRY", "Machine", "Tally",
]  # fmt: skip

STATES = tuple(TaskState)
CODE = {state: code for code, state in enumerate(STATES)}
EXPANDED = len(STATES)
PENDING, UP_FOR_RETRY, SUCCESS = CODE[TaskState.PENDING], CODE[TaskState.UP_FOR_RETRY], CODE[TaskState.SUCCESS]
FAILED, HELD, CANCELLED = CODE[TaskState.FAILED], CODE[TaskState.HELD], CODE[TaskState.CANCELLED]
FINAL_CODES = frozenset(CODE[state] for state in BIT)
_BITS = tuple(BIT.get(state, 0) for state in STATES)
_KEPT_INLINE = 512
LOOKBACK: Final = "lookback"


class Machine:
    """One live run.

    Attributes:
        row: what the run was created as, `key` its name; spec, graph: its pinned version.
        state, round, placed, started: as committed (or about to be, in this turn).
        cancel_at, stop, stopped_by: when, why and by whom it began to be stopped.
        spent, placed_at: how long it held its place before, and since when it does; its timeout counts both.
        klass, serial: its rank among runs: class (0 asked for by name, 1 scheduled, 2 backfill), then order of arrival;
            inside class and DAG `turn` comes first: when it was due, reversed where the newest goes first.
        waiting: it stands in its DAG's line for a place; granted: it may dispatch, `placed` follows with an attempt.
        generation: grows when everything derived must be derived again; older queue entries are void.
        ready: cells in the dispatcher's hands; retrying: cells waiting for their delay; alive: attempts alive.
        listed: 1 for each task whose cells have all been given to the dispatcher, a timer or an end in this generation.
        withheld: what guards hold, or a person has released and is not yet published; kept: what `context.state` holds.
        hooks: those that were ever called, by id and map index; sweep: cells that a stop has still to look at.
        left: how many items of each expanded task have not ended.
        steps: the calls that a flow has made; joined: the run that each cell, DEFERRED, has started and waits for.
        past: the slot before, where tasks look back at it; behind: the tasks for which it is not good yet.
        line: whose places it asks for: those of a backfill (its number), of lookbacks, or (empty) of its DAG.
    """

    def __init__(self, row: RunRow, spec: DagSpec, graph: Graph) -> None:
        self.row, self.key, self.spec = row, row.run, spec
        self.graph = GrowingGraph(spec) if spec.is_flow else graph
        self.state = RunState.QUEUED
        self.round = 1
        self.placed = self.granted = self.waiting = False
        self.cancel_at: Instant | None = None
        self.stop: Stop = ""
        self.stopped_by = ""
        self.started: Instant | None = None
        self.spent = 0
        self.placed_at: Instant | None = None
        size = len(graph)
        self.states = bytearray(size)
        self.owner = array("i", range(size))
        self.spans: dict[int, range] = {}
        self.left: dict[int, int] = {}
        self.waits = array("i", bytes(4 * size))
        self.seen = bytearray(size)
        self.open = size
        self.tallies: dict[int, Tally] = {}
        self.results: dict[int, Value] = {}
        self.lengths: dict[int, int | None] = {}
        self.marked: set[int] = set()
        self.followed: dict[int, frozenset[int]] = {}
        self.failed: set[int] = set()
        self.held: set[int] = set()
        self.reasons: dict[int, str] = {}
        self.withheld: dict[int, Held] = {}
        self.kept: dict[int, dict[str, str]] = {}
        self.hooks: dict[tuple[str, int | None], HookTally] = {}
        self.dirty: deque[int] = deque()
        self.listed = bytearray(size)
        self.outcomes: dict[int, Outcomes] = {}
        self.steps = Steps()
        self.joined: dict[int, RunKey] = {}
        self.past: SlotAsk | None = None
        self.behind: set[int] = set()
        self.turn: int = row.due
        self.line: int | str = LOOKBACK if row.kind == LOOKBACK else row.backfill or ""
        self.generation = self.ready = self.retrying = self.alive = 0
        self.sweep: Iterator[int] | None = None
        self.klass, self.serial = row.klass, 0
        self.brief = Brief(
            row.run, row.bundle, spec.file, spec.location, spec.timezone, row.slot, row.due, row.kind, row.params,
            spec.id if spec.id != row.run.dag else "",
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------------ reading
    def task(self, cell: int) -> TaskSpec:
        """The spec of a cell's task."""
        return self.graph.tasks[self.owner[cell]]

    def item(self, cell: int) -> int | None:
        """The map index of a cell, None for a task itself."""
        node = self.owner[cell]
        return None if cell == node else cell - self.spans[node].start

    def label(self, cell: int) -> str:
        """The cell as people write it: `clean`, `clean[3]`."""
        item = self.item(cell)
        return self.task(cell).id if item is None else f"{self.task(cell).id}[{item}]"

    def cell(self, task: str, index: int | None) -> int | None:
        """The cell of a task or item, None where there is none."""
        node = self.graph.index.get(task)
        if node is None or index is None:
            return node
        span = self.spans.get(node, range(0))
        return span[index] if 0 <= index < len(span) else None

    def cells(self, node: int) -> range | tuple[int]:
        """The cells that count for a task: its items where it is expanded, else itself."""
        return self.spans.get(node, (node,))

    def state_of(self, cell: int) -> TaskState:
        """Where a cell stands; an expanded task itself is PENDING, as its row is."""
        code = self.states[cell]
        return TaskState.PENDING if code == EXPANDED else STATES[code]

    def tally(self, cell: int) -> Tally:
        """The cell's tally, made where there is none. An item goes on from what its task has been through."""
        found = self.tallies.get(cell)
        if found is None:
            found = self.tallies[cell] = Tally()
            whole = self.tallies.get(self.owner[cell], found)
            found.number, found.round = whole.number, whole.round
            if self.states[cell] == SUCCESS and cell not in self.marked:
                found.number = 1  # the trivial tally of a first-try success is not kept
        return found

    def ended(self, node: int) -> bool:
        """Whether a task, with all its items, has ended."""
        code = self.states[node]
        return code in FINAL_CODES or (code == EXPANDED and not self.left[node])

    def verdict(self, node: int) -> Verdict:
        """What the trigger rule says; what may run all the same waits for the past where it is behind."""
        verdict = self.rule(node)
        return Verdict.WAIT if verdict is Verdict.RUN and node in self.behind else verdict

    def rule(self, node: int) -> Verdict:
        """What the trigger rule says. Branches come first, and a map waits for its lists, whatever its rule."""
        if node == BODY and self.steps.awaited:
            return Verdict.WAIT
        setups = self.graph.setups.get(node)
        if setups is not None:
            return self._clean_up(node, setups)
        rule = self.graph.tasks[node].rules.trigger_rule
        gates = self.graph.gates.get(node)
        if gates is not None and rule != "always":
            if self.excluded_by(node) is not None:
                return Verdict.SKIP
            if not all(self.ended(gate) for gate in gates):
                return Verdict.WAIT
        verdict = judge(rule, self.seen[node], self.waits[node])
        if verdict is Verdict.RUN and node in self.graph.scopes and rule != "always":
            verdict = self._within(node, rule in SPREADING)
        if verdict is Verdict.RUN and not all(self.ended(up) for up in self.graph.lists.get(node, ())):
            return Verdict.WAIT
        return verdict

    def _clean_up(self, node: int, setups: tuple[int, ...]) -> Verdict:
        """A teardown: when all upstream has ended, if one of its setups succeeded (rulings, "Setup/teardown").

        All that lies between counts: a cancel ends what waits at once, while attempts above it are still being stopped.
        """
        if self.waits[node] or not all(self.ended(user) for user in self.graph.needs.get(node, ())):
            return Verdict.WAIT
        return Verdict.RUN if any(self.states[setup] == SUCCESS for setup in setups) else Verdict.SKIP

    def _within(self, node: int, spreading: bool) -> Verdict:
        """A task that may run by its rule waits for a setup that makes its environment anew, as if directly below."""
        seen = 0
        for setup in self.graph.scopes[node]:
            tally = self.tallies.get(setup)
            if tally is not None and tally.round > 1:
                if self.states[setup] not in FINAL_CODES:
                    return Verdict.WAIT
                seen |= _BITS[self.states[setup]]
        if not spreading or not seen & ~_BITS[SUCCESS]:
            return Verdict.RUN
        return Verdict.UPSTREAM_FAILED if seen & BAD else Verdict.SKIP

    def excluded_by(self, node: int) -> int | None:
        """The branch that did not choose this task, if one did not."""
        for gate in self.graph.gates.get(node, ()):
            chosen = self.followed.get(gate)
            if chosen is not None and node not in chosen:
                return gate
        return None

    @property
    def blamed(self) -> set[int]:
        """Failed cells whose failure matters: none of a teardown does."""
        return {
            cell
            for cell in self.failed
            if not self.task(cell).rules.allow_failure and self.owner[cell] not in self.graph.setups
        }

    @property
    def stopping(self) -> bool:
        """Whether it is being stopped, by a person or by its timeout."""
        return self.cancel_at is not None

    @property
    def stopped(self) -> Why:
        """Why a task of it is stopped."""
        if self.stop == "timeout":
            return Why("run_timed_out", (show_duration(self.spec.timeout or 0),))
        return Why("cancelled", (self.stopped_by or "somebody",))

    def doomed(self, cell: int) -> bool:
        """Whether the cell must not begin, or go on: its run is being stopped, and it is no teardown that may run."""
        return self.stopping and (self.stop == "now" or self.owner[cell] not in self.graph.setups)

    @property
    def cleaning(self) -> bool:
        """Whether a teardown may run; asked while the run is being stopped."""
        return any(self.verdict(node) is Verdict.RUN for node in self.graph.setups)

    @property
    def calling(self) -> bool:
        """Whether an attempt of one of its hooks is alive."""
        return any(hook.alive for hook in self.hooks.values())

    # ------------------------------------------------------------------------------------------------------- moving
    def put(self, cell: int, state: TaskState) -> None:
        """Set a cell's state and all that hangs on it; downstream that may decide becomes dirty."""
        old, new = self.states[cell], CODE[state]
        self.states[cell] = new
        self.held.discard(cell)
        if state is TaskState.HELD:
            self.held.add(cell)
        if new not in FINAL_CODES:
            return
        self.behind.discard(cell)
        if state is TaskState.FAILED:
            self.failed.add(cell)
        else:
            self.failed.discard(cell)
        if old in FINAL_CODES:
            return
        self.open -= 1
        bit, node = _BITS[new], self.owner[cell]
        if node != cell:
            self.left[node] -= 1
        for below in self.graph.down[node]:
            self.waits[below] -= 1
            self.seen[below] |= bit
            if self.verdict(below):
                self.dirty.append(below)
        if self.steps.frees(cell):
            self.dirty.append(BODY)
        if self.graph.environments:
            others = (*self.graph.users.get(node, ()), *self.graph.ends.get(node, ()))
            self.dirty.extend(other for other in others if self.verdict(other))

    def keep(self, cell: int, value: Value) -> None:
        """Remember a result as far as a launch needs it: small ones whole, lengths always."""
        node = self.owner[cell]
        if node in self.graph.mapped_over and cell == node:
            self.lengths[node] = value.length
        taken = self.graph.feeds[node] or self.steps
        if taken and cell == node and value.inline is not None and len(value.inline) <= _KEPT_INLINE:
            self.results[node] = value

    def kind_of(self, cell: int) -> AttemptKind:
        """What its living or next attempt does: what is withheld and has been released is published."""
        return "publish" if cell in self.withheld else "user"

    def state_kept(self, cell: int) -> tuple[tuple[str, str], ...]:
        """What `context.state` holds for a cell, by name."""
        return tuple(sorted(self.kept[cell].items())) if cell in self.kept else ()

    def choose(self, node: int, ids: tuple[str, ...]) -> None:
        """A branch has chosen: those tasks, and what lies downstream of them, are not skipped by it."""
        chosen = {self.graph.index[name] for name in ids if name in self.graph.index}
        self.followed[node] = frozenset(chosen | self.graph.descendants(chosen))

    def expand(self, node: int, length: int) -> None:
        """Give a mapped task its items; what waits for it waits for each of them."""
        start = len(self.states)
        self.spans[node] = range(start, start + length)
        self.states[node] = EXPANDED
        self.states.extend(bytes(length))
        self.owner.extend(array("i", [node]) * length)
        self.open += length - 1
        self.left[node] = length
        for below in self.graph.down[node]:
            self.waits[below] += length - 1

    def collapse(self, node: int) -> None:
        """Forget a mapped task's items; their cells are not used again, nor are the numbers of their attempts."""
        whole = self.tally(node)
        for cell in self.spans.pop(node):
            item = self.tally(cell)
            whole.number, whole.round = max(whole.number, item.number), max(whole.round, item.round)
            del self.tallies[cell]
            self.marked.discard(cell)
            self.reasons.pop(cell, None)
        self.states[node] = PENDING

    def used(self) -> Iterator[int]:
        """All cells that count: tasks that are not expanded, and items."""
        for node in range(len(self.graph)):
            yield from self.cells(node)

    def look_back(self, past: SlotAsk | None) -> None:
        """Let tasks that depend on the past and have not begun wait for that slot; None: there is none to wait for."""
        self.past = past
        self.behind.clear()
        if past is not None:
            self.behind.update(node for node in self.graph.past if self.states[node] == PENDING)

    def rederive(self) -> None:
        """Compute all that follows from the states: counters, what is open, failed, held; every task becomes dirty."""
        self.generation += 1
        self.ready = self.retrying = self.open = 0
        self.outcomes.clear()
        self.look_back(self.past)
        self.dirty = deque(range(len(self.graph)))
        counts = self.waits = array("i", bytes(4 * len(self.graph)))
        self.seen = bytearray(len(self.graph))
        self.listed = bytearray(len(self.graph))
        self.failed.clear()
        self.held.clear()
        self.left = dict.fromkeys(self.spans, 0)
        for cell in self.used():
            code, owner = self.states[cell], self.owner[cell]
            below = self.graph.down[owner]
            if code == FAILED:
                self.failed.add(cell)
            if code == HELD:
                self.held.add(cell)
            if code in FINAL_CODES:
                for node in below:
                    self.seen[node] |= _BITS[code]
            else:
                self.open += 1
                if owner != cell:
                    self.left[owner] += 1
                for node in below:
                    counts[node] += 1

    def outcomes_of(self, node: int) -> Outcomes:
        """Which items of a mapped task gave a value; kept once all have ended, because every consumer asks."""
        known = self.outcomes.get(node)
        if known is None:
            cells = self.spans[node]
            known = Outcomes.of(self.states[cell] == SUCCESS and cell not in self.marked for cell in cells)
            if self.ended(node):
                self.outcomes[node] = known
        return known

    def stands_still(self) -> bool:
        """Whether something has not ended, and all of it is held, or waits for what is held (rulings, "parked")."""
        return self.open > 0 and not any(
            self.states[cell] not in FINAL_CODES and self.states[cell] != HELD and self._moves(cell)
            for cell in self.used()
        )

    def _moves(self, cell: int) -> bool:
        tally = self.tallies.get(cell)
        return (tally is not None and tally.alive) or self.verdict(self.owner[cell]) is not Verdict.WAIT
