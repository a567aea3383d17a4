"""Alerts on their way: each at least once to each target, again after a failure, given up after a day.

What has become of an alert is written in the store by whoever schedules, at our request. Until it is written it is
remembered here, so that what was sent is not sent again in the meantime; after a crash it may be, under the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from segue.model.acts import MarkAlert
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.views import AlertView, DeliveryView, SilenceView
from segue.tell.routes import Routes, is_silenced

__all__ = ["NOBODY", "Courier", "Errand", "pause_after"]

NOBODY: Final = "nobody"
"""The target of an alert that no rule and no DAG sends anywhere."""

DAY: Final = 86_400_000_000
_FIRST: Final = 10_000_000
_LONGEST: Final = 900_000_000
_MOST: Final = 200
_KEPT: Final = 10_000
_OVER: Final = frozenset({"sent", "parked", "silenced"})


class Errand(NamedTuple):
    """One alert to be sent to one target."""

    view: AlertView
    target: str
    tries: int

    @property
    def where(self) -> tuple[str, str, Instant, str]:
        """The alert and the target."""
        return (*_key(self.view), self.target)


def pause_after(tries: int) -> int:
    """How long to wait after so many failures, in microseconds: 10 s, 20 s, 40 s, … 15 min."""
    return min(_FIRST << min(tries - 1, 20), _LONGEST)


class Courier:
    """Decides what is sent when; sends nothing itself.

    Args:
        routes: which alert goes where.
        spec_of: gives a DAG, None where there is none.
    """

    def __init__(self, routes: Routes, spec_of: Callable[[str], DagSpec | None]) -> None:
        self._routes, self._spec_of = routes, spec_of
        self._views: dict[tuple[str, str, Instant], AlertView] = {}
        self._done: dict[tuple[str, str, Instant, str], DeliveryView] = {}
        self._busy: set[str] = set()

    def learn(self, views: Iterable[AlertView]) -> None:
        """Take in alerts as the store has them."""
        for view in views:
            self._views[_key(view)] = view

    def errands(self, now: Instant, silences: Sequence[SilenceView]) -> tuple[list[Errand], list[MarkAlert]]:
        """What is to be sent now, and what is not sent at all; the oldest first, one at a time for each target.

        An errand is under way until `sent` or `failed` is called with it.
        """
        errands: list[Errand] = []
        marks: list[MarkAlert] = []
        for key, view in sorted(self._views.items(), key=lambda item: item[1].at):
            open_targets = False
            for target, tries, due in self._open(view):
                open_targets = True
                errand = Errand(view, target, tries)
                if target in self._busy or due > now:
                    continue
                mark = self._judge(errand, silences)
                if mark is None:
                    self._busy.add(target)
                    errands.append(errand)
                else:
                    marks.append(self._note(errand, now, mark.state, mark.text))
            if not open_targets:
                del self._views[key]
        return errands, marks

    def sent(self, errand: Errand, now: Instant) -> MarkAlert:
        """It has arrived."""
        self._busy.discard(errand.target)
        return self._note(errand, now, "sent", "")

    def failed(self, errand: Errand, now: Instant, text: str, *, for_good: bool = False) -> MarkAlert:
        """It has not arrived, this time or for good; who fails for a day is given up."""
        self._busy.discard(errand.target)
        late = now - errand.view.at >= DAY and errand.tries >= 3
        if for_good or late or errand.tries + 1 >= _MOST:
            return self._note(errand, now, "parked", text)
        return self._note(errand, now, "failed", text)

    @property
    def waiting(self) -> bool:
        """Whether there is an alert that not everybody has had."""
        return bool(self._views)

    def _open(self, view: AlertView) -> list[tuple[str, int, Instant]]:
        """The targets that have not had it: how often that was tried, and when it is tried next."""
        known = {delivery.target: delivery for delivery in view.deliveries}
        key, found = _key(view), []
        targets = self._routes.targets_of(view.alert, self._spec_of) or (NOBODY,)
        for target in targets:
            delivery = _later(known.get(target), self._done.get((*key, target)))
            if delivery is None:
                found.append((target, 0, view.at))
            elif delivery.state not in _OVER:
                found.append((target, delivery.tries, Instant(delivery.at + pause_after(delivery.tries))))
        return found

    def _judge(self, errand: Errand, silences: Sequence[SilenceView]) -> MarkAlert | None:
        """Why it is not sent at all."""
        silence = is_silenced(errand.view.alert, silences, self._spec_of)
        if silence:
            return _mark(errand, "silenced", f"silenced: {silence}")
        if errand.target == NOBODY:
            return _mark(errand, "parked", "no rule sends it anywhere: [[tool.segue.alerts]], or alerts= of the DAG")
        try:
            self._routes.channel(errand.target)
        except UsageError as why:
            return _mark(errand, "parked", str(why))
        return None

    def _note(self, errand: Errand, now: Instant, state: str, text: str) -> MarkAlert:
        tries = errand.tries + (state != "silenced")
        self._done[errand.where] = DeliveryView(errand.target, state, tries, text, now)
        while len(self._done) > _KEPT:
            del self._done[next(iter(self._done))]
        return _mark(errand, state, text)


def _later(stored: DeliveryView | None, own: DeliveryView | None) -> DeliveryView | None:
    """What is known last: what we did may not be written yet."""
    if stored is None or own is None:
        return stored or own
    return own if own.state in _OVER or own.tries >= stored.tries else stored


def _key(view: AlertView) -> tuple[str, str, Instant]:
    return view.alert.thing, view.alert.kind, view.alert.episode


def _mark(errand: Errand, state: str, text: str) -> MarkAlert:
    alert = errand.view.alert
    return MarkAlert(alert.thing, alert.kind, alert.episode, errand.target, state, text)  # type: ignore[arg-type]
