"""How far a backfill is: one line that is drawn anew on a terminal, a line at each tenth on a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.live import Live
from rich.text import Text

from segue.cli.output import plain, state_text
from segue.model.changes import BackfillMade, BackfillMoved, Change, RunCreated, RunMoved
from segue.model.duration import show_duration
from segue.model.ids import Instant, RunKey
from segue.model.state import RunState
from segue.model.views import BackfillView, RunView
from segue.show.backfilling import Progress, progress_of

__all__ = ["BackfillScreen", "progress_text"]

_TENTHS = 10
_SECOND = 1_000_000


def progress_text(progress: Progress) -> Text:
    """One line: how many of how many, what failed, what runs, how long it still takes."""
    row = progress.view.row
    text = Text.assemble((f"backfill {row.id}", "bold"), f"  {row.dag}  {progress.over:,} of {row.total:,}")
    if progress.failed:
        text.append(f"  {progress.failed:,} failed", "bold red")
    if progress.held:
        text.append(f"  {progress.held:,} held", "magenta")
    if running := progress.active - progress.held:
        text.append(f"  {running:,} running", "cyan")
    if progress.view.state != "running":
        text.append(f"  {progress.view.state}", "dim")
    elif progress.left:
        text.append(f"  done in about {show_duration(max(_SECOND, progress.left // _SECOND * _SECOND))}", "dim")
    return text


class BackfillScreen:
    """Shows one backfill from `start` to `stop`, told by what is committed.

    Args:
        console: where to.
        now: gives the present.
    """

    def __init__(self, console: Console, now: Callable[[], Instant]) -> None:
        self._console, self._now = console, now
        self._view: BackfillView | None = None
        self._runs: dict[RunKey, RunState] = {}
        self._tenth = -1
        self._live = Live(
            get_renderable=self._frame, console=console, refresh_per_second=2, transient=True, redirect_stdout=False,
            redirect_stderr=False,
        )  # fmt: skip

    @property
    def number(self) -> int | None:
        """The backfill that is shown."""
        return None if self._view is None else self._view.row.id

    def resume(self, view: BackfillView, runs: Iterable[RunView]) -> None:
        """It stands so, with these runs, before anything is committed."""
        self._runs = {run.run: run.state for run in runs}
        self._view = view

    def start(self) -> None:
        """Begin to show."""
        if self._console.is_terminal:
            self._live.start()

    def stop(self) -> None:
        """Leave the terminal as it was."""
        if self._console.is_terminal:
            self._live.stop()

    def say(self, text: str) -> None:
        """Something a person should know now."""
        self._console.print(Text.assemble(("! ", "yellow"), plain(text)))

    def show(self, view: BackfillView) -> None:
        """It stands so by now."""
        self._view = view
        progress = progress_of(view, self._now())
        tenth = progress.over * _TENTHS // max(1, view.row.total)
        if not self._console.is_terminal and tenth > self._tenth:
            self._console.print(progress_text(progress))
        self._tenth = max(tenth, self._tenth)

    def committed(self, changes: Sequence[Change]) -> None:
        """These happened."""
        for change in changes:
            match change:
                case BackfillMade(row, state):
                    self._view = BackfillView(row, state, 0)
                case BackfillMoved() if change.backfill == self.number and self._view is not None:
                    self._view = BackfillView(change.row or self._view.row, change.new, change.made)
                case RunCreated(row) if row.backfill is not None and row.backfill == self.number:
                    self._runs[row.run] = RunState.QUEUED
                case RunMoved() if change.run in self._runs:
                    self._runs[change.run] = change.new
                    if change.new in (RunState.FAILED, RunState.CANCELLED, RunState.HELD):
                        why = f"  {change.culprits[0][0]}: {change.culprits[0][1]}" if change.culprits else ""
                        line = Text.assemble(state_text(str(change.new)), f"  {change.run}")
                        self._console.print(line.append_text(plain(why)))
                case _:
                    pass
        if self._view is not None:
            counts = {state: 0 for state in RunState}
            for stands in self._runs.values():
                counts[stands] += 1
            view = self._view
            self.show(BackfillView(view.row, view.state, view.made, tuple(counts.items()), view.ended))

    def _frame(self) -> Text:
        return Text("") if self._view is None else progress_text(progress_of(self._view, self._now()))
