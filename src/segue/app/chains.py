"""Which job of a crontab waits for which, guessed from what is left of it there: times, paths, names and comments.

Cron knows only clocks, so people who need an order leave a gap and hope. A later job of the same days is joined to an
earlier one by the first of these that says something: a path that one writes and the other reads, a word that both
names share, a comment that says it assumes something, a step of a pipeline that follows another. What says nothing is
joined to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from segue.app.crontab import Job

__all__ = ["Edge", "chains_of", "guess_edges", "timed"]

_LONGEST: Final = 6 * 60
"""Minutes; what lies further apart is joined by paths and names only."""
_SILENCE: Final = 16 * 60
_DAY: Final = 24 * 60
_EVERY_DAY: Final = "* * *"

_STAGES: Final = (
    ("ingest", "extract", "pull", "fetch", "download", "import", "dump", "read", "collect", "scrape"),
    ("clean", "cleanse", "transform", "dedupe", "normalize", "normalise", "validate", "prepare", "stage"),
    ("join", "combine", "merge", "enrich"),
    ("aggregate", "agg", "summarize", "summarise", "rollup", "compute", "build"),
    ("load", "publish", "write", "export", "upload", "push"),
    ("report", "dashboard", "refresh", "notify", "email", "mail", "send", "train", "score"),
)
_RANKS: Final = {word: rank for rank, words in enumerate(_STAGES) for word in words}
_EMPTY: Final = frozenset({
    "from", "to", "into", "the", "an", "and", "of", "for", "in", "on", "by", "with", "data", "daily", "nightly",
    "hourly", "weekly", "monthly", "job", "jobs", "script", "task", "run", "all", "new", "main", "my", "prod", "file",
    "files", "table", "tables", "etl", "elt", "cron",
})  # fmt: skip
"""Words that two names may share by chance."""

_WAITS: Final = re.compile(r"\b(?:assum\w+|after|once|depends|needs|wait\w*|when .* done)\b", re.IGNORECASE)
_PATH: Final = re.compile(
    r"(?:[\w.@~*-]*/[\w./@~*:-]+|[\w@*-]+\.(?:csv|json|jsonl|parquet|db|sqlite|txt|gz|xml|avro|orc|zip|tsv))"
)
_NO_DATA: Final = re.compile(
    r"^/(?:dev|proc|usr|bin|sbin|opt/[^/]+/bin|etc)/|\.(?:py|sh|sql|pl|rb|jar|R|js|php|log|lock|pid|conf|ya?ml|toml|ini)$"
)
_WRITES: Final = re.compile(
    r"(?<![2&])(?:1?>>?|&>>?)\s*$|(?:^|\s)(?:-o|--out\w*|--dest\w*|--to|--target|tee(?:\s+-a)?)[\s=]\s*$"
)
_COPIES: Final = frozenset({"cp", "mv", "rsync", "scp", "install", "ln"})


@dataclass(frozen=True, slots=True)
class Edge:
    """A guess that one job waits for another.

    Args:
        upstream: the earlier job.
        downstream: the later one.
        reason: what says so.
        gap: minutes that lie between their times, and are not needed any more.
    """

    upstream: Job
    downstream: Job
    reason: str
    gap: int


Found: TypeAlias = list[tuple[Job, str]]


@dataclass(frozen=True, slots=True)
class _Traces:
    writes: frozenset[str]
    reads: frozenset[str]
    words: frozenset[str]


def timed(jobs: Sequence[Job]) -> list[Job]:
    """The jobs with their times; a night begins in the evening, where the clock has been silent for long before."""
    clocks = sorted({job.clock for job in jobs if job.clock is not None and job.days == _EVERY_DAY})
    silence, evening = max(((late - early, late) for early, late in pairwise(clocks)), default=(0, 0))
    if silence < _SILENCE:
        evening = 0
    return [replace(job, time=_minutes(job, evening)) for job in jobs]


def _minutes(job: Job, evening: int) -> int:
    if job.clock is None:
        return job.minute or 0
    return job.clock + _DAY if job.days == _EVERY_DAY and job.clock < evening else job.clock


def guess_edges(jobs: Sequence[Job]) -> list[Edge]:
    """What probably waits for what, in the order of the file.

    Args:
        jobs: as `timed` gives them.
    """
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        if job.clock is not None:
            groups.setdefault(("day", job.days), []).append(job)
        elif job.minute is not None:
            groups.setdefault((job.fields.split()[1], job.days), []).append(job)
    found = [edge for group in groups.values() for edge in _within(sorted(group, key=_time))]
    place = {job.line: at for at, job in enumerate(jobs)}
    return sorted(found, key=lambda edge: (place[edge.downstream.line], place[edge.upstream.line]))


def chains_of(jobs: Sequence[Job], edges: Sequence[Edge]) -> list[list[Job]]:
    """The jobs that hang together, in the order of the file."""
    home = {job.line: {job.line} for job in jobs}
    for edge in edges:
        both = home[edge.upstream.line] | home[edge.downstream.line]
        home.update(dict.fromkeys(both, both))
    by_line = {job.line: job for job in jobs}
    return [[by_line[line] for line in sorted(home[job.line])] for job in jobs if job.line == min(home[job.line])]


def _within(group: Sequence[Job]) -> Iterator[Edge]:
    """Edges among jobs of the same days (or hours), earliest first."""
    traces = {job.line: _traces(job) for job in group}
    common = frozenset.intersection(*(one.words for one in traces.values()))
    leaves: list[Job] = []
    earlier: list[Job] = []
    for time, together in groupby(group, key=_time):
        now, waited_for = list(together), set[int]()
        for job in now:
            words = traces[job.line].words
            found = (
                _by_path(job, earlier, traces)
                or _by_word(job, words - common, earlier, traces)
                or _by_comment(job, earlier, leaves)
                or _by_word(job, words & common, earlier, traces)
                or _by_stage(job, leaves)
            )
            waited_for.update(up.line for up, _ in found)
            yield from (Edge(up, job, reason, time - up.time) for up, reason in found)
        earlier += now
        leaves = [one for one in leaves if one.line not in waited_for] + now


def _by_path(job: Job, earlier: Sequence[Job], traces: dict[int, _Traces]) -> Found:
    mine, found = traces[job.line], dict[int, tuple[Job, str]]()
    for path in sorted(mine.reads | mine.writes):
        for up in reversed(earlier):
            other = traces[up.line]
            if path in mine.reads and _meets(path, other.writes):
                found.setdefault(up.line, (up, f"{up.name} writes {path}, which {job.name} reads"))
                break
            if path in mine.writes and _meets(path, other.writes | other.reads):
                found.setdefault(up.line, (up, f"{job.name} writes {path}, which {up.name} uses before"))
                break
    return [found[line] for line in sorted(found)]


def _meets(path: str, paths: frozenset[str]) -> bool:
    if path in paths:
        return True
    return any(_folder(path) == _folder(one) for one in paths if "*" in one or "*" in path or one.endswith("/"))


def _folder(path: str) -> str:
    return path.rstrip("/") if path.endswith("/") else path.rpartition("/")[0]


def _by_word(job: Job, words: frozenset[str], earlier: Sequence[Job], traces: dict[int, _Traces]) -> Found:
    """Each word leads to the latest jobs before that have it."""
    found: dict[int, tuple[Job, list[str]]] = {}
    for word in sorted(words):
        having = [one for one in earlier if word in traces[one.line].words and not _runs_back(one, job)]
        latest = max((one.time for one in having), default=None)
        for up in having:
            if up.time == latest:
                found.setdefault(up.line, (up, []))[1].append(word)
    return [(up, f"both names have {' and '.join(shared)}") for _, (up, shared) in sorted(found.items())]


def _by_comment(job: Job, earlier: Sequence[Job], leaves: Sequence[Job]) -> Found:
    said = _WAITS.search(job.comment)
    if said is None:
        return []
    words = re.findall(r"[a-z]{3,}", job.comment[said.start() :].lower())
    named = [one for one in earlier if any(word[:5] == part[:5] for word in words for part in one.name.split("_"))]
    latest = max((one.time for one in named), default=None)
    ups = [one for one in named if one.time == latest] or leaves
    return [(up, f"its comment says “{said[0]}”") for up in ups]


def _by_stage(job: Job, leaves: Sequence[Job]) -> Found:
    rank = _rank(job)
    if rank is None:
        return []
    near = [
        one for one in leaves if (other := _rank(one)) is not None and other < rank and job.time - one.time <= _LONGEST
    ]
    return [(up, f"{_stage(job)} follows {_stage(up)}, {job.time - up.time} min later") for up in near]


def _runs_back(up: Job, down: Job) -> bool:
    """Whether the earlier one is a later step: the load of one night before the extract of the next."""
    before, after = _rank(up), _rank(down)
    return before is not None and after is not None and before > after


def _stage(job: Job) -> str | None:
    return next((word for word in job.name.split("_") if word in _RANKS), None)


def _rank(job: Job) -> int | None:
    return _RANKS.get(_stage(job) or "")


def _time(job: Job) -> int:
    return job.time


def _traces(job: Job) -> _Traces:
    command = re.sub(r"\$\([^)]*\)|`[^`]*`|\$\{?\w+\}?", "@", job.command.replace('"', " ").replace("'", " "))
    moved = re.search(r"(?:^|[;&]\s*)cd\s+(\S+)", command)
    folder = PurePosixPath(moved[1] if moved else "")
    writes, reads = set[str](), set[str]()
    for part in re.split(r"&&|\|\||;|\|", command):
        found = [
            one for one in _PATH.finditer(part) if not _is_program(part, one.start()) and not _NO_DATA.search(one[0])
        ]
        copies = (part.split() or [""])[0] in _COPIES
        for place, one in enumerate(found):
            path = one[0] if "://" in part[max(0, one.start() - 8) : one.end()] else str(folder / one[0])
            path += "/" if one[0].endswith("/") and not path.endswith("/") else ""
            written = _WRITES.search(part[: one.start()]) or (copies and len(found) > 1 and place == len(found) - 1)
            (writes if written else reads).add(path)
    words = frozenset(
        _plain(word) for word in job.name.split("_") if word not in _EMPTY and word not in _RANKS and len(word) > 1
    )
    return _Traces(frozenset(writes), frozenset(reads), words)


def _is_program(part: str, place: int) -> bool:
    """Whether a path is what is run, or where: the first word, after `cd`, or after the name of an option for logs."""
    before = part[:place].split()
    return not before or before[-1] in ("cd", "-c", "--log", "--config", "-m", "source", ".")


def _plain(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
