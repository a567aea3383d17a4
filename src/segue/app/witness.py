"""Seeing runs that another process drives as if this one did: what changed in the store is folded into a picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from segue.app.acting import ask_owner, owner_here
from segue.app.control_client import OwnerGone
from segue.app.home import Home
from segue.app.interrupts import interrupts_held
from segue.app.picture import Picture
from segue.model.acts import CancelRun
from segue.model.changes import Change, RunMoved, TaskMoved
from segue.model.ids import Instant, RunKey
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.model.views import RunDetail
from segue.model.why import Why
from segue.show.reading import Reading

__all__ = ["Witness"]

_PACE: Final = 0.1  # seconds between two looks, at least
_SHARE: Final = 4  # a look that took long is followed by a pause of so many times as long
_STANDING: Final = RUN_FINAL | {RunState.HELD}
_NONE: Final = Why("done")


class Witness:
    """Follows runs until they have come to an end or to a stand.

    Args:
        home: whose owner drives them.
        reading: of that home.
        runs: to be followed.
        picture: kept up.
        told: given what has changed after every look.
    """

    def __init__(
        self, home: Home, reading: Reading, runs: Sequence[RunKey], picture: Picture,
        told: Callable[[Sequence[Change]], None],
    ) -> None:  # fmt: skip
        self._home, self._reading, self._runs = home, reading, runs
        self._picture, self._told = picture, told
        self._seen: dict[RunKey, RunDetail] = {}

    def details(self) -> list[RunDetail]:
        """The runs as they were seen last."""
        return [self._seen[run] for run in self._runs]

    def follow(self) -> None:
        """Look after every commit of the owner.

        Raises:
            OwnerGone: it has ended before them, and no other one has come within some seconds.
        """
        while self._look():
            owner = owner_here(self._home)
            if owner is None:
                raise OwnerGone(f"the owner of this home has ended: `segue up` goes on with {self._runs[0]}")
            with owner:
                commits = owner.commits()
                while self._look():
                    if not next(commits, False):
                        break

    def cancel(self) -> None:
        """Have the owner cancel what has not ended."""
        owner = owner_here(self._home)
        if owner is not None:
            with owner:
                ask_owner(owner, [CancelRun(run) for run in self._open()])

    def _open(self) -> list[RunKey]:
        return [run for run in self._runs if run not in self._seen or self._seen[run].run.state not in _STANDING]

    def _look(self) -> bool:
        """See what has changed; says whether anything is still to come."""
        begun, changes = time.monotonic(), list[Change]()
        with interrupts_held():  # amid a statement it would leave a connection that is of no use
            for run in self._open():
                new = self._reading.detail(self._reading.find(str(run)))
                with self._picture.lock:
                    self._picture.open(new)
                changes += _changes(self._seen.get(run), new)
                self._seen[run] = new
            if changes:
                self._told(changes)
        if self._open():
            time.sleep(max(_PACE, _SHARE * (time.monotonic() - begun)))
            return True
        return False


def _changes(old: RunDetail | None, new: RunDetail) -> Iterator[Change]:
    """What happened to a run between two looks at it, as far as a screen tells it."""
    before = {} if old is None else {(view.task, view.index): view for view in old.tasks}
    for view in new.tasks:
        was = before.get((view.task, view.index))
        state = TaskState.PENDING if was is None else was.state
        if view.state is not state:
            at = view.ended or view.started or new.run.row.created
            yield TaskMoved(
                new.run.run, view.task, view.index, state, view.state, Instant(at), view.why or _NONE, view.round,
                view.tries, view.losses, view.platform,
            )  # fmt: skip
    stood = RunState.QUEUED if old is None else old.run.state
    if new.run.state is not stood:
        at = new.run.ended or new.run.started or new.run.row.created
        yield RunMoved(new.run.run, stood, new.run.state, Instant(at), new.run.why or _NONE, culprits=new.run.culprits)
