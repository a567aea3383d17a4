"""A past that was never lived: days before now, played with the real planner, engine, loop and store into a new home.

Everything is a row as an owner would have written it; only the attempts have run nothing, and say so in their logs. The
play stops in the middle of what is going on, as if its owner had been killed, so the next owner goes on from there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from segue.app.checking import files_of
from segue.app.database import VARIABLE, database_of
from segue.app.early import DefinitionChild, errors_of
from segue.app.home import Home, home_here, own
from segue.app.likeness import drawn_spans
from segue.app.reading import open_reading
from segue.app.routing import routes_of
from segue.app.settings import Settings, machine_memory
from segue.app.stage import Actor, StageClock, StageExecutor, StageInbox
from segue.engine.cast import Cast, Fate, Faults, Spans
from segue.engine.core import Engine
from segue.engine.forecast import estimate
from segue.model.acts import MarkAlert, StartBackfill
from segue.model.alerts import Alert
from segue.model.changes import AlertRaised, Answered, Change, RunCreated, RunMoved
from segue.model.contracts import Writer
from segue.model.definition import Defined, Definition
from segue.model.duration import microseconds
from segue.model.errors import Refused, UsageError
from segue.model.events import Request, Value
from segue.model.ids import Instant, RunKey
from segue.model.spec import DagSpec
from segue.model.state import RunState
from segue.resolve.selection import select_dags
from segue.run.loop import run_forever
from segue.show.backfilling import Wish, plan_backfill
from segue.store.home import DATABASE
from segue.store.sqlite import open_writer
from segue.tell.courier import NOBODY

__all__ = ["Filled", "Past", "Played", "definitions_of", "read_fill", "refuse_lived_in", "spans_known", "write_past"]

_ACTOR: Final = "simulate"
_NOTHING: Final = Value()  # no result is kept: nothing can be reused of what was only played
_SPARE: Final = 1.5  # of what a run takes at p90: later than that before the end none is begun in earnest
_DAY_BEFORE: Final = "1d"


@dataclass(frozen=True, slots=True)
class Filled:
    """A backfill that somebody starts in the play.

    Args:
        dag: of which DAG.
        when: which intervals, `A..B`.
        before: how long before the end of the play, in microseconds.
        cap: how many runs of it at once.
    """

    dag: str
    when: str
    before: int
    cap: int = 1


@dataclass(frozen=True, slots=True)
class Past:
    """What is played.

    Args:
        files: what DAG files say.
        start, until: from when to when.
        spans: of each DAG how long attempts of its tasks took; what is not known is drawn.
        seed: another one draws other durations and other victims.
        workers: how many attempts run at once.
        faults: what goes wrong.
        steady: every attempt lasts its task's median.
        fills: backfills.
    """

    files: tuple[Defined, ...]
    start: Instant
    until: Instant
    spans: Mapping[str, Spans]
    seed: int
    workers: int
    faults: Faults = Faults()
    steady: bool = False
    fills: tuple[Filled, ...] = ()

    @property
    def definitions(self) -> Sequence[Definition]:
        """All DAGs."""
        return [one for file in self.files for one in file.definitions]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: how many runs of each DAG stand where, and the number of attempts and of turns."""

    runs: Mapping[str, Mapping[RunState, int]]
    attempts: int
    turns: int


def read_fill(text: str) -> Filled:
    """Read `flights:2026-02..2026-09`, `flights:2026-02@8h`: in the last eight hours of the play, without it one day.

    Raises:
        UsageError: it is neither.
    """
    dag, colon, rest = text.partition(":")
    when, _, before = rest.partition("@")
    try:
        if not (dag and colon and when):
            raise ValueError("write orders:2026-02..2026-03, or orders:2026-02@8h")
        return Filled(dag, when, microseconds(before or _DAY_BEFORE))
    except ValueError as why:
        raise UsageError(f"--backfill {text}: {why}") from None


def definitions_of(settings: Settings, words: Sequence[str]) -> tuple[Defined, ...]:
    """Read the project's DAG files, or those named, and keep the DAGs named by id, glob or `tag:x`.

    Args:
        settings: in force; bundles go into their home.
        words: files and selections; none: all.

    Raises:
        UsageError: a word names nothing, or there is no DAG at all.
        DefinitionError: a file cannot be read.
    """
    named = [word for word in words if word.endswith(".py")]
    chosen = [word for word in words if word not in named]
    paths = [Path(word) for word in named] or [path for path in settings.dags if path.exists()]
    found: list[Defined] = []
    with DefinitionChild(settings) as child:
        for file in files_of(paths):
            child.ask(file)
            read = child.answer()
            for error in errors_of(read):
                raise error
            found.append(Defined(read.root, read.file, read.definitions))
    specs = [one.spec for file in found for one in file.definitions]
    for word in chosen:
        if not select_dags(specs, [word]):
            raise UsageError(f"there is no DAG {word}: there are {', '.join(spec.id for spec in specs) or 'none'}")
    wanted = set(select_dags(specs, chosen)) if chosen else {spec.id for spec in specs}
    if not wanted:
        raise UsageError("there is nothing to play: no DAG file is here; name one")
    kept = [(file, tuple(one for one in file.definitions if one.spec.id in wanted)) for file in found]
    return tuple(Defined(file.location, file.file, some) for file, some in kept if some)


