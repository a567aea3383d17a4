"""Alerts, silences, pools, what is set and sealed, and who has done what."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AlertItem", "AuditItem", "Delivery", "PoolItem", "SealedName", "Setting", "SilenceItem"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What has become of an alert at one target: *sent*, *failed* (tried again), *parked*, *silenced*."""

    target: str
    state: str
    tries: int
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class AlertItem:
    """Something that people were told without having asked; `over`: all is good again."""

    kind: str
    at: str
    dag_id: str
    run_id: str | None
    task: str
    owner: str
    text: str
    command: str
    causes: tuple[tuple[str, str], ...]
    folded: tuple[str, ...]
    deliveries: tuple[Delivery, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class SilenceItem:
    """No alert about what `selection` names is sent until an instant."""

    selection: str
    until: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class PoolItem:
    """A pool: `slots` is None where only the settings may know it; `waiting` counts tasks that want room in it."""

    name: str
    slots: int | None
    used: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SealedName:
    """A connection or secret of the encrypted store: never its value.

    Attributes:
        key: the name of the key it is encrypted with.
    """

    name: str
    key: str
    at: str
    actor: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: where it was set. Values that may hold a secret are not told (`value` None)."""

    name: str
    origin: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class AuditItem:
    """What one request did, or why it was refused; what was denied before it was asked stands in `/audit/access`.

    Attributes:
        id: its number.
        ok: whether it was done.
        target: what it was about, for people.
        old, new: before and after.
        what: the rest of what was asked; secrets are hidden.
        parent: the request of the row that tells of the selection it belongs to.
        answer: the sentence that it was answered with.
    """

    id: str
    at: str
    actor: str
    act: str
    ok: bool
    target: str = ""
    dag_id: str = ""
    run_id: str = ""
    task: str = ""
    old: str = ""
    new: str = ""
    what: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    request_id: str = ""
    parent: str = ""
    answer: str = ""
