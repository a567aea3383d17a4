"""What `segue simulate --write` does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.console import Console
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.settings import Settings
from segue.cli.output import Code, console, minute, print_json, table
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.moment import DAY, iso_utc, parse_moment
from segue.model.state import RunState

if TYPE_CHECKING:
    from segue.app.past import Past, Played
    from segue.app.playing import Faults

__all__ = ["Wanted", "tell_past", "write_days"]

_MINUTE: Final = 60_000_000


class Wanted(NamedTuple):
    """What was asked for: DAGs, span, trouble, backfills."""

    words: Sequence[str]
    days: int
    until: str | None
    faults: Faults
    seed: int
    workers: int | None
    steady: bool
    fills: Sequence[str]


def write_days(settings: Settings, wanted: Wanted, as_json: bool) -> int:
    """Play the days before now into a new home, and tell what came of it.

    Args:
        settings: in force.
        wanted: what was asked for.
        as_json: print JSON.
    """
    from segue.app.past import Past, definitions_of, read_fill, refuse_lived_in, spans_known, write_past
    from segue.app.playing import check_faults

    fills = tuple(map(read_fill, wanted.fills))
    end = _end(wanted.until, settings.keys.timezone)
    refuse_lived_in(settings)
    began = time.monotonic()
    files = definitions_of(settings, wanted.words)
    specs = [one.spec for file in files for one in file.definitions]
    check_faults(wanted.faults, specs)
    past = Past(
        files, Instant(end - wanted.days * DAY), end, spans_known(specs), wanted.seed,
        wanted.workers or settings.workers, wanted.faults, wanted.steady, fills,
    )  # fmt: skip
    played = write_past(settings, past)
    if as_json:
        print_json(_object(past, played))
        return Code.GOOD
    screen = console()
    tell_past(screen, past, played, settings.keys.timezone)
    took = time.monotonic() - began
    said = (
        f"\n  {played.attempts:,} attempts played in {took:.1f} s into {settings.home}\n  `segue up` goes on from there"
    )
    screen.print(Text(said, style="dim"))
    return Code.GOOD


def _end(until: str | None, zone: str) -> Instant:
    now = SystemClock().now()
    try:
        end = now if until is None else parse_moment(until, zone)
    except ValueError as why:
        raise UsageError(f"--until: {why}") from None
    if end > now:
        raise UsageError(f"--until {until} is to come: what is to come is played without --write")
    return end


def tell_past(screen: Console, past: Past, played: Played, zone: str) -> None:
    """Print how many runs of each DAG stand where.

    Args:
        screen: where to.
        past: was played.
        played: what came of it.
        zone: in which days are told.
    """
    span = " to ".join(minute(at // _MINUTE * _MINUTE, zone) for at in (past.start, past.until))
    screen.print(Text(f"  {span}, {past.workers} workers, seed {past.seed}\n", style="dim"))
    shown = [state for state in RunState if any(counts.get(state) for counts in played.runs.values())]
    rows = table("  DAG", ">runs", *(f">{state}" for state in shown))
    for dag, counts in played.runs.items():
        cells = (Text(f"{counts[state]:,}" if counts.get(state) else "·") for state in shown)
        rows.add_row(Text(f"  {dag}", style="bold"), f"{sum(counts.values()):,}", *cells)
    screen.print(rows)


def _object(past: Past, played: Played) -> dict[str, Any]:
    dags = [
        {"dag_id": dag, "runs": sum(counts.values()), **{str(state): counts.get(state, 0) for state in RunState}}
        for dag, counts in played.runs.items()
    ]
    return {
        "from": iso_utc(past.start), "until": iso_utc(past.until), "workers": past.workers, "seed": past.seed,
        "attempts": played.attempts, "turns": played.turns, "dags": dags,
    }  # fmt: skip
