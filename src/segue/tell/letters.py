"""What an alert says, to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from platform import node
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from segue.model.alerts import Alert
from segue.model.duration import show_duration
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.moment import datetime_at
from segue.model.views import AlertView

__all__ = ["Letter", "distress_letter", "letter_of", "trial_letter"]

_LISTED: Final = 10
_TITLES: Final = {
    "failed": "failed", "missed": "left out", "deadline": "late", "held": "held", "longer": "takes long",
    "past": "waits for the interval before",
}  # fmt: skip


class Letter(msgspec.Struct, frozen=True):
    """One message, ready for every kind of channel.

    Args:
        key: names it for ever: what is sent twice under one key is one alert.
        subject: one line.
        lines: what it says, as (word, text) pairs; the word may be empty.
        fields: the same for programs.
    """

    key: str
    subject: str
    lines: tuple[tuple[str, str], ...]
    fields: dict[str, Any]

    @property
    def text(self) -> str:
        """The message as plain text."""
        return "\n".join(f"{word + ':':<9}{text}" if word else text for word, text in self.lines)

    def json(self) -> bytes:
        """The message for programs."""
        return json.dumps({"id": self.key, "subject": self.subject, **self.fields, "message": self.text}).encode()

    @property
    def digest(self) -> str:
        """The key in few letters."""
        return blake2b(self.key.encode(), digest_size=16).hexdigest()


def key_of(alert: Alert) -> str:
    """The name of an alert: printable ASCII without spaces."""
    return "/".join(quote(part, safe="@+:,") for part in (alert.thing or "-", alert.kind, str(alert.episode)))


def letter_of(view: AlertView, *, zone: str = "UTC", log: str = "") -> Letter:
    """The message about an alert.

    Args:
        view: the alert, with what was folded into it so far.
        zone: the DAG's zone, in which times are told.
        log: where the log of the task lies, if that is known.
    """
    alert = view.alert
    name = alert.thing or alert.dag or "several DAGs"
    run = "" if alert.run is None else str(alert.run)
    date = alert.key or slot_key(view.at, view.at, zone)[:10]
    logs = f"segue logs {run} {alert.task}" if run and alert.task else ""
    causes = [*(f"{label}: {reason}" for label, reason in alert.causes), *view.folded]
    news = [cause for cause, (_, reason) in zip(causes, alert.causes, strict=False) if reason not in alert.text]
    pairs = (
        ("", alert.text),
        ("DAG", alert.dag or _dags(alert)),
        ("task", alert.task),
        ("run", run),
        ("date", date),
        ("owner", alert.owner or "nobody is named: owner= of the DAG"),
        ("since", datetime_at(view.at, zone).isoformat(sep=" ", timespec="seconds")),
        *(("cause", cause) for cause in _shortened([*news, *view.folded])),
        ("log", f"{logs}  ({log})" if logs and log else logs),
        ("do", alert.command),
    )
    fields = {
        "kind": alert.kind, "thing": alert.thing, "episode": alert.episode, "dag_id": alert.dag, "task_id": alert.task,
        "run_id": run, "date": date, "owner": alert.owner, "text": alert.text, "causes": causes[:100], "log": logs,
        "log_file": log, "command": alert.command, "raised_at": datetime_at(view.at, "UTC").isoformat(),
    }  # fmt: skip
    subject = f"[segue] {_TITLES[alert.kind]}: {name}" + (f" {alert.task}" if alert.task not in name else "")
    return Letter(key_of(alert), subject, tuple(pair for pair in pairs if pair[1]), fields)


def trial_letter(channel: str, actor: str, key: str) -> Letter:
    """A message that says that messages arrive."""
    text = f"This is a test of the channel {channel}, sent by {actor}: alerts of Segue arrive here."
    return Letter(f"test/{key}", f"[segue] test of {channel}", (("", text),), {"kind": "test", "text": text})


def distress_letter(verdict: Literal["dead", "back"], home: str, patience: int, now: Instant) -> Letter:
    """What the dead man's switch says.

    Args:
        verdict: that the scheduler is silent, or that it is back.
        home: whose scheduler.
        patience: how long it has been silent at least, in microseconds.
        now: the instant.
    """
    host = node()
    if verdict == "dead":
        subject = f"[segue] the scheduler on {host} is silent"
        text = f"No turn has been taken for {show_duration(patience)}: nothing is run by time, nothing is retried."
        command = "segue doctor"
    else:
        subject, text, command = f"[segue] the scheduler on {host} is back", "It takes its turns again.", "segue runs"
    at = datetime_at(now, "UTC").isoformat(sep=" ", timespec="seconds")
    lines = (("", text), ("home", home), ("host", host), ("since", at), ("do", command))
    fields = {"kind": verdict, "text": text, "home": home, "host": host, "command": command, "raised_at": at}
    return Letter(f"scheduler/{verdict}/{now}", subject, lines, fields)


def _dags(alert: Alert) -> str:
    return ", ".join(dict.fromkeys(label.partition("@")[0] for label, _ in alert.causes))


def _shortened(causes: Sequence[str]) -> list[str]:
    more = len(causes) - _LISTED
    return [*causes[:_LISTED], *([f"and {more} more"] if more > 0 else [])]
