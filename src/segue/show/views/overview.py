"""What an on-call engineer sees first: what needs somebody, every DAG, what comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Final

from segue.engine.forecast import is_longer, quantile
from segue.model.api.overview import Attention, Coming, Overview
from segue.model.duration import show_duration
from segue.model.ids import Instant
from segue.model.moment import DAY
from segue.model.pages import AlertQuery, RunMark
from segue.model.state import RunState
from segue.model.views import RunQuery, RunView
from segue.model.why import say
from segue.schedule.deadline import deadline_of
from segue.show.outlook import clock_of
from segue.show.reading import Reading
from segue.show.views.ahead import holes_of
from segue.show.views.blast import Waiters, affected
from segue.show.views.dags import Known, dag_item, fire_of, known_dags
from segue.show.views.times import at

__all__ = ["Wanted", "overview_of"]

_ORDER: Final = ("failed", "held", "late", "interrupted", "missing", "quarantined", "broken", "alert")
_RUNS: Final = 500
_MOST: Final = 100
_TICKS: Final = 100  # instants that are told one by one
_OPEN: Final = (RunState.QUEUED, RunState.RUNNING, RunState.HELD)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is to be shown.

    Args:
        runs: newest ones of each DAG.
        hours: so far ahead is looked.
        days: so far back is looked for what failed or is missing.
        dags: how many DAGs.
    """

    runs: int = 14
    hours: int = 24
    days: int = 7
    dags: int = 200


def overview_of(
    reading: Reading, seen: frozenset[str] | None, now: Instant, wanted: Wanted, unread: Sequence[tuple[str, str]] = ()
) -> Overview:
    """What an on-call engineer sees first.

    Args:
        reading: of the home.
        seen: ids of the DAGs that whoever asks may see, None: all.
        now: the present.
        wanted: how much.
        unread: files of DAGs that nobody knows yet, and what is wrong with each.
    """
    known = known_dags(reading, seen, marks=wanted.runs)
    alive = reading.reader.runs(RunQuery(states=_OPEN, limit=_RUNS, dags=seen))
    items = [*_Watch(reading, known, seen, now, wanted.days).everything(alive)]
    items += [Attention("broken", "", text, command=f"segue check {quote(file)}", file=file) for file, text in unread]
    items.sort(key=lambda one: one.since or "", reverse=True)
    items.sort(key=lambda one: _ORDER.index(one.sort))
    counts = Counter(reading.state(view) for view in alive)
    return Overview(
        at(now), wanted.hours, dict(counts), tuple(items[:_MOST]), max(0, len(items) - _MOST),
        tuple(dag_item(reading, one, now) for one in known[: wanted.dags]), max(0, len(known) - wanted.dags),
        tuple(_coming(known, now, wanted.hours)),
    )  # fmt: skip


