"""Where the schedule of a DAG and what it says or does about dates do not fit together."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import available_timezones

from segue.define.lint_code import Seen, TaskCode
from segue.define.lint_text import date_in
from segue.model.ids import Instant
from segue.model.moment import datetime_at, zone_named
from segue.model.spec import DagSpec
from segue.schedule.cadence import calendar_for, is_finer_than_a_day, names_an_hour, ticks_off_midnight
from segue.schedule.slot import Bounds
from segue.schedule.timetable import Cron, Once, Timetable

__all__ = ["caught_up", "dates_of", "past_findings", "start_without_zone", "unused_options", "wall_hours", "zone_in"]

_MONTH: Final = 2_629_800_000_000
_ASKS: Final = 10
_MANY: Final = 100
_OFFSET_LOST: Final = re.compile(r"(?<![\d.])\{\}(?=/|$|\.)")

_ABBREVIATIONS: Final = {
    "PT": "America/Los_Angeles", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "PACIFIC": "America/Los_Angeles", "ET": "America/New_York", "EST": "America/New_York", "EDT": "America/New_York",
    "EASTERN": "America/New_York", "CT": "America/Chicago", "CST": "America/Chicago", "CDT": "America/Chicago",
    "CENTRAL": "America/Chicago", "MT": "America/Denver", "MST": "America/Denver", "MDT": "America/Denver",
    "MOUNTAIN": "America/Denver", "CET": "Europe/Berlin", "CEST": "Europe/Berlin", "BST": "Europe/London",
    "JST": "Asia/Tokyo", "IST": "Asia/Kolkata", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
}  # fmt: skip
_ABBREVIATION: Final = (
    r"(?P<zone>[Pp]acific|[Ee]astern|[Cc]entral|[Mm]ountain|[PECM][SD]?T|CES?T|BST|JST|IST|AE[SD]T)\b"
)
_NAMED: Final = re.compile(r"\b(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z]\w+(?:/[A-Z]\w+)?")
_SPOKEN: Final = re.compile(
    rf"\b(?:\d\d?:\d\d\s*(?:[ap]\.?m\.?)?|\d\d?\s*[ap]\.?m\.?|at\s+\d\d?|noon|midnight)\s*\(?{_ABBREVIATION}"
    r"|\b(?P<word>[Pp]acific|[Ee]astern|[Cc]entral|[Mm]ountain)[ _-](?:[Ss]tandard |[Dd]aylight )?[Tt]ime\b"
)
_TAG: Final = re.compile(r"(?P<zone>[PECM][SD]T|CES?T)|(?P<word>pacific|eastern|central|mountain)[ _-]time")
_CITY: Final = re.compile(r"\b(?P<city>[A-Z][a-z]+(?: [A-Z][a-z]+)?) (?:local )?time\b")


def dates_of(spec: DagSpec, timetable: Timetable, tasks: Sequence[TaskCode], texts: Sequence[str]) -> Iterator[Seen]:
    """A cron expression off midnight that meets dates (SEMANTICS, "When it runs is not what it covers").

    Args:
        spec: of the DAG.
        timetable: of the DAG.
        tasks: the code of its tasks.
        texts: what its ready-made tasks are given.
    """
    if not isinstance(timetable, Cron) or not ticks_off_midnight(timetable):
        return
    where = next((f"task {task.task} uses {use}" for task in tasks if (use := task.date_use)), None)
    if where is None and any(map(date_in, texts)):
        where = "a template uses the date"
    if where:
        at = _hours(timetable)
        text = f"{timetable} covers {at} to {at}, and {where}: that is the date on which the interval begins"
        instead = calendar_for(timetable)
        hint = f"schedule={instead}: whole days, due at the same time" if instead else "daily(at=…) covers whole days"
        yield Seen("midnight", spec.line, text, hint)


def _hours(timetable: Cron) -> str:
    minute, hour, *_ = timetable.expression.split()
    return f"{int(hour):02}:{int(minute):02}" if hour.isdigit() and minute.isdigit() else "tick"


def wall_hours(spec: DagSpec, timetable: Timetable, task: TaskCode) -> Iterator[Seen]:
    """Names of hours without their offset, where a zone has an hour twice a year (SEMANTICS, "Keys")."""
    if not is_finer_than_a_day(timetable, spec.timezone) or not _changes(spec.timezone):
        return
    for line in task.hour_uses:
        text = f"task {task.task} names an hour without its offset: {spec.timezone} has one of them twice a year"
        yield Seen("offset", line, text, "use interval.key: it has the offset")


@lru_cache(maxsize=64)
def _changes(zone: str) -> bool:
    """Whether the zone's offset changes between 2024 and 2034."""
    first = 1_704_067_200_000_000
    return len({datetime_at(first + month * _MONTH, zone).utcoffset() for month in range(120)}) > 1


