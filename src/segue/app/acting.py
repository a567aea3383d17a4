"""Acting on runs that exist: the plan that is shown, then the requests, to the owner there is or by this process."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from segue.app.control_client import ControlClient, OwnerGone
from segue.app.database import database_of
from segue.app.home import Home
from segue.app.owner import actor_here, new_id
from segue.app.reading import open_reading
from segue.app.table_client import Asked, TableClient
from segue.model.acts import Act
from segue.model.errors import UsageError
from segue.model.events import Request
from segue.model.ids import Instant, RunKey
from segue.model.state import FINAL, RUN_FINAL, RunState, TaskState
from segue.model.views import RunDetail, RunView
from segue.show.reading import Reading, Selection
from segue.store.home import OwnerFacts, owner_of

__all__ = [
    "CANCEL",
    "MARK",
    "REJECT",
    "RELEASE",
    "RERUN",
    "RETRY",
    "STANDING",
    "Answers",
    "Plan",
    "Verb",
    "ask_owner",
    "details_of",
    "held_tasks",
    "owner_here",
    "plan_of",
    "standing_here",
]

STANDING: Final = frozenset({"up", "dev", "scheduler"})
"""Kinds of owners that drive all runs, for good."""

_RESTART: Final = 15.0  # seconds in which a loop that has died is back
_TICK: Final = 0.05
_BAD = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Verb:
    """What is done to runs.

    Args:
        name: of the verb.
        states: of the runs that a selection without states means.
        counts: says of a task's state whether the verb touches it.
        once: of several runs of one interval only the newest is meant.
        alone: it takes a run and no words more.
    """

    name: str
    states: frozenset[RunState]
    counts: Callable[[TaskState], bool]
    once: bool = False
    alone: bool = False


RETRY = Verb(
    "retry", frozenset(RunState) - {RunState.SUCCESS}, lambda state: state in _BAD or state not in FINAL, once=True
)
RERUN = Verb("rerun", RUN_FINAL | {RunState.HELD}, lambda state: True, once=True, alone=True)
CANCEL = Verb("cancel", frozenset(RunState) - RUN_FINAL, lambda state: state not in FINAL, alone=True)
MARK = Verb("mark", frozenset(RunState), lambda state: False)
RELEASE, REJECT = (
    Verb(name, frozenset({RunState.HELD, RunState.RUNNING}), lambda state: state is TaskState.HELD)
    for name in ("release", "reject")
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be done, the newest run first: how many tasks, since when, why they failed (how often each)."""

    verb: Verb
    runs: tuple[RunView, ...]
    tasks: int
    causes: tuple[tuple[str, int], ...]

    @property
    def since(self) -> Instant:
        """When the oldest run was made."""
        return min(view.row.created for view in self.runs)


def plan_of(reading: Reading, verb: Verb, run: str | None, selection: Selection) -> Plan:
    """The runs that are meant: the one that is named, or those of the selection that the verb can do something with.

    Raises:
        UsageError: there is no such run.
    """
    if run is not None:
        views: Sequence[RunView] = (reading.find(run),)
    else:
        states = selection.states or tuple(sorted(verb.states))
        found = reading.runs(replace(selection, states=states))
        views = [view for view in found if verb is not RETRY or _stands(reading, view)]
        if verb.once:
            views = [view for view in views if not reading.superseded(view)]
    tasks = sum(verb.counts(entry.state) for view in views for entry in reading.detail(view).entries())
    causes = Counter(reason for view in views for _, reason in view.culprits)
    return Plan(verb, tuple(views), tasks, tuple(causes.most_common()))


def _stands(reading: Reading, view: RunView) -> bool:
    """Whether nobody drives it."""
    return reading.state(view) not in (RunState.QUEUED, RunState.RUNNING)


def held_tasks(detail: RunDetail, task: str | None) -> list[str]:
    """The labels of the held tasks that are meant: all of the run, those of `load`, or `load[3]`.

    Raises:
        UsageError: none is held, or not this one.
    """
    held = {entry.label: entry.task for entry in detail.entries() if entry.state is TaskState.HELD}
    if meant := [label for label, name in held.items() if task in (None, label, name)]:
        return meant
    if not held:
        raise UsageError(f"{detail.run.run} has no held task")
    raise UsageError(f"{task} of {detail.run.run} is not held: {', '.join(held)} {'is' if len(held) == 1 else 'are'}")


# --------------------------------------------------------------------------------------------------- with an owner
@dataclass(frozen=True, slots=True)
class Answers:
    """What an owner said: sentences of what it does, refusals, and the runs it made or moved."""

    texts: list[str]
    refusals: list[str]
    runs: list[RunKey]


def owner_here(home: Home) -> Asked | None:
    """The owner that answers on this home, None where there is none; one that stays and begins again is waited for.

    Where the database is on a server and another one leads it, that one: it is asked by the table of requests.
    """
    end = time.monotonic() + _RESTART
    database = database_of(home)
    while True:
        if (owner := _at_socket(home)) is not None and (not database.url or owner.health().get("leading", True)):
            return owner
        if owner is not None:
            owner.close()
        if database.url and (leader := database.leader()):
            return TableClient(database, leader)
        if standing_here(home) is None or time.monotonic() > end:
            return None
        time.sleep(_TICK)


def _at_socket(home: Home) -> ControlClient | None:
    socket = home.socket()
    try:
        return None if socket is None else ControlClient(socket)
    except OwnerGone:
        return None


def standing_here(home: Home) -> OwnerFacts | None:
    """What the owner that stays says about itself, None where there is none; its loop may be about to begin again."""
    facts = owner_of(home.path)
    if facts is None or facts.kind not in STANDING:
        return None
    try:
        words = Path(f"/proc/{facts.pid}/cmdline").read_bytes()
    except OSError:
        return None
    return facts if b"segue" in words else None  # else another process has the number of one that is gone


def ask_owner(owner: Asked, acts: Sequence[Act]) -> Answers:
    """Have the owner carry acts out, one after the other; each is durable when it is answered.

    Raises:
        OwnerGone: it ended before it answered.
    """
    answers = Answers([], [], [])
    for act in acts:
        reply = owner.ask(Request(new_id(), actor_here(), act))
        (answers.texts if reply.ok else answers.refusals).append(reply.text)
        if reply.ok and reply.run is not None:
            answers.runs.append(reply.run)
    return answers


def details_of(home: Home, runs: Sequence[RunKey]) -> list[RunDetail]:
    """Runs as the store has them."""
    with open_reading(home) as reading:
        return [reading.detail(reading.find(str(run))) for run in runs]
