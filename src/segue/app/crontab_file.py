"""A crontab as a DAG file, with what was guessed and what to look at."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue.app.chains import Edge, chains_of, guess_edges, timed
from segue.app.crontab import Crontab, Job
from segue.define.lint_file import is_secret_name
from segue.define.lint_text import runs_date
from segue.model.errors import UsageError
from segue.model.moment import zone_named
from segue.schedule.cadence import calendar_for
from segue.schedule.cron import times_of_day
from segue.schedule.declare import hourly
from segue.schedule.timetable import Cron

__all__ = ["Imported", "ImportedDag", "Risk", "import_crontab"]

_AN_HOUR: Final = 60
_RESERVED: Final = frozenset({"Dag", "cron", "daily", "hourly", "monthly", "t", "weekly"})
_HIDES: Final = re.compile(r"\|\|\s*(?:true|:)\s*$|;\s*(?:true|exit 0)\s*$")
_SILENT: Final = re.compile(r"(?:&>|>)\s*/dev/null\s*2>&1|&>\s*/dev/null|2>\s*/dev/null")


@dataclass(frozen=True, slots=True)
class Risk:
    """Something of the crontab to look at: its line, one word for what it is, and the words to read."""

    line: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportedDag:
    """A DAG that was made: its id, its jobs in order of the crontab, and its schedule as it is written."""

    id: str
    jobs: tuple[Job, ...]
    schedule: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What a crontab became.

    Args:
        text: of the DAG file.
        dags: in order of the crontab.
        edges: what was guessed.
        risks: by line.
    """

    text: str
    dags: tuple[ImportedDag, ...]
    edges: tuple[Edge, ...]
    risks: tuple[Risk, ...]


def import_crontab(crontab: Crontab, name: str, zone: str = "") -> Imported:
    """Make a DAG file of a crontab.

    Args:
        crontab: as read.
        name: of its file, for people.
        zone: IANA name of the zone in which cron read its times; "": that of the crontab, if it names one.

    Raises:
        UsageError: there is no such zone, or nothing to import.
    """
    zone = zone or crontab.zone
    if not crontab.jobs:
        raise UsageError(f"{name} has no job to import")
    if zone:
        try:
            zone_named(zone)
        except ValueError as why:
            raise UsageError(str(why)) from None
    crontab = replace(crontab, jobs=tuple(timed(crontab.jobs)))
    edges = guess_edges(crontab.jobs)
    dags = _dags(crontab.jobs, edges)
    risks = sorted(
        (*_risks_of_file(crontab, zone), *_risks_of_jobs(crontab), *_risks_of_edges(dags, edges)),
        key=lambda risk: risk.line,
    )
    text = "\n".join(_lines(crontab, name, zone, dags, edges)) + "\n"
    return Imported(text, tuple(dags), tuple(edges), tuple(risks))


def _dags(jobs: Sequence[Job], edges: Sequence[Edge]) -> list[ImportedDag]:
    found = []
    waited_for = {edge.upstream.line for edge in edges}
    for chain in chains_of(jobs, edges):
        first = min(chain, key=_time)
        last = max((job for job in chain if job.line not in waited_for), key=_time)
        found.append(ImportedDag(last.name, tuple(chain), _schedule(first).replace("'", '"')))
    return found


def _time(job: Job) -> int:
    return job.time


def _schedule(job: Job) -> str:
    """The timetable that is due when cron runs a job, covering whole days or hours where there is one."""
    timetable = Cron(job.fields)
    if len(times_of_day(job.fields)) == 1 and (calendar := calendar_for(timetable)):
        return str(calendar)
    if job.minute is not None and job.fields.split()[1:] == ["*"] * 4:
        return str(hourly(at=f":{job.minute:02}"))
    return str(timetable)


# --------------------------------------------------------------------------------------------------------------- risks
def _risks_of_file(crontab: Crontab, zone: str) -> Iterator[Risk]:
    for line, reason in crontab.refused:
        yield Risk(line, "left out", reason)
    if not zone:
        yield Risk(0, "zone", "cron read its times in the zone of its machine, the DAGs say UTC: give --timezone ZONE")
    if crontab.mail == "":
        yield Risk(0, "silent", 'MAILTO="": nobody was told of failures; say alerts=["mailto:…"]')
    users = sorted({job.user for job in crontab.jobs} - {""})
    if users:
        yield Risk(
            0, "user", f"cron ran jobs as {', '.join(users)}, Segue runs all of them as the user it is started by"
        )
    relative = [job for job in crontab.jobs if not re.search(r"(?:^|\s)/|(?:^|[;&]\s*)cd\s", job.command)]
    if relative and not all("HOME" in job.env for job in relative):
        text = "cron starts commands in the home directory of their user, Segue in the folder of the project"
        yield Risk(relative[0].line, "place", f"{text}: say cwd=… where {relative[0].name} and others need it")
    hidden = sorted({name for job in crontab.jobs for name in job.env if is_secret_name(name)})
    if hidden:
        yield Risk(0, "secret", f"{', '.join(hidden)} stay out of the file: set them where Segue is started")