class _Watch:
    """Looks for what needs somebody."""

    def __init__(
        self, reading: Reading, known: Sequence[Known], seen: frozenset[str] | None, now: Instant, days: int
    ) -> None:
        self._reading, self._known, self._seen, self._now, self._days = reading, known, seen, now, days
        self._since = Instant(now - days * DAY)
        self._waiters = Waiters.of([one.spec for one in known])

    def everything(self, alive: Sequence[RunView]) -> Iterator[Attention]:
        yield from self._failed()
        yield from self._standing(alive)
        yield from self._late(alive)
        yield from self._dags()
        yield from self._alerts()

    def _failed(self) -> Iterator[Attention]:
        """Runs that failed and that nothing has followed since: of an interval no newer run, else no newer good one."""
        query = RunQuery(states=(RunState.FAILED,), since=self._since, limit=_RUNS, dags=self._seen)
        good: dict[str, int] = {}
        for one in self._known:
            numbers = [mark.number for mark in one.marks if mark.state is RunState.SUCCESS]
            good[one.view.dag] = max(numbers, default=0)
        told: Counter[str] = Counter()
        for view in self._reading.reader.runs(query):
            dag = view.run.dag
            newer = good.get(dag, 0) > view.number if view.row.slot is None else self._reading.superseded(view)
            if newer or dag not in good:
                continue
            told[dag] += 1
            if told[dag] <= 3:  # the others of the same DAG hide what else there is
                yield self._of_run("failed", view, _first(view), view.ended, f"segue retry {view.run}")

    def _standing(self, alive: Sequence[RunView]) -> Iterator[Attention]:
        for view in alive:
            why = "" if view.why is None else say(view.why)
            if view.state is RunState.HELD and not (view.why and view.why.code == "waits_past"):
                yield self._of_run("held", view, why, view.started, f"segue why {view.run}")
            elif self._reading.state(view) == "interrupted":
                text = "no owner drives it"
                yield self._of_run("interrupted", view, text, view.started, f"segue retry {view.run}")

    def _late(self, alive: Sequence[RunView]) -> Iterator[Attention]:
        """Past a deadline, or over three times as long as the newest good runs."""
        usual = {one.view.dag: good_spans(one.marks) for one in self._known}
        for view in alive:
            if view.state is RunState.HELD:
                continue
            deadline = deadline_of(self._reading.spec(view), view.row.due) if view.row.due else None
            spans = usual.get(view.run.dag, ())
            span = 0 if view.started is None else self._now - view.started
            if deadline is not None and deadline < self._now:
                yield self._of_run("late", view, "its deadline has passed", deadline, f"segue why {view.run}")
            elif is_longer(span, spans):
                text = f"{span / quantile(spans, 50):.1f} × its usual {show_duration(quantile(spans, 50))}"
                yield self._of_run("late", view, text, view.started, f"segue why {view.run}")

    def _of_run(self, sort: str, view: RunView, text: str, since: Instant | None, command: str) -> Attention:
        label = view.culprits[0][0] if view.culprits else ""
        tasks, dags = affected(view, self._reading.spec(view), self._waiters) if view.culprits else (0, 0)
        return Attention(
            sort, view.run.dag, text, at(view.row.created if since is None else since), str(view.run), label,
            tasks + dags, command, dags,
        )  # fmt: skip

    def _dags(self) -> Iterator[Attention]:
        for one in self._known:
            view = one.view
            if view.quarantined is not None:
                yield Attention("quarantined", view.dag, say(view.quarantined))
            if view.error is not None:
                yield Attention("broken", view.dag, view.error, command="segue check")
        for hole in holes_of(self._reading, self._known, self._now, self._days):
            missing = hole.counts.get("missing", 0)
            if missing:
                text = f"{missing} intervals missing between {hole.first} and {hole.last}"
                if hole.first == hole.last:
                    text = f"the interval {hole.first} is missing"
                yield Attention("missing", hole.dag_id, text, command=hole.command)

    def _alerts(self) -> Iterator[Attention]:
        """Only those that nobody could be told of: what they are about stands above already."""
        query = AlertQuery(dags=self._seen, since=self._since, open_only=True, limit=50)
        for view in self._reading.reader.alert_page(query):
            parked = [one for one in view.deliveries if one.state in ("parked", "failed")]
            if parked:
                text = f"nobody was told that {view.alert.text}: {parked[0].target}: {parked[0].text}"
                run = None if view.alert.run is None else str(view.alert.run)
                yield Attention("alert", view.alert.dag, text, at(view.at), run, command="segue alerts list")


def _first(view: RunView) -> str:
    if view.culprits:
        return view.culprits[0][1]
    return "" if view.why is None else say(view.why)


def good_spans(marks: Sequence[RunMark]) -> list[int]:
    """How long good runs took, in microseconds, the newest first."""
    good = (mark for mark in marks if mark.state is RunState.SUCCESS)
    return [mark.ended - mark.started for mark in good if mark.started is not None and mark.ended is not None]


def _coming(known: Sequence[Known], now: Instant, hours: int) -> Iterator[Coming]:
    """What falls due; how long it takes goes by the newest runs as a whole: the forecast of a DAG knows better."""
    told = []
    for one in known:
        clock = clock_of(one.view, one.spec, now, days=hours / 24) if one.spec.schedule is not None else None
        if clock is None or not clock.coming:
            continue
        due, last, spans = clock.coming[0], clock.coming[-1], good_spans(one.marks)
        deadline, usual = deadline_of(one.spec, due.due), quantile(spans, 50)
        late = deadline is not None and due.due + usual > deadline
        risk = deadline is not None and due.due + quantile(spans, 90) > deadline
        first = fire_of(due, one.spec)
        told.append(
            Coming(
                one.view.dag, first.due, first.key, at(last.due), len(clock.coming), usual / 1e6 if spans else None,
                "late" if late else "at risk" if risk else "",
                tuple(at(one.due) for one in clock.coming) if len(clock.coming) <= _TICKS else (),
            )
        )  # fmt: skip
    yield from sorted(told, key=lambda one: (one.due, one.dag_id))
