"""The coming time of a project, played: DAGs of the home or of files, with the durations that the home remembers."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from segue.app.asking import chosen_dag, read_target
from segue.app.early import DefinitionChild, errors_of
from segue.app.settings import Settings, machine_memory
from segue.engine.month import Faults, Month, Play, Wish, play
from segue.engine.played import PlayedDag
from segue.model.duration import microseconds
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.images import DagImage, Version
from segue.model.moment import DAY, iso_utc
from segue.model.spec import DagSpec
from segue.model.state import RunState
from segue.model.timing import Timing
from segue.resolve.selection import select_dags

if TYPE_CHECKING:
    from segue.show.reading import Reading

__all__ = [
    "TROUBLE",
    "Faults",
    "Month",
    "Play",
    "PlayedDag",
    "cast_of",
    "check_faults",
    "month_object",
    "play",
    "play_of",
    "read_fail_on",
    "read_faults",
    "troubles",
]

_FAULT = re.compile(
    r"(?P<kind>slow|kill|fail)=(?:(?P<what>[^:=]+):)?(?P<much>\d+(?:\.\d+)?)(?P<times>x?)(?:@(?P<last>\w+))?", re.ASCII
)
_FORMS: Final = "write slow=extract:3x, kill=0.01, fail=load:0.1 or, of the last two hours, fail=load:1@2h"

TROUBLE: Final = ("late", "failed", "missing", "skipped", "waited")
"""What `--fail-on` may name."""


def read_faults(texts: Sequence[str]) -> Faults:
    """Read `slow=extract:3x`, `kill=0.01`, `fail=load:1@2h`; without a task a fault is of all of them, without a span
    of the whole play.

    Raises:
        UsageError: one is none of them.
    """
    found: dict[str, list[Wish]] = {"slow": [], "kill": [], "fail": []}
    for text in texts:
        said = _FAULT.fullmatch(text)
        if said is None or bool(said["times"]) != (said["kind"] == "slow"):
            raise UsageError(f"--fault {text}: {_FORMS}")
        much = float(said["much"])
        if said["kind"] != "slow" and much > 1:
            raise UsageError(f"--fault {text}: a probability lies between 0 and 1")
        try:
            last = 0 if said["last"] is None else microseconds(said["last"])
        except ValueError as why:
            raise UsageError(f"--fault {text}: {why}") from None
        found[said["kind"]].append(Wish(said["what"] or "*", much, last))
    return Faults(*(tuple(found[kind]) for kind in ("slow", "kill", "fail")))


def check_faults(faults: Faults, specs: Iterable[DagSpec]) -> None:
    """See whether every fault meets a task of what is played.

    Raises:
        UsageError: one meets none.
    """
    names = [(spec.id, task.id) for spec in specs for task in spec.tasks]
    for kind in ("slow", "kill", "fail"):
        for pattern, *_ in getattr(faults, kind):
            if not any(fnmatchcase(f"{dag}/{task}" if "/" in pattern else task, pattern) for dag, task in names):
                raise UsageError(f"--fault {kind}={pattern}: no task of what is played is called {pattern}")


def read_fail_on(texts: Sequence[str]) -> tuple[str, ...]:
    """Read what is trouble: names of `TROUBLE`, several joined by commas.

    Raises:
        UsageError: one is none of them.
    """
    names = tuple(name.strip() for text in texts for name in text.split(","))
    for name in names:
        if name not in TROUBLE:
            raise UsageError(f"--fail-on {name}: there are {', '.join(TROUBLE)}")
    return names


def play_of(settings: Settings, reading: Reading, targets: Sequence[str], now: Instant, days: int) -> Play:
    """The coming days of a project, without faults.

    Args:
        settings: in force.
        reading: of the home, which knows DAGs and durations.
        targets: see `cast_of`.
        now: the present.
        days: how many.

    Raises:
        UsageError: a target names nothing, or there is nothing to play.
        DefinitionError: a file cannot be read.
    """
    cast = cast_of(settings, reading, targets)
    if not cast:
        raise UsageError("there is nothing to play: no DAG with a time table is known here; name a file")
    spans = {image.dag: reading.durations(image.dag) for image in cast}
    pools = tuple((pool.name, pool.slots) for pool in reading.pools() if pool.slots is not None)
    limits = settings.limits(machine_memory())
    return Play(tuple(cast), now, Instant(now + days * DAY), spans, settings.workers, limits=limits, pools=pools)


def cast_of(settings: Settings, reading: Reading, targets: Sequence[str]) -> list[DagImage]:
    """The DAGs that are played: of the home by id, glob or `tag:x`, or of files as they are now; none named: all.

    A DAG that is paused or not yet planned for is played as one whose clock runs.

    Raises:
        UsageError: a target names nothing.
        DefinitionError: a file cannot be read.
    """
    files = [target for target in targets if target.endswith(".py") or ".py:" in target]
    images = {image.dag: image for image in _from_files(settings, files)}
    words = [target for target in targets if target not in files]
    known = {view.dag: view for view in reading.dags() if not view.timing.retired}
    specs = [reading.newest(view) for view in known.values()] if words or not targets else []
    for word in words:
        if not select_dags(specs, [word]):
            raise UsageError(f"there is no DAG {word}: there are {', '.join(known) or 'none yet'}")
    wanted = select_dags(specs, words) if words else [spec.id for spec in specs if spec.schedule is not None]
    for spec in specs:
        if spec.id in wanted and spec.id not in images:
            view = known[spec.id]
            timing = msgspec.structs.replace(view.timing, paused=False, hard=False, until=None)
            images[spec.id] = DagImage(spec.id, Version(view.version, spec), timing=timing, foretold=view.foretold)
    return list(images.values())


def _from_files(settings: Settings, targets: Sequence[str]) -> Iterator[DagImage]:
    if not targets:
        return
    with tempfile.TemporaryDirectory(prefix="segue-play-") as folder, DefinitionChild(settings, Path(folder)) as child:
        for target in targets:
            file, wanted = read_target(target)
            assert file is not None
            child.ask(file)
            read = child.answer()
            for error in errors_of(read):
                raise error
            found = {one.spec.id: one for one in read.definitions}
            names = list(found) if wanted is None else [chosen_dag([*_specs(found)], wanted, str(file)).id]
            for name in names:
                one = found[name]
                yield DagImage(name, Version(1, one.spec), timing=Timing(), foretold=one.foretold)


def _specs(found: dict[str, Any]) -> Iterator[Any]:
    return (one.spec for one in found.values())


def troubles(month: Month) -> dict[str, int]:
    """How often each trouble occurred."""
    dags = month.dags.values()
    return {
        "late": sum(len(dag.late) for dag in dags),
        "failed": sum(dag.count(RunState.FAILED) for dag in dags),
        "missing": sum(dag.missing for dag in dags),
        "skipped": sum(dag.skipped for dag in dags),
        "waited": sum(dag.overlaps for dag in dags),
    }


def month_object(what: Play, month: Month) -> dict[str, Any]:
    """What `segue simulate --json` prints."""
    return {
        "from": iso_utc(what.start), "until": iso_utc(what.until), "workers": what.workers, "seed": what.seed,
        "attempts": month.attempts, "turns": month.turns, "trouble": troubles(month),
        "guessed": [{"dag_id": dag, "task_id": task} for dag, task in month.guessed],
        "dags": [_dag_object(name, dag) for name, dag in month.dags.items()],
        "hours": [{"start": iso_utc(one.start), "busy": round(one.busy, 4), "depth": one.depth} for one in month.hours],
    }  # fmt: skip


def _dag_object(name: str, dag: PlayedDag) -> dict[str, Any]:
    return {
        "dag_id": name, "runs": len(dag.runs), "success": dag.count(RunState.SUCCESS),
        "failed": dag.count(RunState.FAILED), "unfinished": dag.unfinished, "waited": dag.overlaps,
        "longest_wait_seconds": dag.longest_wait / 1e6, "missing": dag.missing, "skipped": dag.skipped,
        "proposed": dag.proposed, "peak": dag.peak, "median_seconds": dag.lasted(50) / 1e6,
        "p90_seconds": dag.lasted(90) / 1e6,
        "late": [
            {"key": one.key, "task_id": one.task, "deadline": iso_utc(one.deadline), "ended_at": iso_utc(one.ended)}
            for one in dag.late
        ],
    }  # fmt: skip
