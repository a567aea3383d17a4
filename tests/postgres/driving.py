"""An owner in this process: the product's loop, engine and store; what its attempts do is written down in a list."""

from collections import Counter
from collections.abc import Callable
from itertools import count

from segue.app.clock import SystemClock
from segue.app.picture import Picture
from segue.app.session import Session
from segue.engine.core import Engine
from segue.model.acts import TriggerRun
from segue.model.commands import Launch
from segue.model.definition import Defined, Definition
from segue.model.events import Request, Value
from segue.model.ids import AttemptKey, RunKey, manual_key
from segue.model.images import Snapshot
from segue.model.spec import DagSpec, MapSpec, Over, TaskSpec, spec_digest
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.value import encode
from segue.run.control import ControlServer
from segue.run.executors.inline import InlineExecutor
from segue.run.loop import run_forever
from segue.store.audit import compare, validate_state

__all__ = ["SPEC", "Ledger", "check", "drive", "run_of"]

WIDTH = 3
SPEC = DagSpec(
    "served",
    (
        TaskSpec("split"),
        TaskSpec("part", data=("split",), mapped=MapSpec("zip", (Over("x", "split"),))),
        TaskSpec("joined", data=("part",)),
    ),
    file="served.py",
)


def run_of(request: str) -> RunKey:
    """The run that a request makes."""
    return RunKey(SPEC.id, manual_key(request), 1)


class Ledger:
    """What was begun, and what each attempt said: a token that no other said."""

    def __init__(self) -> None:
        self.said: dict[AttemptKey, list[bytes]] = {}
        self._tokens = count()

    def perform(self, launch: Launch) -> Value:
        """Run an attempt."""
        token = encode(next(self._tokens))
        self.said.setdefault(launch.key, []).append(token)
        return Value(token, length=WIDTH if launch.task.id == "split" else None, digest=b"d")


class HastyClock(SystemClock):
    """Waits a little only, so that hundreds of troubles do not take minutes."""

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.01))


def drive(writer, reader, ledger: Ledger, *requests: str, also: Callable[[], None] = lambda: None) -> list[str]:
    """Drive the runs that are asked for to their end; gives what the loop complained of.

    Args:
        writer, reader: of the store.
        ledger: where attempts write.
        requests: their ids.
        also: called before every turn.
    """
    clock, complaints = HastyClock(), []
    inbox = ControlServer(None, lambda look: None)
    session = Session(inbox, Picture({SPEC.id: SPEC}), lambda: "never", "somebody")
    session.complaint = complaints.append
    session.post(Defined("here", "served.py", (Definition(SPEC, spec_digest(SPEC), "code", "bundle"),)))
    for request in requests:
        session.post(Request(request, "somebody", TriggerRun(SPEC.id, manual_key(request), None, encode({}))))

    def new_engine(snapshot: Snapshot) -> Engine:
        session.restored(reader.run)
        return Engine(snapshot)

    def over() -> bool:
        also()
        return session.over()

    try:
        run_forever(writer, inbox, InlineExecutor(ledger.perform, clock), clock, new_engine, over, session)
    finally:
        inbox.close()
    assert not session.refusals, session.refusals
    return complaints


def check(reader, ledger: Ledger, *requests: str) -> None:
    """Nothing is lost, nothing is there twice, and the log tells the same story as the rows."""
    assert validate_state(reader) == []
    assert compare(reader) == []
    assert [view.run for view in reader.run_rows()] == [run_of(request) for request in requests]
    begun = {view.key: view for _, view in reader.attempt_rows()}
    assert ledger.said.keys() <= begun.keys(), "code ran that the store knows nothing of"
    for request in requests:
        detail = reader.run(run_of(request))
        assert detail.run.state is RunState.SUCCESS
        accepted = Counter(view.key.of for view in detail.attempts if view.state is AttemptState.SUCCESS)
        wanted = [("split", None), *(("part", index) for index in range(WIDTH)), ("joined", None)]
        assert {(key.task, key.index) for key in accepted} == set(wanted)
        assert set(accepted.values()) == {1}
        entries = {(row.task, row.index): row for row in detail.tasks}
        for where in wanted:
            row = entries[where]
            assert row.state is TaskState.SUCCESS
            assert row.inline == ledger.said[AttemptKey(detail.run.run, *where, row.number)][-1]
