"""The tables. Times are INTEGER microseconds UTC, states text checked against the enums, compound values MessagePack.

There are no foreign keys: the audit (`validate_state`) proves what they would, and the hot path does not pay for it.
"""

from __future__ import annotations

from typing import Final, get_args

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, UniqueConstraint, text

from segue.model.alerts import AlertKind
from segue.model.backfills import BackfillState
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.store.columns import blob, instant, integer, metadata, one_of, partial_index, row_id, table, word

__all__ = [
    "NO_INDEX", "OPEN", "SCHEMA", "alerts", "attempts", "audit", "backfills", "bundles", "connections",
    "dags", "deliveries", "eased", "events", "meta", "metadata", "pools", "requests", "runs", "secrets",
    "silences", "slots", "steps", "task_state", "tasks", "versions",
]  # fmt: skip

SCHEMA: Final = 3
"""Number of the newest revision in `migrations/versions`."""

OPEN: Final = "state IN ('queued', 'running', 'held')"
"""A run that has not ended, in words that a plan can be made of before it is asked."""

NO_INDEX: Final = -1
"""`map_index` of a task that is not mapped: NULL would be distinct from itself in a key."""

meta = table("meta", word("name", primary_key=True), Column("value", LargeBinary, nullable=False), rowid=False)

dags = table(
    "dags",
    row_id(),
    word("dag_id", unique=True),
    word("location"),
    word("file"),
    integer("paused", server_default=text("0")),
    integer("hard_paused", server_default=text("0")),
    instant("until"),
    instant("enabled_at"),
    instant("cursor_end"),
    integer("version"),
    word("bundle"),
    blob("quarantined"),
    word("error", nullable=True),
    instant("retired_at"),
    word("renamed_from", nullable=True),
    instant("accepted"),
    word("generation", server_default=text("''")),
    blob("foretold"),
)

versions = table(
    "versions",
    row_id(),
    word("dag"),
    word("spec_digest"),
    word("code_digest"),
    integer("number"),
    Column("spec", LargeBinary, nullable=False),
    word("label", nullable=True),
    integer("created"),
    UniqueConstraint("dag", "spec_digest", "code_digest"),
    UniqueConstraint("dag", "number"),
)

bundles = table(
    "bundles",
    word("digest", primary_key=True),
    word("location"),
    integer("files", nullable=True),
    integer("bytes", nullable=True),
    integer("created"),
    rowid=False,
)

runs = table(
    "runs",
    row_id(),
    word("dag"),
    word("key"),
    integer("n"),
    word("request_id", unique=True),
    instant("slot_start"),
    instant("slot_end"),
    word("partition", nullable=True),
    word("kind"),
    integer("backfill", nullable=True),
    integer("class"),
    integer("version"),
    word("bundle"),
    word("environment"),
    Column("params", LargeBinary, nullable=False),
    word("actor"),
    word("reason"),
    word("state"),
    integer("round"),
    integer("placed"),
    blob("why"),
    blob("culprits"),
    instant("cancel_at"),
    integer("due"),
    integer("created"),
    instant("started"),
    instant("ended"),
    word("stop", server_default=text("''")),
    word("stopped_by", server_default=text("''")),
    integer("spent", server_default=text("0")),
    instant("placed_at"),
    UniqueConstraint("dag", "key", "n"),
    one_of("state", RunState),
    one_of("kind", ("scheduled", "manual", "backfill", "lookback", "event")),
    # A number that a person has seen is never given to another run.
    autoincrement=True,
)
_slot = (runs.c.dag, runs.c.slot_start, runs.c.slot_end)
partial_index("runs_scheduled", *_slot, where="kind = 'scheduled'", unique=True)
partial_index("runs_placed", *_slot, where="placed = 1", unique=True)
Index("runs_slot", *_slot)
Index("runs_state", runs.c.state, runs.c.id)
Index("runs_dag", runs.c.dag, runs.c.state, runs.c.id)
Index("runs_created", runs.c.created, runs.c.id)
partial_index("runs_ended", runs.c.ended, where="ended IS NOT NULL")
partial_index("runs_length", runs.c.ended - runs.c.started, where="ended IS NOT NULL")
partial_index("runs_backfill", runs.c.backfill, runs.c.state, where="backfill IS NOT NULL")

tasks = table(
    "tasks",
    integer("run"),
    word("task_id"),
    integer("map_index"),
    word("state"),
    integer("round"),
    integer("tries"),
    integer("losses"),
    integer("platform"),
    instant("not_before"),
    blob("why"),
    integer("number"),
    integer("expanded", nullable=True),
    integer("length", nullable=True),
    integer("marked"),
    blob("followed"),
    word("reused_from", nullable=True),
    instant("started"),
    instant("ended"),
    Column("digest", LargeBinary, nullable=False),
    blob("ref"),
    # Reading the columns before it never walks the pages of a large value.
    blob("inline"),
    blob("preview"),
    blob("staged"),
    PrimaryKeyConstraint("run", "task_id", "map_index"),
    one_of("state", TaskState),
    rowid=False,
)

