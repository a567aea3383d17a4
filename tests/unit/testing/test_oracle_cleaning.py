"""What the oracle foretells of environments, guards and what was taken over, worked out by hand."""

from segue.model.events import Failure, Held, Value
from segue.model.ids import RunKey, TaskKey
from segue.model.spec import DagSpec, MapSpec, Over, Rules, TaskSpec
from segue.model.state import RunState, TaskState
from segue.testing.world.ledger import TaskRecord
from segue.testing.world.oracle import Known, between, foretell, run_state
from segue.testing.world.script import Odds, Script, Told

RUN = RunKey("d", "k", 1)
BOOM = Failure("ValueError", "boom")
CLUSTER = DagSpec(
    "d",
    (
        TaskSpec("up", kind="setup"),
        TaskSpec("work", after=("up",)),
        TaskSpec("side", after=("work",)),
        TaskSpec("down", kind="teardown", after=("up", "work")),
    ),
)


NOTHING = Known()


def told(spec: DagSpec, known: Known = NOTHING, **endings: object) -> dict[str, str]:
    script = Told({name: [ending] for name, ending in endings.items()})  # type: ignore[list-item]
    return {name: state.value for (name, _), state in foretell(spec, RUN, script, known).items()}


def test_an_environment_is_what_lies_below_its_setup_and_above_its_teardown() -> None:
    assert between(CLUSTER) == {("up", "down"): frozenset({"work"})}


def test_a_teardown_runs_after_failures_and_its_own_decides_nothing() -> None:
    states = foretell(CLUSTER, RUN, Told({"work": [BOOM], "down": [BOOM]}))
    assert [states[name, None].value for name in ("work", "side", "down")] == ["failed", "upstream_failed", "failed"]
    states = foretell(CLUSTER, RUN, Told({"down": [BOOM]}))
    assert run_state(CLUSTER, states) is RunState.SUCCESS


def test_a_teardown_is_skipped_where_there_is_nothing_to_take_away() -> None:
    assert told(CLUSTER, up=BOOM)["down"] == "skipped"


def test_what_was_taken_over_is_not_played() -> None:
    taken = {("work", None): TaskRecord(TaskState.SKIPPED)}
    assert told(CLUSTER, Known(taken=taken), work=BOOM)["side"] == "skipped"


class Empty(Script):
    """Every result has no rows."""

    def __init__(self) -> None:
        super().__init__(0, Odds(fail=0, hard=0, ask=0, skip=0, poison=0, cursed=0, empty=1.0), frozenset(), {})


def test_what_a_guard_holds_waits_until_a_person_decides() -> None:
    spec = DagSpec("d", (TaskSpec("a"), TaskSpec("b", Rules(empty="ok"), after=("a",))))

    def states(**verdicts: bool) -> list[str]:
        known = Known(verdicts={TaskKey(RUN, name, None): said for name, said in verdicts.items()})
        return [state.value for state in foretell(spec, RUN, Empty(), known).values()]

    assert states() == ["held", "pending"]
    assert states(a=True) == ["success", "success"]
    assert states(a=False) == ["failed", "upstream_failed"]
    assert set(foretell(spec, RUN, Empty(), Known(guards="warn")).values()) == {TaskState.SUCCESS}
    key = TaskKey(RUN, "a", None)
    assert isinstance(Empty().guarded(key, Value(), 1, 0), Held)


def test_a_map_over_nothing_is_held_released_as_skipped_or_failed() -> None:
    spec = DagSpec("d", (TaskSpec("a", mapped=MapSpec("zip", (Over("n", length=0),))),))
    key = TaskKey(RUN, "a", None)
    assert told(spec) == {"a": "held"}
    assert told(spec, Known(verdicts={key: True})) == {"a": "skipped"}
    assert told(spec, Known(verdicts={key: False})) == {"a": "failed"}
