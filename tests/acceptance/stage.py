"""Runs of one DAG on simulated time, with outcomes that are written out."""

from collections.abc import Mapping, Sequence

from segue.model.events import Outcome
from segue.model.ids import AttemptKey, Instant
from segue.model.spec import DagSpec
from segue.model.state import RunState, TaskState
from segue.testing.world.ledger import AttemptRecord, RunRecord
from segue.testing.world.plan import Action, Plan
from segue.testing.world.play import World
from segue.testing.world.script import Told

TRIGGER = Action("r0", 0, "trigger")


class Played:
    """What one run came to."""

    def __init__(self, run: RunRecord) -> None:
        self.run = run

    @property
    def state(self) -> RunState:
        return self.run.state

    @property
    def states(self) -> dict[str, TaskState]:
        return {name if index is None else f"{name}[{index}]": task.state for name, index, task in self.run.counted()}

    def attempts(self, task: str) -> list[AttemptRecord]:
        return [record for key, record in sorted(self.run.attempts.items()) if key.task == task]

    def began(self, task: str) -> Instant:
        return min(record.began for record in self.attempts(task) if record.began is not None)

    def ended(self, task: str) -> Instant:
        return max(record.ended for record in self.attempts(task) if record.ended is not None)

    def most_at_once(self) -> int:
        made = [(record.made, 1) for record in self.run.attempts.values()]
        gone = [(record.ended, -1) for record in self.run.attempts.values() if record.ended is not None]
        alive = most = 0
        for _, step in sorted(made + gone):
            alive += step
            most = max(most, alive)
        return most


def play(
    spec: DagSpec, endings: Mapping[str, Sequence[Outcome]], *, workers: int = 4, after: Sequence[Action] = (),
    seconds: Mapping[str, float] | None = None,
) -> Played:  # fmt: skip
    """Run a DAG once, then do what `after` says when everything rests."""
    actions = (Action("r0", 0, "trigger", spec.id), *after)
    world = World(Plan(0, (spec,), actions, exact=False, workers=workers), script=Told(endings, seconds))
    world.play()
    return Played(world.ledger.runs[world.ledger.requests["r0"]])


__all__ = ["AttemptKey", "Played", "play"]