def _risks_of_jobs(crontab: Crontab) -> Iterator[Risk]:
    for job in crontab.jobs:
        if job.clock is None:
            text = f"{job.name} runs several times a day: cron starts it again while it still runs"
            yield Risk(job.line, "overlap", f"{text}; here the next run waits (max_active_runs is 1)")
        if re.search(r"\bflock\b", job.command):
            yield Risk(job.line, "overlap", f"flock of {job.name} is not needed: there is one run at a time")
        if found := runs_date(job.command):
            yield Risk(job.line, "date", f"{found} asks the clock: in a backfill it is today; write {{{{ ds }}}}")
        if _HIDES.search(job.command):
            yield Risk(
                job.line, "hidden", f"{job.name} says it went well whatever happens: take the end of its command away"
            )
        elif _SILENT.search(job.command):
            yield Risk(job.line, "hidden", f"{job.name} throws away what it says: Segue keeps logs, let it print")


def _risks_of_edges(dags: Sequence[ImportedDag], edges: Sequence[Edge]) -> Iterator[Risk]:
    waits: dict[int, list[Edge]] = {}
    for edge in edges:
        waits.setdefault(edge.downstream.line, []).append(edge)
    for line, before in waits.items():
        name, near = before[0].downstream.name, min(before, key=lambda edge: edge.gap)
        after = " and ".join(f"{edge.gap} min after {edge.upstream.name}" for edge in before)
        yield Risk(line, "staggered", f"{name} starts {after}, done or not: late data would be old or half data")
        if near.gap > _AN_HOUR:
            text = f"the {near.gap} min before {name} look like a window that was widened: here it is 0"
            yield Risk(line, "widened", text)
    below = {edge.downstream.line for edge in edges}
    for dag in dags:
        begin = min(map(_time, dag.jobs))
        for job in dag.jobs:
            if job.line not in below and job.time > begin:
                text = f"{job.name} starts {job.time - begin} min earlier than in the crontab, with DAG {dag.id}"
                yield Risk(job.line, "earlier", text)


# ---------------------------------------------------------------------------------------------------------------- file
def _lines(crontab: Crontab, name: str, zone: str, dags: Sequence[ImportedDag], edges: Sequence[Edge]) -> Iterator[str]:
    names = sorted({dag.schedule.partition("(")[0] for dag in dags} | {"Dag"})
    yield f'"""Made from {_in_docstring(name)}. Each order says why it was guessed: look at them."""'
    yield ""
    yield f"from segue import {', '.join(names)}"
    yield "from segue import tasks as t"
    envs = _environments(crontab.jobs)
    for variable, env in envs.items():
        yield ""
        yield f"{variable} = {{{', '.join(f'{_text(key)}: {_text(value)}' for key, value in env.items())}}}"
    for dag in dags:
        yield ""
        yield f"with Dag({', '.join(_options(dag, crontab, zone))}):"
        for job in dag.jobs:
            if job.comment:
                yield f"    # {job.comment}"
            yield f"    {_variable(job)} = t.bash({', '.join(_arguments(job, envs))})"
        for edge in edges:
            if edge.downstream in dag.jobs:
                yield ""
                yield f"    # a guess: {edge.reason}; the crontab left {edge.gap} min"
                yield f"    {_variable(edge.upstream)} >> {_variable(edge.downstream)}"


def _options(dag: ImportedDag, crontab: Crontab, zone: str) -> Iterator[str]:
    yield _text(dag.id)
    yield f"schedule={dag.schedule}"
    if zone:
        yield f"timezone={_text(zone)}"
    if crontab.mail:
        channels = [f"mailto:{one.strip()}" for one in crontab.mail.split(",") if one.strip()]
        yield f"alerts=[{', '.join(map(_text, channels))}]"


def _arguments(job: Job, envs: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    command = job.command
    if any(mark in command for mark in ("{{", "{%", "{#")):
        command = f"{{% raw %}}{command}{{% endraw %}}"  # cron knows no templates
    yield _text(command)
    yield f"id={_text(job.name)}"
    for variable, env in envs.items():
        if env == _kept(job):
            yield f"env={variable}"
    if "HOME" in job.env:
        yield f"cwd={_text(job.env['HOME'])}"


def _environments(jobs: Sequence[Job]) -> dict[str, dict[str, str]]:
    distinct = [env for place, env in enumerate(map(_kept, jobs)) if env and env not in [*map(_kept, jobs[:place])]]
    return {"ENV" if number == 1 else f"ENV_{number}": env for number, env in enumerate(distinct, 1)}


def _kept(job: Job) -> dict[str, str]:
    return {name: value for name, value in job.env.items() if not is_secret_name(name)}


def _variable(job: Job) -> str:
    return f"{job.name}_" if keyword.iskeyword(job.name) or job.name in _RESERVED else job.name


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _in_docstring(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'")
