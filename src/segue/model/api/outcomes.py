"""What acting routes answer: what has become of each object, or in a dry run what would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BackfillPlan",
    "Cause",
    "ChannelTried",
    "DagChange",
    "DeployPlan",
    "Done",
    "KnownName",
    "ObjectPlan",
    "Outcome",
    "Pending",
    "Refusal",
    "RequestState",
    "Reuse",
    "RunPlan",
    "Why",
]


# -------------------------------------------------------------------------------------------------------------- answers
@dataclass(frozen=True, slots=True)
class Done:
    """One object to which it was done.

    Attributes:
        object: as it was named: a run, a task of a run, a DAG, a backfill, …
        text: what was done, in a sentence.
        request_id: by which `GET /api/v1/requests/{id}` gives this answer again.
        run_id: the run that was made or moved.
        backfill_id: the backfill that was made.
    """

    object: str
    text: str
    request_id: str
    run_id: str | None = None
    backfill_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One object to which it was not done, and why."""

    object: str
    why: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """One object about which nothing is known yet: `url` tells when there is."""

    object: str
    request_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of an act, object by object."""

    done: tuple[Done, ...] = ()
    refused: tuple[Refusal, ...] = ()
    pending: tuple[Pending, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestState:
    """A request, and its answer where it has one.

    Attributes:
        ok: whether it was done; None: not answered yet.
        text: what was done, or why not.
    """

    id: str
    actor: str
    act: str
    ok: bool | None = None
    text: str = ""
    answered_at: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class KnownName:
    """The name of a connection or secret, and the place that has it; of two of one name the first counts.

    Attributes:
        key: of the encrypted store, the name of the key that it is encrypted with.
        set_at, set_by: of the encrypted store, since when and by whom.
    """

    name: str
    place: str
    key: str | None = None
    set_at: str | None = None
    set_by: str | None = None


# ---------------------------------------------------------------------------------------------------------------- plans
@dataclass(frozen=True, slots=True)
class Cause:
    """A reason why tasks failed, and how often."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Why:
    """A task, and why it runs or how it has changed."""

    task_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Reuse:
    """What a rerun takes over from one run.

    Attributes:
        reused: tasks that are taken over whole.
        runs: tasks that run, and why.
        new, gone: tasks that the old run did not know, or that are no more.
        changed: taken over by a person's word although their code differs.
        diff: what differs between the code of the run and the newest, task by task.
    """

    run_id: str
    reused: tuple[str, ...]
    runs: tuple[Why, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]
    diff: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What would be done to runs.

    Attributes:
        act: its name.
        runs: the first of them, the newest first; `total` of them.
        tasks: so many of their tasks are touched.
        since: when the oldest was made.
        causes: why they failed, the most frequent first.
        refused: runs that are left out, and why.
        reuse: of a rerun, what the first of them take over.
        newer: of a retry, the failed tasks that have newer code, which a rerun would take.
    """

    act: str
    runs: tuple[str, ...]
    total: int
    tasks: int = 0
    since: str | None = None
    causes: tuple[Cause, ...] = ()
    refused: tuple[Refusal, ...] = ()
    reuse: tuple[Reuse, ...] = ()
    newer: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """What would be done to objects that are no runs: their names; `notes` say what follows."""

    act: str
    objects: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What a backfill would run.

    Attributes:
        intervals: that it runs.
        left_alone: how many intervals of the range are left alone, by what they show.
        not_complete: the first interval of the range that has not ended yet.
        tasks: of each run.
        connections: how many runs may use each at once.
        not_idempotent: tasks that say that they must not run twice.
        seconds: it takes about.
        verdict: whether it catches up, in a sentence.
        scheduled_work_may_wait: seconds for a worker.
    """

    dag_id: str
    intervals: tuple[str, ...]
    left_alone: dict[str, int]
    not_complete: str | None
    order: str
    cap: int
    only: tuple[str, ...]
    reason: str
    tasks: tuple[str, ...]
    connections: dict[str, int]
    not_idempotent: tuple[str, ...]
    seconds: float | None
    verdict: str | None
    scheduled_work_may_wait: float


@dataclass(frozen=True, slots=True)
class DagChange:
    """What becomes of one DAG by a deploy.

    Attributes:
        dag: its id from now on.
        kind: *same* may still bring another bundle.
        file: that declares it.
        former: the id that it had, where it is renamed.
        suspects: of a new DAG, those that have gone and look like it.
        tasks: a sign (`+`, `-`, `~`) and the id of every task that is new, gone or changed.
        code: Python files that it reaches have changed.
        clock: the schedule in words before and after, where it moves, and the next runs in the DAG's zone.
        missing: how many intervals that have ended nobody runs, the first and the last of them.
        catch_up: how many intervals that have ended are run by themselves.
        under_way: runs that go on with the version they began with.
    """

    dag: str
    kind: Literal["new", "changed", "renamed", "gone", "same"]
    file: str
    former: str = ""
    suspects: tuple[str, ...] = ()
    tasks: tuple[tuple[str, str], ...] = ()
    code: bool = False
    clock: tuple[str, str, tuple[str, ...]] | None = None
    missing: tuple[int, str, str] | None = None
    catch_up: int = 0
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """What a deploy changes; `done` is the sentence of what was done, empty in a dry run."""

    dags: tuple[DagChange, ...]
    done: str = ""
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelTried:
    """Whether a letter has arrived at a channel, and what went wrong."""

    channel: str
    ok: bool
    text: str = ""
