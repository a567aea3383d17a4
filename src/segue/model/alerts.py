"""What people are told without having asked."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from segue.model.ids import Instant, RunKey

__all__ = [
    "Alert",
    "AlertKind",
    "Episode",
]


AlertKind: TypeAlias = Literal["failed", "missed", "deadline", "held", "longer", "past"]
"""*longer*: longer than usual. *past*: a task has waited a whole interval for the slot before (`depends_on_past`)."""


class Alert(msgspec.Struct, frozen=True, gc=False):
    """Something that a person must be told. There is one of (`thing`, `kind`, `episode`), however often it is raised.

    Args:
        thing: what it is about: `daily_orders`, `daily_orders@2026-04-01`, `daily_orders@2026-04-01/load`; empty:
            several DAGs at once.
        kind: what has happened to it.
        episode: the instant that tells this time from others: of the first bad event, of the due time of a deadline.
        dag, run, task: what it names, as far as it does.
        key: the slot as people write it.
        owner: of the task, else of the DAG.
        text: the sentence.
        causes: (task label, reason) pairs.
        command: what to type.
        channels: those that the DAG names itself, beside those of the settings.
    """

    thing: str
    kind: AlertKind
    episode: Instant
    dag: str = ""
    run: RunKey | None = None
    task: str = ""
    key: str = ""
    owner: str = ""
    text: str = ""
    causes: tuple[tuple[str, str], ...] = ()
    command: str = ""
    channels: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()


class Episode(msgspec.Struct, frozen=True, gc=False):
    """An alert that was raised within the last day: `last` is when something was folded into it last."""

    thing: str
    kind: AlertKind
    episode: Instant
    last: Instant
    dag: str = ""
    connections: tuple[str, ...] = ()
