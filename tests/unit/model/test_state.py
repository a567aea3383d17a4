import pytest

from segue.model.state import (
    ATTEMPT_MOVES,
    FINAL,
    LIVE,
    MOVES,
    RUN_FINAL,
    RUN_MOVES,
    AttemptState,
    RunState,
    TaskState,
)

T = TaskState
BY_HAND = {T.SUCCESS, T.FAILED, T.SKIPPED}


@pytest.mark.parametrize(
    ("states", "moves"),
    [(TaskState, MOVES), (RunState, RUN_MOVES), (AttemptState, ATTEMPT_MOVES)],
    ids=["task", "run", "attempt"],
)
def test_every_state_has_its_moves(states, moves):
    assert set(moves) == set(states)
    assert set().union(*moves.values()) <= set(states)


def test_every_state_is_live_or_final():
    assert set(T) == FINAL | LIVE
    assert not FINAL & LIVE


def test_an_ended_task_is_only_opened_again_or_marked():
    for state in FINAL:
        assert MOVES[state] == {T.PENDING} | BY_HAND


def test_of_the_live_states_only_held_goes_back_to_pending():
    assert [state for state in LIVE if T.PENDING in MOVES[state]] == [T.HELD]


def test_every_live_task_can_be_marked_and_cancelled():
    for state in LIVE:
        assert MOVES[state] >= BY_HAND | {T.CANCELLED}


def test_only_what_waits_for_an_attempt_is_queued():
    assert {state for state in T if T.QUEUED in MOVES[state]} == {T.PENDING, T.UP_FOR_RETRY, T.DEFERRED, T.HELD}


def test_only_a_queued_task_begins_to_run():
    assert {state for state in T if T.RUNNING in MOVES[state]} == {T.QUEUED}


def test_an_ended_attempt_never_changes():
    ended = set(AttemptState) - {AttemptState.QUEUED, AttemptState.RUNNING}
    assert all(not ATTEMPT_MOVES[state] for state in ended)
    assert ATTEMPT_MOVES[AttemptState.RUNNING] == ended


def test_an_ended_run_only_runs_again():
    assert {state for state, moves in RUN_MOVES.items() if moves == {RunState.RUNNING}} == RUN_FINAL


def test_a_run_is_never_queued_twice():
    assert all(RunState.QUEUED not in moves for moves in RUN_MOVES.values())