def spans_known(specs: Sequence[DagSpec]) -> dict[str, Spans]:
    """How long tasks took, as the project's own home remembers where another one is in force.

    Args:
        specs: the DAGs.
    """
    with open_reading(home_here(None)) as reading:
        return {spec.id: reading.durations(spec.id) for spec in specs}


def refuse_lived_in(settings: Settings) -> None:
    """See whether a home is new.

    Raises:
        UsageError: it has a database, or would have it on a server.
    """
    if database_of(Home(settings.home)).url:
        raise UsageError(f"a past is written into a file: leave out {VARIABLE}")
    if (settings.home / DATABASE).exists():
        raise UsageError(f"home {settings.home} has a history already: name a new folder with --home")


def write_past(settings: Settings, past: Past) -> Played:
    """Play a past into the home in force.

    Args:
        settings: in force; their home has no database.
        past: what is played.

    Raises:
        UsageError: the home is lived in, or a backfill is of no DAG that is played.
        Refused: a backfill cannot be started.
        HomeBusy: another process owns the home.
        HomeUnusable: it cannot carry a database.
    """
    refuse_lived_in(settings)
    played_dags = [one.spec.id for one in past.definitions]
    for fill in past.fills:
        if fill.dag not in played_dags:
            raise UsageError(f"--backfill {fill.dag}: there is no DAG {fill.dag}: there are {', '.join(played_dags)}")
    file = settings.home / DATABASE
    with own(settings, lambda _: None):
        refuse_lived_in(settings)  # somebody may have come first
        try:
            with closing(open_writer(file, past.start, durable=False)) as writer:
                played = _Play(settings, past).play(writer)
            _make_durable(file)
        except BaseException:  # half a past is none
            for left in settings.home.glob(f"{DATABASE}*"):
                left.unlink()
            raise
    return played


def _make_durable(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


class _Play:
    """One play. It is the loop's `Watch`."""

    def __init__(self, settings: Settings, past: Past) -> None:
        self._settings, self._past = settings, past
        self._clock = StageClock(past.start)
        self._inbox = StageInbox(self._clock)
        self._routes, self._specs = routes_of(settings), {one.spec.id: one.spec for one in past.definitions}
        self._states: dict[RunKey, RunState] = {}
        self._asked = self._turns = 0

    def play(self, writer: Writer) -> Played:
        past, settings = self._past, self._settings
        for file in past.files:
            self._inbox.post(file)
        for fill in past.fills:
            self._inbox.plan(Instant(past.until - fill.before), partial(self._fill, fill))
        executor = StageExecutor(
            self._clock, self._actors(), past.workers, past.until, past.seed, settings.logs
        )  # fmt: skip
        limits = settings.limits(machine_memory())
        run_forever(
            writer, self._inbox, executor, self._clock, lambda snapshot: Engine(snapshot, limits, planning=True),
            lambda: self._clock.now() >= past.until and not self._inbox.busy, self,
        )  # fmt: skip
        runs: dict[str, Counter[RunState]] = {dag: Counter() for dag in self._specs}
        for run, state in self._states.items():
            runs[run.dag][state] += 1
        return Played(runs, executor.attempts, self._turns)

    def _actors(self) -> dict[str, Actor]:
        past = self._past
        fate = Fate(past.until, past.seed, past.faults, past.steady, 0, _NOTHING)
        actors = {}
        for spec in self._specs.values():
            cast = Cast(spec, {**drawn_spans(spec, past.seed), **past.spans.get(spec.id, {})}, fate)
            lasts = estimate(spec, cast.spans, past.workers).p90
            actors[spec.id] = Actor(cast, int(lasts * _SPARE))
        return actors

    def _fill(self, fill: Filled) -> Request:
        spec = self._specs[fill.dag]
        foretold = next(one.foretold for one in self._past.definitions if one.spec.id == fill.dag)
        with open_reading(Home(self._settings.home)) as reading:
            rows = reading.slots(fill.dag)
        wish = Wish(fill.when, cap=fill.cap, reason="a past that was simulated")
        plan = plan_backfill(spec, foretold, rows, wish, self._clock.now(), lambda _: None)
        return self._request(plan.act)

    def _request(self, act: StartBackfill | MarkAlert) -> Request:
        self._asked += 1
        return Request(f"{_ACTOR}-{self._past.seed}-{self._asked}", _ACTOR, act)

    def _hush(self, alert: Alert) -> None:
        """Say of every target that it is not told, as whoever sends alerts would: that is one who comes later."""
        for target in self._routes.targets_of(alert, self._specs.get) or (NOBODY,):
            text = "it was only simulated"
            self._inbox.post(self._request(MarkAlert(alert.thing, alert.kind, alert.episode, target, "silenced", text)))

    # ----------------------------------------------------------------------------------------------- the loop's Watch
    def runs(self) -> Iterable[RunKey] | None:
        """It drives all."""
        return None

    def deciding(self, changes: Sequence[Change]) -> None:
        """Nothing depends on it."""

    def committed(self, changes: Sequence[Change]) -> None:
        """Take note of runs, and let no alert go out."""
        self._turns += 1
        for change in changes:
            match change:
                case RunCreated(row):
                    self._states[row.run] = RunState.QUEUED
                case RunMoved(run, _, new):
                    self._states[run] = new
                case AlertRaised(alert):
                    self._hush(alert)
                case Answered(ok=False, text=text):
                    raise Refused(text)
                case _:
                    pass

    def down(self, why: str) -> None:
        """A play is not gone on with.

        Raises:
            Refused: always.
        """
        raise Refused(why)
