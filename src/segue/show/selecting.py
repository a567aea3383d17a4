from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from segue.model.duration import microseconds
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.moment import instant_at, parse_moment, wall_at
from segue.model.spec import DagSpec
from segue.model.state import RunState
from segue.resolve.selection import dag_fits, select_dags
from segue.show.reading import Reading, Selection

__all__ = ["meant_dags", "read_selection", "read_since", "read_until"]

_SPAN: Final = r"(\d+(ms|[dhms]))+"


def read_selection(
    words: Mapping[str, str | None], states: Sequence[str] | None, now: Instant, zone: str, kinds: Sequence[str] = ()
) -> Selection:
    """Read what a command line says about runs.

    Args:
        words: `dag`, `since`, `until`, `tag`, `owner`, `error`, `backfill` as written.
        states: names of states; several may be joined by commas.
        now: the present.
        zone: where `since` is read.
        kinds: how runs came to be.

    Raises:
        UsageError: a state is unknown, or `since` cannot be read.
    """
    since, until, backfill = words.get("since"), words.get("until"), words.get("backfill")
    return Selection(
        dag=words.get("dag"),
        states=tuple(_state(name) for text in states or () for name in text.split(",")),
        since=None if since is None else read_since(since, now, zone),
        tag=words.get("tag"),
        error=words.get("error"),
        until=None if until is None else read_since(until, now, zone),
        kinds=tuple(kinds),
        owner=words.get("owner"),
        backfill=None if backfill is None else int(backfill),
    )


def _state(name: str) -> RunState:
    try:
        return RunState(name.strip().lower())
    except ValueError:
        near = difflib.get_close_matches(name, list(RunState), 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(RunState)}"
        raise UsageError(f"no run is ever {name!r}: {hint}") from None


def read_since(text: str, now: Instant, zone: str) -> Instant:
    """Read `02:00` (today, or yesterday where that is still to come), `2h` (ago), or a moment.

    Raises:
        UsageError: it is none of them.
    """
    clock = re.fullmatch(r"(\d\d):(\d\d)", text)
    try:
        if clock is not None:
            today = wall_at(now, zone).date()
            at = datetime.combine(today, time(int(clock[1]), int(clock[2])))
            past = [instant for days in (0, 1) if (instant := instant_at(at - timedelta(days), zone)) <= now]
            return past[0]
        if re.fullmatch(_SPAN, text):
            return Instant(now - microseconds(text))
        return parse_moment(text, zone)
    except ValueError as why:
        raise UsageError(f"--since {text}: write 02:00, 2h, 2026-04-01 or 2026-04-01T05:30 ({why})") from None


def read_until(text: str, now: Instant, zone: str) -> Instant:
    """Read `18:00` (today, or tomorrow where that has passed), `2h` (from now), or a moment.

    Raises:
        UsageError: it is none of them, or has passed.
    """
    clock = re.fullmatch(r"(\d\d):(\d\d)", text)
    try:
        if clock is not None:
            today = wall_at(now, zone).date()
            at = datetime.combine(today, time(int(clock[1]), int(clock[2])))
            return next(instant for days in (0, 1, 2) if (instant := instant_at(at + timedelta(days), zone)) > now)
        until = Instant(now + microseconds(text)) if re.fullmatch(_SPAN, text) else parse_moment(text, zone)
    except ValueError as why:
        raise UsageError(f"--until {text}: write 18:00, 2h, 2026-04-01 or 2026-04-01T05:30 ({why})") from None
    if until <= now:
        raise UsageError(f"--until {text} has passed")
    return until


def meant_dags(reading: Reading, texts: Sequence[str], among: Collection[str] | None = None) -> list[str]:
    """The DAGs of a home that selections name; those that no file declares any more are not among them.

    Args:
        reading: of the home.
        texts: selections.
        among: only these exist for whoever asks; None: all.

    Raises:
        UsageError: one of them names none; the nearest ids are named.
    """
    views = [view for view in reading.dags() if not view.timing.retired and (among is None or view.dag in among)]
    by_id = not any(":" in text for text in texts)
    specs = [DagSpec(view.dag) if by_id else reading.newest(view) for view in views]
    for text in texts:
        if not any(dag_fits(spec, text) for spec in specs):
            near = difflib.get_close_matches(text, [view.dag for view in views], 3)
            hint = f": did you mean {', '.join(near)}?" if near else "; `segue next` lists what there is"
            raise UsageError(f"no DAG fits {text!r}{hint}")
    return select_dags(specs, texts)
