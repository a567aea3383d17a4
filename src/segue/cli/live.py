"""Following runs while they run: a live frame on a terminal, lines on a pipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from segue.app.picture import Picture, RunPicture, TaskPicture
from segue.cli.frame import live_frame, run_line, tally_text
from segue.cli.output import STYLES, duration, plain, reason, state_text
from segue.model.changes import Change, RunMoved, TaskMoved
from segue.model.ids import Instant
from segue.model.moment import datetime_at
from segue.model.state import FINAL, RUN_FINAL, RunState, TaskState

__all__ = ["LineScreen", "LiveScreen", "Screen", "screen_for"]

_EACH_TASK: Final = 200
_TOLD: Final = frozenset({TaskState.UP_FOR_RETRY, TaskState.HELD, TaskState.FAILED})


class Screen(Protocol):
    """Shows runs from `start` to `stop`."""

    def start(self) -> None:
        """Begin to show."""
        ...

    def committed(self, changes: Sequence[Change]) -> None:
        """These happened; the picture has them."""
        ...

    def say(self, text: str) -> None:
        """Something a person should know now."""
        ...

    def stop(self) -> None:
        """Leave the terminal as it was."""
        ...


def screen_for(console: Console, picture: Picture, now: Callable[[], Instant]) -> Screen:
    """The screen that fits where the output goes."""
    return LiveScreen(console, picture, now) if console.is_terminal else LineScreen(console, picture)


class LiveScreen:
    """A frame drawn anew eight times a second in a thread of its own; runs that ended scroll away above it."""

    def __init__(self, console: Console, picture: Picture, now: Callable[[], Instant]) -> None:
        self._console, self._picture, self._now = console, picture, now
        self._live = Live(
            get_renderable=self._frame, console=console, refresh_per_second=8, transient=True, redirect_stdout=False,
            redirect_stderr=False, vertical_overflow="crop",
        )  # fmt: skip

    def _frame(self) -> RenderableType:
        with self._picture.lock:
            return live_frame(self._picture, self._now(), max(4, self._console.height - 2))

    def start(self) -> None:
        """Begin to show."""
        self._live.start()

    def committed(self, changes: Sequence[Change]) -> None:
        """Put the line of a run that ended above the frame, where there are several."""
        if len(self._picture.runs) < 2:
            return
        for change in changes:
            if isinstance(change, RunMoved) and change.new in RUN_FINAL and change.run in self._picture.runs:
                self._console.print(run_line(self._picture.runs[change.run], change.at))

    def say(self, text: str) -> None:
        """Print above the frame."""
        self._console.print(Text.assemble(("! ", "yellow"), plain(text)))

    def stop(self) -> None:
        """Clear the frame."""
        self._live.stop()


class LineScreen:
    """One line for each change that matters; tasks that went well are folded where there are many."""

    def __init__(self, console: Console, picture: Picture) -> None:
        self._console, self._picture = console, picture
        self._tenths: dict[str, int] = {}

    def start(self) -> None:
        """Nothing to prepare."""

    def committed(self, changes: Sequence[Change]) -> None:
        """Print the changes that matter."""
        seen: set[str] = set()  # the picture has all changes already: the items of a map would end once each
        for change in changes:
            if not isinstance(change, RunMoved | TaskMoved) or change.run not in self._picture.runs:
                continue
            run = self._picture.runs[change.run]
            said = self._run(run, change) if isinstance(change, RunMoved) else self._task(run, change)
            if said is not None and f"{run.run} {said.plain}" not in seen:
                seen.add(f"{run.run} {said.plain}")
                clock = datetime_at(change.at, run.spec.timezone).strftime("%H:%M:%S")
                self._console.print(Text.assemble((clock, "dim"), f"  {run.run}  ", said))

    def _run(self, run: RunPicture, change: RunMoved) -> Text | None:
        if change.new is change.old:
            return None
        took = duration(run.started, change.at) if change.new in RUN_FINAL else ""
        why = f": {reason(change.new, str(change.why))}" if change.new in (RunState.FAILED, RunState.HELD) else ""
        return Text.assemble(state_text(change.new), f"  {took}" if took else "", plain(why))

    def _task(self, run: RunPicture, change: TaskMoved) -> Text | None:
        task = run.tasks.get(change.task)
        if task is None:
            return None
        if change.new in _TOLD:
            label = change.task if change.index is None else f"{change.task}[{change.index}]"
            return Text.assemble(f"{label}  ", state_text(change.new), "  ", plain(str(change.why)))
        if task.state not in FINAL or change.new not in FINAL:
            return None
        if len(run.tasks) > _EACH_TASK:
            return self._tenth(run)
        return _ended(task)

    def _tenth(self, run: RunPicture) -> Text | None:
        done, size = sum(run.tally[state] for state in FINAL), max(1, run.tally.total())
        tenth = 10 * done // size
        if tenth <= self._tenths.get(str(run.run), 0):
            return None
        self._tenths[str(run.run)] = tenth
        return tally_text(run.tally)

    def say(self, text: str) -> None:
        """Print it."""
        self._console.print(plain(text))

    def stop(self) -> None:
        """Nothing to put back."""


def _ended(task: TaskPicture) -> Text:
    took = duration(task.started, task.ended)
    if task.counts is not None:
        return Text.assemble(f"{task.spec.id}  ", tally_text(task.counts), f"  {took}")
    word, style = STYLES[task.state][1:]
    again = f"  attempt {task.attempt}" if task.attempt > 1 else ""
    return Text.assemble(f"{task.spec.id}  ", (word, style), f"  {took}{again}" if took else "")
