"""What the attempts' own code wrote down, and what it proves about the database (RELIABILITY §2)."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from segue.model import value as values
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.views import RunDetail
from segue.store.readers import RowReader

__all__ = ["ONCE", "Ledger", "Line", "check", "check_hooks", "check_known"]


class Line(NamedTuple):
    """One line: `what` is *begins*, *done* or *failed*; `alone` whether no other attempt of the task was alive.

    Of `context.state`: *finds* what is kept, *sets* another value, which is *kept* when `set` has returned. Of a hook:
    *told*.
    """

    run: str
    task: str
    attempt: int
    token: str
    pid: int
    what: str
    alone: bool = True


class Ledger:
    """The file in a folder of its own, outside of home and project."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._file = folder, folder / "ledger.jsonl"

    def size(self) -> int:
        """Bytes written so far."""
        return self._file.stat().st_size if self._file.exists() else 0

    def lines(self, run: str | None = None) -> list[Line]:
        """All that was written, of one run or of all; what is being written this moment is not there yet."""
        text = self._file.read_text() if self._file.exists() else ""
        whole = [Line(**json.loads(line)) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in whole if run in (None, line.run)]

    def running(self) -> list[Line]:
        """Attempts that have begun and not said how they ended."""
        lines = self.lines()
        over = {line.token for line in lines if line.what != "begins"}
        return [line for line in lines if line.token not in over]


ONCE = "once"
"""The task that is not idempotent: only a person starts it again."""


def check_known(rows: RowReader, ledger: Ledger) -> None:
    """Whatever has begun was made by a transaction that is durable: commit, then act. Ask when nothing lives."""
    stored = {(str(view.key.run), view.key.of.label, view.key.number) for _, view in rows.attempt_rows()}
    unknown = {(line.run, line.task, line.attempt) for line in ledger.lines()} - stored
    assert not unknown, f"code ran that the store knows nothing of: {unknown}"


def check(detail: RunDetail, ledger: Ledger, *, owners: int) -> None:
    """Nothing of a run that has succeeded is lost, nothing accepted twice, and no two attempts of a task were alive.

    Args:
        detail: the run as it is stored.
        ledger: what its code wrote.
        owners: how many processes drove it: an attempt that was queued when its owner died is begun once more.
    """
    lines = ledger.lines(str(detail.run.run))
    assert detail.run.state is RunState.SUCCESS
    assert [line for line in lines if not line.alone] == []
    begun = Counter((line.task, line.attempt) for line in lines if line.what == "begins")
    stored = {(view.key.of.label, view.key.number): view.state for view in detail.attempts if view.kind == "user"}
    assert max(begun.values()) <= owners
    _check_once(detail, begun)
    _check_kept(lines)
    accepted: dict[str, list[int]] = {}
    for (task, number), state in stored.items():
        if state is AttemptState.SUCCESS:
            accepted.setdefault(task, []).append(number)
    for entry in detail.entries():
        label = entry.task if entry.index is None else f"{entry.task}[{entry.index}]"
        assert entry.state is TaskState.SUCCESS, label
        [number] = accepted.pop(label)
        tokens = [line.token for line in lines if (line.task, line.attempt, line.what) == (label, number, "done")]
        value = values.decode(entry.inline)
        assert tokens, f"{label} has a result that its code never gave"
        assert (value[0] if isinstance(value, list) else value) == tokens[-1], label
    assert all(task in {view.task for view in detail.tasks} for task in accepted), accepted


def _check_once(detail: RunDetail, begun: Counter[tuple[str, int]]) -> None:
    rounds: Counter[tuple[str, int]] = Counter()
    for view in detail.attempts:
        if view.key.task == ONCE:
            rounds[view.key.of.label, view.round] += begun[view.key.of.label, view.key.number]
    assert max(rounds.values(), default=1) == 1


def _check_kept(lines: list[Line]) -> None:
    """Who comes next finds what was kept last; what was being set when its attempt was killed may be there or not."""
    kept, being_set = "", ""
    for line in lines:
        match line.what:
            case "finds":
                assert line.token in (kept, being_set), f"{line.task} of {line.run} has forgotten {kept}"
                kept = being_set = line.token
            case "sets":
                being_set = line.token
            case "kept":
                kept = line.token


def check_hooks(details: Iterable[RunDetail], ledger: Ledger, expected: set[str]) -> int:
    """Each hook of runs that have succeeded was called, until it succeeded or had been lost three times.

    Gives the number of those that still wait for an owner.

    Args:
        details: runs that no owner drives any more.
        ledger: what the hooks wrote.
        expected: their ids.
    """
    told, waiting = {(line.run, line.task, line.attempt) for line in ledger.lines() if line.what == "told"}, 0
    for detail in details:
        states: dict[str, list[AttemptState]] = {}
        for view in detail.hooks:
            states.setdefault(view.key.task, []).append(view.state)
            if view.state is AttemptState.SUCCESS:
                assert (str(detail.run.run), view.key.task, view.key.number) in told
        assert states.keys() == expected, detail.run.run
        for *before, last in states.values():
            assert set(before) <= {AttemptState.LOST}
            if last in (AttemptState.QUEUED, AttemptState.RUNNING):
                waiting += 1
            else:
                assert last is AttemptState.SUCCESS or [*before, last] == [AttemptState.LOST] * 3
    return waiting
