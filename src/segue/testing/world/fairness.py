"""Limits, and that nobody waits while they leave room (I8, I12, I13, I32); I16 is the same counts at rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from segue.model.ids import AttemptKey
from segue.model.spec import Rules
from segue.model.state import TaskState
from segue.testing.world.executor import ScriptedExecutor
from segue.testing.world.ledger import Commit, Ledger, RunRecord
from segue.testing.world.oracle import ruling

__all__ = ["FAIRNESS", "Invariant"]

Invariant: TypeAlias = Callable[[Ledger, Commit, ScriptedExecutor], Iterator[str]]
_BETWEEN = (TaskState.UP_FOR_RETRY, TaskState.DEFERRED)
_BACKFILL = 2
_RESERVED_FROM = 4


def i8(ledger: Ledger, _: Commit, _executor: ScriptedExecutor) -> Iterator[str]:
    """At most one run of a slot holds a place."""
    for run, others in _placed(ledger).items():
        slots = [one.row.slot for one in others if one.row.slot is not None]
        if len(set(slots)) < len(slots):
            yield f"two runs of one slot of {run} hold their place"


def i12_runs(ledger: Ledger, _: Commit, _executor: ScriptedExecutor) -> Iterator[str]:
    """Runs that hold a place <= `max_active_runs`; those of backfills have their cap, of lookbacks one goes on."""
    # A foreground owner takes up a placed run of an owner that died, whatever it has begun itself meanwhile.
    for dag, placed in _placed(ledger).items() if ledger.driven is None else ():
        if sum(run.row.kind == "lookback" for run in placed) > 1:
            yield f"two lookback runs of {dag} hold a place"
        runs = [run for run in placed if run.row.kind != "lookback" and run.row.backfill is None]
        limit = max((run.spec.run_limit for run in runs), default=0)
        if len(runs) > limit:
            yield f"{len(runs)} runs of {dag} hold a place, {limit} may"


def _placed(ledger: Ledger) -> dict[str, list[RunRecord]]:
    placed: dict[str, list[RunRecord]] = {}
    for run in ledger.at_work():
        if run.placed:
            placed.setdefault(run.row.run.dag, []).append(run)
    return placed


def i12_attempts(ledger: Ledger, commit: Commit, executor: ScriptedExecutor) -> Iterator[str]:
    """Attempts alive <= every limit that allowed a new one; those of hooks take no room."""
    new = [change.key for change, _ in commit.attempts if change.old is None and change.kind != "hook"]
    if not new:
        return
    alive = _alive(ledger)
    if len(alive) > executor.room:
        yield f"{len(alive)} attempts are alive, there is room for {executor.room}"
    for key in new:
        run = ledger.runs[key.run]
        if not run.placed:
            yield f"{key} is made, its run holds no place"
        most = run.spec.max_active_tasks
        if most is not None and sum(one.run.dag == key.run.dag for one in alive) > most:
            yield f"more than {most} attempts of {key.run.dag} are alive (max_active_tasks)"
        most = run.specs[key.task].rules.max_active
        same = sum((one.run.dag, one.task) == (key.run.dag, key.task) for one in alive)
        if most is not None and same > most:
            yield f"{same} attempts of {key.run.dag}.{key.task} are alive, {most} may (max_active)"


def _alive(ledger: Ledger) -> list[AttemptKey]:
    return [key for run in ledger.at_work() for key in run.alive]


def used(ledger: Ledger, keys: Iterable[AttemptKey]) -> Counter[tuple[str, bool]]:
    """How much of every pool (True) and resource (False) these attempts take."""
    found: Counter[tuple[str, bool]] = Counter()
    for key in keys:
        found.update(_asks(ledger.runs[key.run].specs[key.task].rules))
    return found


def _asks(rules: Rules) -> dict[tuple[str, bool], int]:
    asked = {(name, False): amount for name, amount in rules.resources}
    if rules.pool is not None:
        asked[rules.pool, True] = rules.slots
    return asked


def _capacity(ledger: Ledger, gate: tuple[str, bool], klass: int) -> int:
    name, is_pool = gate
    whole = (ledger.pools if is_pool else dict(ledger.limits.resources)).get(name, 0)
    spared = is_pool and klass == _BACKFILL and whole >= _RESERVED_FROM
    return whole - ledger.limits.backfill_reserve if spared else whole


def i12_shared(ledger: Ledger, commit: Commit, executor: ScriptedExecutor) -> Iterator[str]:
    """Slots and amounts in use <= what there is, less the reserve for a backfill, whenever a new attempt takes some."""
    new = [change.key for change, _ in commit.attempts if change.old is None and change.kind != "hook"]
    if not new:
        return
    alive = _alive(ledger)
    taken = used(ledger, alive)
    for key in new:
        run = ledger.runs[key.run]
        for gate in _asks(run.specs[key.task].rules):
            # The last of a turn may be of another class: only if all that are new are backfills, the reserve is sure.
            klass = min(ledger.runs[one.run].klass for one in new if gate in _asks(_rules(ledger, one)))
            if taken[gate] > _capacity(ledger, gate, klass):
                yield f"{key}: {taken[gate]} of {gate[0]} are in use, {_capacity(ledger, gate, klass)} may"
    backfills = all(ledger.runs[key.run].klass == _BACKFILL for key in new)
    reserve = ledger.limits.backfill_reserve
    most = executor.most
    if backfills and reserve and most >= _RESERVED_FROM and len(alive) > most - reserve:
        yield f"{len(alive)} attempts are alive, a backfill may be the {most - reserve}. of {most}"


def _rules(ledger: Ledger, key: AttemptKey) -> Rules:
    return ledger.runs[key.run].specs[key.task].rules


def i32(ledger: Ledger, commit: Commit, executor: ScriptedExecutor) -> Iterator[str]:
    """What may run does not wait while a worker is free. Looked at after every fourth commit: it reads every task."""
    alive = _alive(ledger)
    if ledger.commits % 4 or len(alive) >= executor.workers:
        return
    by_dag = Counter(key.run.dag for key in alive)
    by_task = Counter((key.run.dag, key.task) for key in alive)
    ready: list[tuple[RunRecord, str]] = []
    for run in ledger.at_work():
        dag, most = run.row.run.dag, run.spec.max_active_tasks
        stands = not run.placed or run.cancel_at is not None or dag in ledger.quarantined or ledger.stands_still(dag)
        if stands or (most is not None and by_dag[dag] >= most):
            continue
        for name, index, task in run.counted():
            spec = run.specs[name]
            limit = spec.rules.max_active
            if task.state is not TaskState.PENDING or (spec.mapped and index is None) or spec.rules.depends_on_past:
                continue
            if (limit is None or by_task[dag, name] < limit) and ruling(run, spec) == (True, None):
                ready.append((run, name))
    yield from _left_waiting(ledger, alive, ready, executor)


def _left_waiting(
    ledger: Ledger, alive: list[AttemptKey], ready: list[tuple[RunRecord, str]], executor: ScriptedExecutor
) -> Iterator[str]:
    """Of what could run by its rule, what no pool, resource, reserve or waiting neighbour stops."""
    taken = used(ledger, alive)
    waiting = [
        (run, name) for run in ledger.at_work() for name, _, task in run.counted()
        if task.state in _BETWEEN or (task.state is TaskState.PENDING and not run.placed)
    ]  # fmt: skip
    asked = Counter(gate for run, name in (*ready, *waiting) for gate in _asks(run.specs[name].rules))
    spared = ledger.limits.backfill_reserve if executor.workers >= _RESERVED_FROM else 0
    for run, name in ready:
        asks = _asks(run.specs[name].rules)
        full = any(taken[gate] + amount > _capacity(ledger, gate, run.klass) for gate, amount in asks.items())
        contested = any(asked[gate] > 1 for gate in asks)
        if full or contested or (run.klass == _BACKFILL and len(alive) >= executor.workers - spared):
            continue
        yield f"{run.row.run}/{name} could run, {len(alive)} of {executor.workers} workers are busy"


FAIRNESS: Final[tuple[tuple[str, Invariant], ...]] = (
    ("I8", i8), ("I12", i12_runs), ("I12", i12_attempts), ("I12", i12_shared), ("I32", i32),
)  # fmt: skip
