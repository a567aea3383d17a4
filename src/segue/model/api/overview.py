from __future__ import annotations

from dataclasses import dataclass, field

from segue.model.api.dags import DagItem

__all__ = ["Attention", "Coming", "Overview"]


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that a person should look at.

    Attributes:
        sort: *failed held late interrupted missing quarantined broken alert*.
        text: what is wrong, as a sentence.
        since: when it began.
        task: the label of the first culprit.
        affected: tasks and DAGs downstream of it; `affected_dags` of them are DAGs.
        command: what to type.
        file: of DAGs that nobody knows yet, because it cannot be read; `dag_id` is empty then.
    """

    sort: str
    dag_id: str
    text: str
    since: str | None = None
    run_id: str | None = None
    task: str = ""
    affected: int = 0
    command: str = ""
    affected_dags: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """Runs of a DAG that fall due: the first, the last, how many, and each of them where they are 100 at most."""

    dag_id: str
    due: str
    key: str
    last: str
    count: int = 1
    expected_seconds: float | None = None
    risk: str = ""
    dues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """What an on-call engineer sees first.

    Attributes:
        attention: what needs it, the worst first, of one sort the newest first.
        counts: runs that have not ended, by state.
        dags: every DAG with its newest runs; `dags_left_out` more are in the list of DAGs.
        coming: what falls due in the next `hours`, soonest first.
    """

    now: str
    hours: int
    counts: dict[str, int] = field(default_factory=dict)
    attention: tuple[Attention, ...] = ()
    attention_left_out: int = 0
    dags: tuple[DagItem, ...] = ()
    dags_left_out: int = 0
    coming: tuple[Coming, ...] = ()
