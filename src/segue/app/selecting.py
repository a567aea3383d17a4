from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from segue.app.reading import Selection
from segue.model.duration import microseconds
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.moment import instant_at, parse_moment, wall_at
from segue.model.state import RunState

__all__ = ["read_selection", "read_since"]


def read_selection(words: dict[str, str | None], states: Sequence[str] | None, now: Instant, zone: str) -> Selection:
    """Read what a command line says about runs.

    Args:
        words: `dag`, `since`, `tag`, `error` as written.
        states: names of states; several may be joined by commas.
        now: the present.
        zone: where `since` is read.

    Raises:
        UsageError: a state is unknown, or `since` cannot be read.
    """
    since = words.get("since")
    return Selection(
        dag=words.get("dag"),
        states=tuple(_state(name) for text in states or () for name in text.split(",")),
        since=None if since is None else read_since(since, now, zone),
        tag=words.get("tag"),
        error=words.get("error"),
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
        if re.fullmatch(r"(\d+(ms|[dhms]))+", text):
            return Instant(now - microseconds(text))
        return parse_moment(text, zone)
    except ValueError as why:
        raise UsageError(f"--since {text}: write 02:00, 2h, 2026-04-01 or 2026-04-01T05:30 ({why})") from None
