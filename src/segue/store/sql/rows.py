"""From rows to values: which columns a view is made of, and how."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Select, select

from segue.model.alerts import Alert, Episode
from segue.model.backfills import BackfillRow
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow, Step
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.model.timing import Foretold, Timing
from segue.model.views import (
    AlertView,
    AnswerView,
    AttemptView,
    BackfillView,
    DagView,
    DeliveryView,
    EventView,
    RunView,
    SlotView,
    TaskView,
)
from segue.model.why import Why
from segue.store.schema import (
    NO_INDEX,
    alerts,
    attempts,
    backfills,
    dags,
    events,
    requests,
    runs,
    slots,
    tasks,
)
from segue.store.sql.alerts import FOLD_END

__all__ = [
    "ALERTS",
    "ANSWERS",
    "ATTEMPTS",
    "BACKFILLS",
    "DAGS",
    "EVENTS",
    "RUNS",
    "SLOTS",
    "TASKS",
    "alert_view",
    "answer_view",
    "attempt_view",
    "backfill_view",
    "dag_view",
    "episode_of",
    "event_view",
    "index_of",
    "run_view",
    "slot_view",
    "step_of",
    "task_view",
]

_why: Final = msgspec.msgpack.Decoder(Why).decode
_strings: Final = msgspec.msgpack.Decoder(tuple[str, ...]).decode
_culprits: Final = msgspec.msgpack.Decoder(tuple[tuple[str, str], ...]).decode
_foretold: Final = msgspec.msgpack.Decoder(Foretold).decode
step_of: Final = msgspec.msgpack.Decoder(Step).decode
"""A call of a flow as the table `steps` has it."""

_TASK_STATES: Final = {state.value: state for state in TaskState}
_ATTEMPT_STATES: Final = {state.value: state for state in AttemptState}

r, t, a, e, b, o = runs.c, tasks.c, attempts.c, events.c, backfills.c, alerts.c
_RUN_KEY = (r.dag, r.key, r.n)
RUNS: Final[Select[Any]] = select(
    r.id, *_RUN_KEY, r.request_id, r.version, r.bundle, r.slot_start, r.slot_end, r.kind, r["class"], r.environment,
    r.params, r.due, r.created, r.actor, r.reason, r.backfill, r.state, r.round, r.placed, r.why, r.culprits,
    r.cancel_at, r.started, r.ended, r.stop, r.stopped_by, r.spent, r.placed_at,
)  # fmt: skip
TASKS: Final[Select[Any]] = select(
    t.run, t.task_id, t.map_index, t.state, t.round, t.tries, t.losses, t.platform, t.not_before, t.why, t.number,
    t.expanded, t.length, t.digest, t.inline, t.ref, t.marked, t.followed, t.started, t.ended,
    t.reused_from, t.preview, t.staged,
)  # fmt: skip
ATTEMPTS: Final[Select[Any]] = select(
    a.run, *_RUN_KEY, a.task_id, a.map_index, a.number, a.state, a.round, a.created, a.started, a.ended, a.cause,
    a.text, a.signal, a.exit_code, a.peak_rss, a.cpu, a.worker, a.log, a.notes, a.kind,
    a.rows, a.source, a.id,
).join_from(attempts, runs, r.id == a.run, isouter=True)  # fmt: skip
EVENTS: Final[Select[Any]] = select(
    e.seq, e.at, e.epoch, e.kind, e.dag, *_RUN_KEY, e.task_id, e.map_index, e.attempt, e.old, e.new, e.why_code,
    e.why_args, e.actor,
).join_from(events, runs, r.id == e.run, isouter=True)  # fmt: skip
DAGS: Final[Select[Any]] = select(
    dags.c.dag_id, dags.c.version, dags.c.location, dags.c.file, dags.c.bundle, dags.c.error, dags.c.quarantined,
    dags.c.renamed_from, dags.c.generation, dags.c.cursor_end, dags.c.accepted, dags.c.enabled_at, dags.c.paused,
    dags.c.hard_paused, dags.c.until, dags.c.retired_at, dags.c.foretold,
)  # fmt: skip
SLOTS: Final[Select[Any]] = select(
    slots.c.dag, slots.c.slot_start, slots.c.slot_end, slots.c.state, slots.c.last_run, slots.c.last_good_run,
    slots.c.version,
)  # fmt: skip
BACKFILLS: Final[Select[Any]] = select(
    b.id, b.dag, b.slots, b.total, b.order, b.cap, b.only, b.version, b.bundle, b.params, b.reason, b.request, b.actor,
    b.created, b.state, b.made, b.ended,
)  # fmt: skip
ALERTS: Final[Select[Any]] = select(
    o.thing, o.kind, o.episode, o.dag, o.run_key, o.run_n, o.task, o.key, o.owner, o.text, o.causes, o.command,
    o.channels, o.connections, o.at, o.folded, o.over,
)  # fmt: skip
ANSWERS: Final[Select[Any]] = select(
    requests.c.id, requests.c.actor, requests.c.act, requests.c.outcome, requests.c.why, requests.c.answered, *_RUN_KEY
).join_from(requests, runs, r.id == requests.c.run, isouter=True)


def index_of(map_index: int) -> int | None:
    """The map index as the model has it."""
    return None if map_index == NO_INDEX else map_index


def run_view(row: Any) -> RunView:
    """A row of `RUNS`."""
    (number, dag, key, n, request, version, bundle, start, end, kind, klass, environment, params, due, created, actor,
     reason, backfill, state, round_, placed, why, culprits, cancel_at, started, ended, *stopping) = row  # fmt: skip
    return RunView(
        number,
        RunRow(
            RunKey(dag, key, n), request, version, bundle, None if start is None else (start, end), kind, klass,
            environment, params, due, created, actor, reason, backfill,
        ),
        RunState(state), round_, bool(placed), why and _why(why), _culprits(culprits) if culprits else (), cancel_at,
        started, ended, *stopping,
    )  # fmt: skip


def task_view(row: Any) -> TaskView:
    """A row of `TASKS`, without its run."""
    (_, task, index, state, round_, tries, losses, platform, not_before, why, number, expanded, length, digest, inline,
     ref, marked, followed, started, ended, reused_from, preview, staged) = row  # fmt: skip
    return TaskView(
        task, index_of(index), _TASK_STATES[state], round_, tries, losses, platform, not_before, why and _why(why),
        number, expanded, length, digest, inline, ref, bool(marked), None if followed is None else _strings(followed),
        started, ended, reused_from, preview or b"", staged or b"",
    )  # fmt: skip


def attempt_view(row: Any) -> AttemptView:
    """A row of `ATTEMPTS`, without the run's number."""
    (_, dag, key, n, task, index, number, state, round_, created, began, ended, cause, text, code, exit_code, peak_rss,
     cpu, worker, log, notes, kind, rows, source, id_) = row  # fmt: skip
    run = RunKey(dag or "", key or "", n or 0)
    return AttemptView(
        AttemptKey(run, task, index_of(index), number), _ATTEMPT_STATES[state], round_, created, began, ended, cause,
        text, code, exit_code, peak_rss, cpu, worker, log, _strings(notes) if notes else (), kind,
        rows, source, id_,
    )  # fmt: skip