attempts = table(
    "attempts",
    row_id(),
    integer("run"),
    word("task_id"),
    integer("map_index"),
    integer("number"),
    word("kind", server_default=text("'user'")),
    integer("round"),
    Column("fence", LargeBinary, nullable=False),
    word("state"),
    word("cause"),
    word("text"),
    integer("exit_code", nullable=True),
    integer("signal", nullable=True),
    integer("peak_rss", nullable=True),
    integer("cpu", nullable=True),
    word("worker"),
    word("log", nullable=True),
    blob("notes"),
    integer("created"),
    instant("started"),
    instant("ended"),
    integer("rows", nullable=True),
    word("source", server_default=text("''")),
    UniqueConstraint("run", "task_id", "map_index", "number"),
    one_of("state", AttemptState),
    one_of("kind", ("user", "publish", "hook")),
)

partial_index("attempts_hooks", attempts.c.run, where="kind = 'hook'")

task_state = table(
    "task_state",
    integer("run"),
    word("task_id"),
    integer("map_index"),
    word("name"),
    Column("value", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "task_id", "map_index", "name"),
    rowid=False,
)

steps = table(
    "steps",
    integer("run"),
    integer("seq"),
    Column("step", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "seq"),
    rowid=False,
)

events = table(
    "events",
    row_id("seq"),
    integer("at"),
    integer("epoch"),
    word("kind"),
    word("dag", nullable=True),
    integer("run", nullable=True),
    word("task_id", nullable=True),
    integer("map_index", nullable=True),
    integer("attempt", nullable=True),
    word("old", nullable=True),
    word("new", nullable=True),
    word("why_code", nullable=True),
    blob("why_args"),
    word("actor"),
)
Index("events_run", events.c.run)
Index("events_dag", events.c.dag, events.c.seq)

requests = table(
    "requests",
    word("id", primary_key=True),
    word("actor"),
    word("act"),
    integer("at"),
    instant("answered"),
    integer("outcome", nullable=True),
    word("why"),
    integer("run", nullable=True),
    blob("body"),
    rowid=False,
)
partial_index("requests_open", requests.c.at, where="answered IS NULL")
Index("requests_run", requests.c.run, requests.c.at)

#: What people asked for, and what came of it. It outlives the runs it speaks of, and keeps the ids they had then.
audit = table(
    "audit",
    row_id("seq"),
    integer("at"),
    word("actor"),
    word("act"),
    integer("ok"),
    word("target"),
    word("dag"),
    word("run"),
    word("task"),
    word("old"),
    word("new"),
    blob("what"),
    word("reason"),
    word("request"),
    word("parent"),
    word("answer"),
)
Index("audit_dag", audit.c.dag, audit.c.seq)
Index("audit_run", audit.c.run, audit.c.seq)
Index("audit_at", audit.c.at)
Index("audit_request", audit.c.request)

slots = table(
    "slots",
    word("dag"),
    integer("slot_start"),
    integer("slot_end"),
    word("last_run"),
    word("last_good_run", nullable=True),
    word("state"),
    integer("version"),
    # Whether a scheduled run was ever made; outlives that run.
    integer("scheduled", server_default=text("0")),
    PrimaryKeyConstraint("dag", "slot_start", "slot_end"),
    one_of("state", SlotState),
    rowid=False,
)

pools = table("pools", word("name", primary_key=True), integer("slots"), rowid=False)

eased = table(
    "eased",
    word("dag"),
    word("task"),
    word("guard"),
    word("like"),
    integer("at"),
    PrimaryKeyConstraint("dag", "task", "guard", "like"),
    rowid=False,
)

backfills = table(
    "backfills",
    row_id(),
    word("dag"),
    word("state"),
    integer("made"),
    integer("total"),
    word("order"),
    integer("cap"),
    Column("only", LargeBinary, nullable=False),
    integer("version"),
    word("bundle"),
    Column("params", LargeBinary, nullable=False),
    word("reason"),
    word("request"),
    word("actor"),
    integer("created"),
    instant("ended"),
    Column("slots", LargeBinary, nullable=False),
    one_of("state", get_args(BackfillState)),
)
Index("backfills_dag", backfills.c.dag, backfills.c.id)

alerts = table(
    "alerts",
    word("thing"),
    word("kind"),
    integer("episode"),
    integer("at"),
    integer("last"),
    word("dag"),
    word("run_key", nullable=True),
    integer("run_n", nullable=True),
    word("task"),
    word("key"),
    word("owner"),
    word("text"),
    blob("causes"),
    word("command"),
    blob("channels"),
    blob("connections"),
    word("folded"),
    integer("over"),
    PrimaryKeyConstraint("thing", "kind", "episode"),
    one_of("kind", get_args(AlertKind)),
)
Index("alerts_at", alerts.c.at)
Index("alerts_last", alerts.c.last)

deliveries = table(
    "deliveries",
    word("thing"),
    word("kind"),
    integer("episode"),
    word("target"),
    word("state"),
    integer("tries"),
    word("text"),
    integer("at"),
    PrimaryKeyConstraint("thing", "kind", "episode", "target"),
    one_of("state", ("sent", "failed", "parked", "silenced")),
    rowid=False,
)

silences = table(
    "silences",
    word("selection", primary_key=True),
    integer("until"),
    integer("at"),
    word("actor"),
    word("reason"),
    rowid=False,
)


def _sealed(name: str) -> Table:
    return table(
        name,
        word("name", primary_key=True),
        Column("sealed", LargeBinary, nullable=False),
        word("key_id"),
        integer("at"),
        word("actor"),
        rowid=False,
    )


connections = _sealed("connections")
secrets = _sealed("secrets")
