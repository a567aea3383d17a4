from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import select, update

from segue.model.changes import AlertFolded, AlertMarked, AlertRaised, Silenced
from segue.store.schema import alerts, deliveries, silences
from segue.store.sql.desk import Desk
from segue.store.sql.grammar import NO_TEXT, ZERO, Grammar, param, params

__all__ = ["FOLD_END", "Alerts"]

FOLD_END: Final = "\x1f"
"""Stands behind each text that was folded into an alert: appending then needs no reading."""

_encode: Final = msgspec.msgpack.Encoder().encode
_KEY: Final = "thing kind episode"
_ROW: Final = "at last dag run_key run_n task key owner text causes command channels connections"


class Alerts:
    """Writes what people are told of, in one dialect.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        names = f"{_KEY} {_ROW}"
        row = {name: param(name) for name in names.split()} | {"folded": NO_TEXT, "over": ZERO}
        self._raise = g.text(g.add(alerts).values(row).on_conflict_do_nothing(), *params(names))
        self._find = g.text(select(alerts.c.at).where(*_this(alerts)), *params(_KEY))
        folded = {
            "last": g.greater(alerts.c.last, param("last")),
            "folded": alerts.c.folded.op("||")(param("text")),
            "over": g.greater(alerts.c.over, param("over")),
        }
        self._fold = g.text(update(alerts).values(folded).where(*_this(alerts)), *params(f"last text over {_KEY}"))
        said = g.add(deliveries)
        again = {name: said.excluded[name] for name in ("state", "text", "at")}
        again["tries"] = deliveries.c.tries + said.excluded.tries
        self._mark = g.text_of_row(
            said.on_conflict_do_update(index_elements=[*_KEY.split(), "target"], set_=again),
            f"{_KEY} target state tries text at",
        )
        self._silence = g.put(silences, ("selection",), ("until", "at", "actor", "reason"))

    def raise_one(self, desk: Desk, change: AlertRaised) -> bool:
        """A person must be told, once; says whether it is the first time."""
        alert = change.alert
        key, number = (None, None) if alert.run is None else (alert.run.key, alert.run.n)
        row = (
            alert.thing, alert.kind, alert.episode, change.at, change.at, alert.dag, key, number, alert.task, alert.key,
            alert.owner, alert.text, _encode(alert.causes), alert.command, _encode(alert.channels),
            _encode(alert.connections),
        )  # fmt: skip
        return desk.hit(self._raise, row)

    def fold(self, desk: Desk, change: AlertFolded) -> None:
        """Something more belongs to an alert."""
        key = (change.thing, change.kind, change.episode)
        text = change.text + FOLD_END if change.text else ""
        desk.write(self._fold, [(change.at, text, int(change.over), *key)], change)

    def mark(self, desk: Desk, change: AlertMarked) -> bool:
        """What has become of an alert at a target; says whether there is such an alert."""
        key = (change.thing, change.kind, change.episode)
        if desk.ask(self._find, key) is None:
            return False
        tries = int(change.state != "silenced")
        desk.write(self._mark, [(*key, change.target, change.state, tries, change.text, change.at)], change)
        return True

    def silence(self, desk: Desk, change: Silenced) -> None:
        """No alert about a selection is sent for a while."""
        row = (change.selection, change.until, change.at, change.actor, change.reason)
        desk.write(self._silence, [row], change)


def _this(table: Any) -> list[Any]:
    return [table.c[name] == param(name) for name in _KEY.split()]
