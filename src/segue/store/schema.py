"""The tables. Times are INTEGER microseconds UTC, states text checked against the enums, compound values MessagePack.

There are no foreign keys: the audit (`validate_state`) proves what they would, and the hot path does not pay for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from segue.model.alerts import AlertKind
from segue.model.backfills import BackfillState
from segue.model.state import AttemptState, RunState, SlotState, TaskState

__all__ = [
    "NO_INDEX",
    "OPEN",
    "SCHEMA",
    "alerts",
    "attempts",
    "backfills",
    "bundles",
    "connections",
    "dags",
    "deliveries",
    "eased",
    "events",
    "meta",
    "metadata",
    "pools",
    "requests",
    "runs",
    "secrets",
    "silences",
    "slots",
    "steps",
    "task_state",
    "tasks",
    "versions",
]

SCHEMA: Final = 2
"""Number of the newest revision in `migrations/versions`."""

OPEN: Final = "state IN ('queued', 'running', 'held')"
"""A run that has not ended; an index is used only by a question in its own words."""

NO_INDEX: Final = -1
"""`map_index` of a task that is not mapped: NULL would be distinct from itself in a key."""

metadata = MetaData()


def _table(name: str, *parts: Any, rowid: bool = True, autoincrement: bool = False) -> Table:
    return Table(
        name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=rowid, sqlite_autoincrement=autoincrement
    )


_WHOLE: Final = Integer().with_variant(BigInteger(), "postgresql")
# Compared byte by byte in both, whatever language the server speaks.
_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")


def _integer(name: str, **options: Any) -> Column[int]:
    return Column(name, _WHOLE, **{"nullable": False} | options)


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, _TEXT, **{"nullable": False} | options)


def _blob(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=True)


def _instant(name: str) -> Column[int]:
    return Column(name, _WHOLE, nullable=True)


def _partial(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def _one_of(column: str, names: Iterable[str]) -> CheckConstraint:
    # Not `IN (…)`: SQLite builds a table of its list for every row, which costs a quarter of the hot path.
    return CheckConstraint(" OR ".join(f"{column} = '{name}'" for name in names))


def _id() -> Column[int]:
    return Column("id", _WHOLE, primary_key=True)


meta = _table("meta", _text("name", primary_key=True), Column("value", LargeBinary, nullable=False), rowid=False)

dags = _table(
    "dags",
    _id(),
    _text("dag_id", unique=True),
    _text("location"),
    _text("file"),
    _integer("paused", server_default=text("0")),
    _integer("hard_paused", server_default=text("0")),
    _instant("until"),
    _instant("enabled_at"),
    _instant("cursor_end"),
    _integer("version"),
    _text("bundle"),
    _blob("quarantined"),
    _text("error", nullable=True),
    _instant("retired_at"),
    _text("renamed_from", nullable=True),
    _instant("accepted"),
    _text("generation", server_default=text("''")),
    _blob("foretold"),
)

versions = _table(
    "versions",
    _id(),
    _text("dag"),
    _text("spec_digest"),
    _text("code_digest"),
    _integer("number"),
    Column("spec", LargeBinary, nullable=False),
    _text("label", nullable=True),
    _integer("created"),
    UniqueConstraint("dag", "spec_digest", "code_digest"),
    UniqueConstraint("dag", "number"),
)

bundles = _table(
    "bundles",
    _text("digest", primary_key=True),
    _text("location"),
    _integer("files", nullable=True),
    _integer("bytes", nullable=True),
    _integer("created"),
    rowid=False,
)

runs = _table(
    "runs",
    _id(),
    _text("dag"),
    _text("key"),
    _integer("n"),
    _text("request_id", unique=True),
    _instant("slot_start"),
    _instant("slot_end"),
    _text("partition", nullable=True),
    _text("kind"),
    _integer("backfill", nullable=True),
    _integer("class"),
    _integer("version"),
    _text("bundle"),
    _text("environment"),
    Column("params", LargeBinary, nullable=False),
    _text("actor"),
    _text("reason"),
    _text("state"),
    _integer("round"),
    _integer("placed"),
    _blob("why"),
    _blob("culprits"),
    _instant("cancel_at"),
    _integer("due"),
    _integer("created"),
    _instant("started"),
    _instant("ended"),
    _text("stop", server_default=text("''")),
    _text("stopped_by", server_default=text("''")),
    _integer("spent", server_default=text("0")),
    _instant("placed_at"),
    UniqueConstraint("dag", "key", "n"),
    _one_of("state", RunState),
    _one_of("kind", ("scheduled", "manual", "backfill", "lookback", "event")),
    # A number that a person has seen is never given to another run.
    autoincrement=True,
)
_slot = (runs.c.dag, runs.c.slot_start, runs.c.slot_end)
_partial("runs_scheduled", *_slot, where="kind = 'scheduled'", unique=True)
_partial("runs_placed", *_slot, where="placed = 1", unique=True)
Index("runs_slot", *_slot)
_partial("runs_open", runs.c.state, where=OPEN)
_partial("runs_good", runs.c.dag, runs.c.id, where="state = 'success'")
_partial("runs_ended", runs.c.ended, where="ended IS NOT NULL")
_partial("runs_backfill", runs.c.backfill, runs.c.state, where="backfill IS NOT NULL")

tasks = _table(
    "tasks",
    _integer("run"),
    _text("task_id"),
    _integer("map_index"),
    _text("state"),
    _integer("round"),
    _integer("tries"),
    _integer("losses"),
    _integer("platform"),
    _instant("not_before"),
    _blob("why"),
    _integer("number"),
    _integer("expanded", nullable=True),
    _integer("length", nullable=True),
    _integer("marked"),
    _blob("followed"),
    _text("reused_from", nullable=True),
    _instant("started"),
    _instant("ended"),
    Column("digest", LargeBinary, nullable=False),
    _blob("ref"),
    # Reading the columns before it never walks the pages of a large value.
    _blob("inline"),
    _blob("preview"),
    _blob("staged"),
    PrimaryKeyConstraint("run", "task_id", "map_index"),
    _one_of("state", TaskState),
    rowid=False,
)

attempts = _table(
    "attempts",
    _id(),
    _integer("run"),
    _text("task_id"),
    _integer("map_index"),
    _integer("number"),
    _text("kind", server_default=text("'user'")),
    _integer("round"),
    Column("fence", LargeBinary, nullable=False),
    _text("state"),
    _text("cause"),
    _text("text"),
    _integer("exit_code", nullable=True),
    _integer("signal", nullable=True),
    _integer("peak_rss", nullable=True),
    _integer("cpu", nullable=True),
    _text("worker"),
    _text("log", nullable=True),
    _blob("notes"),
    _integer("created"),
    _instant("started"),
    _instant("ended"),
    _integer("rows", nullable=True),
    _text("source", server_default=text("''")),
    UniqueConstraint("run", "task_id", "map_index", "number"),
    _one_of("state", AttemptState),
    _one_of("kind", ("user", "publish", "hook")),
)

_partial("attempts_hooks", attempts.c.run, where="kind = 'hook'")

task_state = _table(
    "task_state",
    _integer("run"),
    _text("task_id"),
    _integer("map_index"),
    _text("name"),
    Column("value", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "task_id", "map_index", "name"),
    rowid=False,
)

steps = _table(
    "steps",
    _integer("run"),
    _integer("seq"),
    Column("step", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "seq"),
    rowid=False,
)

events = _table(
    "events",
    Column("seq", _WHOLE, primary_key=True),
    _integer("at"),
    _integer("epoch"),
    _text("kind"),
    _text("dag", nullable=True),
    _integer("run", nullable=True),
    _text("task_id", nullable=True),
    _integer("map_index", nullable=True),
    _integer("attempt", nullable=True),
    _text("old", nullable=True),
    _text("new", nullable=True),
    _text("why_code", nullable=True),
    _blob("why_args"),
    _text("actor"),
)
Index("events_run", events.c.run)

requests = _table(
    "requests",
    _text("id", primary_key=True),
    _text("actor"),
    _text("act"),
    _integer("at"),
    _instant("answered"),
    _integer("outcome", nullable=True),
    _text("why"),
    _integer("run", nullable=True),
    _blob("body"),
    rowid=False,
)
_partial("requests_open", requests.c.at, where="answered IS NULL")
Index("requests_run", requests.c.run, requests.c.at)

slots = _table(
    "slots",
    _text("dag"),
    _integer("slot_start"),
    _integer("slot_end"),
    _text("last_run"),
    _text("last_good_run", nullable=True),
    _text("state"),
    _integer("version"),
    # Whether a scheduled run was ever made; outlives that run.
    _integer("scheduled", server_default=text("0")),
    PrimaryKeyConstraint("dag", "slot_start", "slot_end"),
    _one_of("state", SlotState),
    rowid=False,
)

pools = _table("pools", _text("name", primary_key=True), _integer("slots"), rowid=False)

eased = _table(
    "eased",
    _text("dag"),
    _text("task"),
    _text("guard"),
    _text("like"),
    _integer("at"),
    PrimaryKeyConstraint("dag", "task", "guard", "like"),
    rowid=False,
)

backfills = _table(
    "backfills",
    _id(),
    _text("dag"),
    _text("state"),
    _integer("made"),
    _integer("total"),
    _text("order"),
    _integer("cap"),
    Column("only", LargeBinary, nullable=False),
    _integer("version"),
    _text("bundle"),
    Column("params", LargeBinary, nullable=False),
    _text("reason"),
    _text("request"),
    _text("actor"),
    _integer("created"),
    _instant("ended"),
    Column("slots", LargeBinary, nullable=False),
    _one_of("state", get_args(BackfillState)),
)
Index("backfills_dag", backfills.c.dag, backfills.c.id)

alerts = _table(
    "alerts",
    _text("thing"),
    _text("kind"),
    _integer("episode"),
    _integer("at"),
    _integer("last"),
    _text("dag"),
    _text("run_key", nullable=True),
    _integer("run_n", nullable=True),
    _text("task"),
    _text("key"),
    _text("owner"),
    _text("text"),
    _blob("causes"),
    _text("command"),
    _blob("channels"),
    _blob("connections"),
    _text("folded"),
    _integer("over"),
    PrimaryKeyConstraint("thing", "kind", "episode"),
    _one_of("kind", get_args(AlertKind)),
)
Index("alerts_at", alerts.c.at)
Index("alerts_last", alerts.c.last)

deliveries = _table(
    "deliveries",
    _text("thing"),
    _text("kind"),
    _integer("episode"),
    _text("target"),
    _text("state"),
    _integer("tries"),
    _text("text"),
    _integer("at"),
    PrimaryKeyConstraint("thing", "kind", "episode", "target"),
    _one_of("state", ("sent", "failed", "parked", "silenced")),
    rowid=False,
)

silences = _table(
    "silences",
    _text("selection", primary_key=True),
    _integer("until"),
    _integer("at"),
    _text("actor"),
    _text("reason"),
    rowid=False,
)


def _sealed(name: str) -> Table:
    return _table(
        name,
        _text("name", primary_key=True),
        Column("sealed", LargeBinary, nullable=False),
        _text("key_id"),
        _integer("at"),
        _text("actor"),
        rowid=False,
    )


connections = _sealed("connections")
secrets = _sealed("secrets")
