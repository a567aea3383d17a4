"""What both stores make alike out of their rows: images of runs, facts about the object of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from segue.model.events import Act, TriggerRun
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptImage, Facts, RunImage, TaskImage, Version
from segue.model.spec import DagSpec
from segue.model.state import TaskState
from segue.model.views import RunView, TaskView

__all__ = ["FactSource", "facts_of", "image_of", "is_number", "names_of"]

# What SQLite's integers hold, whatever a person types.
_NUMBER: Final = re.compile("[0-9]{1,18}")
_NUMBERED: Final = re.compile(r"(.+)\.([1-9][0-9]{0,17})")


class FactSource(Protocol):
    """The questions that facts are made of."""

    def answer(self, request: str) -> tuple[bool, str] | None:
        """What this request was answered."""
        ...

    def image(self, run: RunKey) -> RunImage | None:
        """The run, whole."""
        ...

    def newest(self, dag: str) -> Version | None:
        """The DAG's newest version."""
        ...

    def next_n(self, dag: str, key: str) -> int:
        """The first free `n` of this text."""
        ...

    def placed(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The run that holds the slot's place."""
        ...

    def latest(self, dag: str, slot: tuple[Instant, Instant]) -> RunKey | None:
        """The slot's newest run."""
        ...


def facts_of(source: FactSource, act: Act, request: str) -> Facts:
    """Gather what `Facts` holds about the object of an act."""
    if isinstance(act, TriggerRun):
        run, dag, key, slot = None, act.dag, act.key, act.slot
    else:
        run, dag, key = source.image(act.run), act.run.dag, act.run.key
        slot = run.row.slot if run else None
    latest = source.latest(dag, slot) if run and slot else None
    return Facts(
        run=run,
        version=source.newest(dag),
        next_n=source.next_n(dag, key),
        placed=source.placed(dag, slot) if slot else None,
        newer=latest if run and latest != run.row.run else None,
        answer=source.answer(request),
    )


def image_of(
    view: RunView, spec: DagSpec, tasks: Iterable[TaskView], alive: Mapping[tuple[str, int | None], AttemptImage]
) -> RunImage:
    """Put a run's rows together.

    Args:
        view: its own row.
        spec: of its version.
        tasks: its task rows.
        alive: the attempts that have not ended, by task and map index.
    """
    images = tuple(
        TaskImage(
            row.task, row.index, row.state, row.round, row.tries, row.losses, row.platform, row.not_before,
            row.expanded, row.number, row.inline, row.ref, row.length, row.digest, row.marked, row.followed,
            alive.get((row.task, row.index)), str(row.why) if row.state is TaskState.FAILED else "",
        )
        for row in tasks
    )  # fmt: skip
    return RunImage(view.row, spec, view.state, view.round, view.placed, view.cancel_at, view.started, images)


def is_number(text: str) -> bool:
    """Whether a text can be the row number of a run."""
    return _NUMBER.fullmatch(text) is not None


def names_of(text: str) -> tuple[RunKey, ...]:
    """The runs that a printed id may mean, the likeliest first: a key may itself end in a dot and digits."""
    dag, _, key = text.partition("@")
    found = [RunKey(dag, key, 1)]
    if numbered := _NUMBERED.fullmatch(key):
        found.append(RunKey(dag, numbered[1], int(numbered[2])))
    return tuple(found)
