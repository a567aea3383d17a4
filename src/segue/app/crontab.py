"""Crontabs, read as cron reads them (crontab(5) of Vixie cron and cronie): lines to jobs, in the order of the file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from segue.model.errors import DefinitionError, UsageError
from segue.schedule.cron import PRESETS, checked

__all__ = ["Crontab", "Job", "read_crontab"]

_VARIABLE: Final = re.compile(r"""\s*(?P<name>"[^"]*"|'[^']*'|[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*""")
_USERS: Final = frozenset({
    "root", "nobody", "daemon", "bin", "www-data", "apache", "nginx", "postgres", "mysql", "ubuntu", "ec2-user",
    "admin", "deploy", "airflow",
})  # fmt: skip
_RUNNERS: Final = frozenset({
    "python", "python2", "python3", "bash", "sh", "zsh", "dash", "ksh", "perl", "ruby", "node", "php", "java",
    "Rscript", "env", "exec", "nice", "ionice", "nohup", "sudo", "time", "timeout", "flock", "chronic", "command",
    "uv", "run", "poetry", "pipenv", "psql", "mysql", "sqlite3", "duckdb", "spark-submit", "dbt",
})  # fmt: skip
_SCRIPT: Final = re.compile(r"\.(?:py|sh|sql|pl|rb|jar|R|bash|php|js)$")
_SKIPPED: Final = frozenset({"cd", "source", ".", "export", "set", "umask", "true", "mkdir", "["})
_ASIDE: Final = re.compile(r"\d?>>?&?\s*\S+|<\s*\S+|[|;&()]+")


@dataclass(frozen=True, slots=True)
class Job:
    """One line that runs a command.

    Args:
        line: 1-based.
        fields: the five fields of its time, canonical.
        command: for bash; what cron would give it on its standard input is part of it.
        user: of a system crontab.
        env: the variables that were set above it.
        comment: what stands directly above it.
        name: a short name for it, made of its command; unique in the file.
        time: minutes from midnight, or from the full hour where it runs every hour; more than a day where it belongs
            to jobs that began the evening before.
    """

    line: int
    fields: str
    command: str
    user: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""
    name: str = ""
    time: int = 0

    @property
    def minute(self) -> int | None:
        """The one minute of its hours at which it runs, None where there are several."""
        minute = self.fields.split()[0]
        return int(minute) if minute.isdigit() else None

    @property
    def clock(self) -> int | None:
        """The one minute of its days at which it runs, None where there are several."""
        hour = self.fields.split()[1]
        return int(hour) * 60 + self.minute if hour.isdigit() and self.minute is not None else None

    @property
    def days(self) -> str:
        """The fields that choose its days."""
        return self.fields.split(maxsplit=2)[2]


@dataclass(frozen=True, slots=True)
class Crontab:
    """What a crontab says.

    Args:
        jobs: in order.
        refused: lines that are not imported, with the reason, as (line, text).
        zone: of `CRON_TZ` or `TZ`, "" where it names none.
        mail: who gets what jobs print; None where it does not say, "" where nobody does.
    """

    jobs: tuple[Job, ...]
    refused: tuple[tuple[int, str], ...] = ()
    zone: str = ""
    mail: str | None = None


def read_crontab(text: str, system: bool | None = None) -> Crontab:
    """Read a crontab.

    Args:
        text: of the file.
        system: whether the sixth field is a user, as in /etc/crontab; None: find out.

    Raises:
        UsageError: a line cannot be read.
    """
    env: dict[str, str] = {}
    jobs: list[Job] = []
    refused: list[tuple[int, str]] = []
    comment = ""
    lines = text.split("\n")
    if system is None:
        system = _has_users(lines)
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            comment = " ".join([*comment.split(), *line.lstrip("# ").split()]) if line else ""
            continue
        variable = _VARIABLE.fullmatch(raw)
        if variable:
            env[variable["name"].strip("\"'")] = _unquoted(variable["value"])
        elif line.startswith("@reboot"):
            refused.append((number, "@reboot is no time: the machine's own start-up (systemd) is the place for it"))
        else:
            jobs.append(_job(number, line, env, system, comment))
        comment = ""
    mail = env.get("MAILTO")
    return Crontab(tuple(_named(jobs)), tuple(refused), env.get("CRON_TZ") or env.get("TZ") or "", mail)