def event_view(row: Any) -> EventView:
    """A row of `EVENTS`."""
    seq, at, epoch, kind, of_dag, dag, key, n, task, index, attempt, old, new, code, args, actor = row
    run = None if dag is None else RunKey(dag, key, n)
    why = None if code is None else Why(code, _strings(args) if args else ())
    where = None if index is None else index_of(index)
    return EventView(seq, Instant(at), epoch, kind, of_dag, run, task, where, attempt, old, new, why, actor)


def dag_view(row: Any) -> DagView:
    """A row of `DAGS`."""
    (dag, version, location, file, bundle, error, quarantined, former, generation, cursor, accepted, enabled, paused,
     hard, until, retired, foretold) = row  # fmt: skip
    return DagView(
        dag, version, location, file, bundle, error, quarantined and _why(quarantined), tuple((former or "").split()),
        Timing(generation, cursor, accepted, enabled, bool(paused), bool(hard), until, retired is not None),
        Foretold() if foretold is None else _foretold(foretold),
    )  # fmt: skip


def slot_view(row: Any) -> SlotView:
    """A row of `SLOTS`."""
    dag, start, end, state, *rest = row
    return SlotView(dag, (start, end), SlotState(state), *rest)


def backfill_view(row: Any) -> BackfillView:
    """A row of `BACKFILLS`; runs are not counted."""
    number, dag, slots_, total, order, cap, only, *rest, state, made, ended = row
    return BackfillView(
        BackfillRow(number, dag, slots_, total, order, cap, _strings(only), *rest), state, made, ended=ended
    )


def alert_view(row: Any, deliveries: tuple[DeliveryView, ...]) -> AlertView:
    """A row of `ALERTS` and those of its deliveries."""
    (thing, kind, episode, dag, run_key, n, task, key, owner, text, causes, command, channels, connections, at,
     folded, over) = row  # fmt: skip
    run = None if run_key is None else RunKey(dag, run_key, n)
    alert = Alert(
        thing, kind, episode, dag, run, task, key, owner, text, _culprits(causes), command, _strings(channels),
        _strings(connections),
    )  # fmt: skip
    return AlertView(alert, at, tuple(folded.split(FOLD_END)[:-1]), deliveries, bool(over))


def episode_of(row: Any) -> Episode:
    """What the engine knows of an alert: thing, kind, episode, last, DAG, connections."""
    thing, kind, episode, last, dag, connections = row
    return Episode(thing, kind, episode, last, dag, _strings(connections))


def answer_view(row: Any) -> AnswerView:
    """A row of `ANSWERS`."""
    request, actor, act, outcome, text, at, dag, key, n = row
    run = None if dag is None else RunKey(dag, key, n)
    return AnswerView(request, actor, act, bool(outcome), text, at, run)