def past_findings(spec: DagSpec, name: str, task: TaskCode) -> Iterator[Seen]:
    """What reads the slot before without saying that it needs it (S48); `name` is the task's in this DAG."""
    back = task.looks_back
    if back is not None and not any(one.rules.depends_on_past for one in spec.tasks if one.id == name):
        text = f"task {name} takes {ast.unparse(back)} and does not wait for it"
        yield Seen("past", back.lineno, text, "say depends_on_past=True: backfills then run oldest first")


def unused_options(spec: DagSpec) -> Iterator[Seen]:
    """What counts from slots, on a DAG that has none."""
    if spec.schedule is not None:
        return
    named = ["deadline"] if spec.deadline or spec.deadline_at is not None else []
    named += ["catchup"] if spec.catchup else []
    named += [f"deadline of task {task.id}" for task in spec.tasks if task.rules.deadline]
    named += [f"depends_on_past of task {task.id}" for task in spec.tasks if task.rules.depends_on_past]
    for name in named:
        text = f"{name} has no effect: DAG {spec.id} has no schedule, so it has no slots"
        yield Seen("slots", spec.line, text, "give it schedule=…, or leave the option out")


def caught_up(spec: DagSpec, timetable: Timetable, now: int) -> Iterator[Seen]:
    """A deploy that runs more than ten intervals of the past (SEMANTICS, "Catch-up").

    Args:
        spec: of the DAG.
        timetable: of the DAG.
        now: microseconds since 1970 UTC.
    """
    if not spec.catchup or isinstance(timetable, Once):
        return
    if spec.start is None:
        text = f"catchup=True of DAG {spec.id} has no start= to begin at"
        yield Seen("catchup", spec.line, text, "say start='2026-04-01', or leave catchup out")
        return
    bounds = Bounds(Instant(spec.start), None if spec.end is None else Instant(spec.end), spec.timezone, spec.delay)
    count = _due_by(timetable, bounds, now)
    if count > _ASKS:
        many = f"{_MANY} or more" if count == _MANY else str(count)
        text = f"catchup=True of DAG {spec.id} runs {many} intervals when it is first enabled, and asks before it does"
        yield Seen("catchup", spec.line, text, "a later start=, or no catchup and `segue backfill` for what is wanted")


@lru_cache(maxsize=64)
def _due_by(timetable: Timetable, bounds: Bounds, now: int) -> int:
    """How many slots are due, `_MANY` at most."""
    count, slot = 0, timetable.after(None, bounds)
    while slot is not None and slot.due <= now and count < _MANY:
        count, slot = count + 1, timetable.after(slot, bounds)
    return count


def start_without_zone(spec: DagSpec, options: Mapping[str, Any]) -> Iterator[Seen]:
    """A moment as start that has no zone, in a DAG that has none (S33)."""
    start = options.get("start")
    naive = (isinstance(start, datetime) and start.tzinfo is None) or (
        isinstance(start, str) and re.fullmatch(r"\S+[T ]\d\d(:\d\d)*", start.strip()) is not None
    )
    if naive and spec.schedule is not None and options.get("timezone") is None:
        text = f"start={start!r} has no zone, and neither has DAG {spec.id}: it is read in UTC"
        yield Seen("naive", spec.line, text, "say timezone='America/Los_Angeles', or timezone='UTC'")


def zone_in(spec: DagSpec, timetable: Timetable, prose: Sequence[str], options: Mapping[str, Any]) -> Iterator[Seen]:
    """A zone that is named to people and not set.

    Args:
        spec: of the DAG.
        timetable: of the DAG.
        prose: what its doc and its file say to people.
        options: as given.
    """
    if options.get("timezone") is not None or not names_an_hour(timetable):
        return
    found = next((one for tag in spec.tags if (one := _zone_of_tag(tag))), None)
    found = found or next((one for text in prose if (one := _zone_of_prose(text))), None)
    if found:
        said, zone = found
        text = f"{said!r} names a zone, and DAG {spec.id} has none: {timetable} is read in UTC"
        yield Seen("zone", spec.line, text, f"say timezone={zone!r}, or timezone='UTC'")


def _zone_of_tag(tag: str) -> tuple[str, str] | None:
    found = _TAG.fullmatch(tag)
    if found:
        return tag, _ABBREVIATIONS[(found["zone"] or found["word"]).upper()]
    return _iana(tag)


@lru_cache(maxsize=1024)
def _zone_of_prose(text: str) -> tuple[str, str] | None:
    if "UTC" in text:
        return None
    if found := _SPOKEN.search(text):
        return found[0], _ABBREVIATIONS[(found["zone"] or found["word"]).upper()]
    if found := _CITY.search(text):
        zone = _cities().get(found["city"].replace(" ", "_"))
        if zone:
            return found[0], zone
    return _iana(text)


def _iana(text: str) -> tuple[str, str] | None:
    for found in _NAMED.finditer(text):
        try:
            return found[0], zone_named(found[0]).key
        except ValueError:
            continue
    return None


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    names = [name for name in sorted(available_timezones()) if "/" in name and not name.startswith("Etc/")]
    return {name.rpartition("/")[2]: name for name in names}