def _job(number: int, line: str, env: Mapping[str, str], system: bool, comment: str) -> Job:
    count = 1 if line.startswith("@") else 5
    parts = line.split(None, count + system)
    if len(parts) < count + system + 1:
        wanted = "a time, a user and a command" if system else "a time and a command"
        raise UsageError(f"line {number}: {line!r} is not {wanted}: cron reads '0 2 * * * command' or '@daily command'")
    fields, user, command = " ".join(parts[:count]), parts[count] if system else "", parts[-1]
    if count == 1 and fields.lower() not in PRESETS:
        raise UsageError(f"line {number}: cron knows no {fields}: there are {' '.join(PRESETS)}")
    if "~" in fields:
        raise UsageError(f"line {number}: {fields!r} is a time by chance: write the minute or hour that it should be")
    try:
        fields = checked(fields)
    except DefinitionError as why:
        raise UsageError(f"line {number}: {why.message}") from None
    kept = {name: value for name, value in env.items() if name not in ("MAILTO", "MAILFROM", "CRON_TZ", "TZ", "SHELL")}
    return Job(number, fields, _for_bash(command), user, kept, comment)


def _for_bash(command: str) -> str:
    """What follows a percent sign is the input of the command, each one a new line; after a backslash it is itself."""
    first, *lines = [part.replace("\\%", "%") for part in re.split(r"(?<!\\)%", command)]
    if not lines:
        return first.strip()
    return f"{first.strip()} <<'END_OF_INPUT'\n" + "\n".join(lines) + "\nEND_OF_INPUT"


def _has_users(lines: Sequence[str]) -> bool:
    """Whether every line has a word after its time that is a user and no program."""
    found = False
    for line in lines:
        parts = line.split()
        place = 1 if line.lstrip().startswith("@") else 5
        if not parts or line.lstrip().startswith("#") or _VARIABLE.fullmatch(line):
            continue
        word = parts[place] if len(parts) > place + 1 else ""
        follows = parts[place + 1] if word else ""
        runs = follows in _RUNNERS or "/bin/" in follows or _SCRIPT.search(follows) is not None
        named = word in _USERS or (runs and re.fullmatch(r"[a-z_][a-z0-9_-]*", word) is not None)
        if not named or word in _RUNNERS or word in _SKIPPED:
            return False
        found = True
    return found


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


# --------------------------------------------------------------------------------------------------------------- names
def _named(jobs: Sequence[Job]) -> list[Job]:
    """The jobs with their names: of two of one name the words that they are given tell which is which."""
    words = [_words(job.command) for job in jobs]
    names = [one[0] for one in words]
    names = [_identifier("_".join(one)) if names.count(one[0]) > 1 else _identifier(one[0]) for one in words]
    taken: dict[str, int] = {}
    found = []
    for job, name in zip(jobs, names, strict=True):
        taken[name] = taken.get(name, 0) + 1
        full = name if taken[name] == 1 else f"{name}_{taken[name]}"
        found.append(replace(job, name=full))
    return found


def _words(command: str) -> list[str]:
    """The name of what a command runs (a script, a module, else a program), and the plain words it is given."""
    last: list[str] = []
    for part in re.split(r"&&|\|\||;", command.partition("\n")[0]):
        words = [word for text in _split(_ASIDE.sub(" ", part.partition("|")[0])) for word in text.split()]
        if words and words[0] not in _SKIPPED:
            last = words
    module = last.index("-m") + 1 if "-m" in last[:-1] else None
    script = next((place for place, word in enumerate(last) if _SCRIPT.search(word)), module)
    if script is None:
        script = next((place for place, word in enumerate(last) if _is_program(word)), None)
    if script is None:
        return ["job"]
    name = _SCRIPT.sub("", PurePosixPath(last[script]).name)
    given = [word for word in last[script + 1 :] if re.fullmatch(r"[A-Za-z][\w-]*", word)]
    return [name.rpartition(".")[2] or name, *given]


def _is_program(word: str) -> bool:
    return "=" not in word and not word.startswith("-") and PurePosixPath(word).name not in _RUNNERS


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _identifier(text: str) -> str:
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower() or "job"
    return f"job_{name}" if name[0].isdigit() else name[:80]
