import pytest

from segue.engine.delays import DAY as LONGEST
from segue.engine.delays import loss_delay, retry_delay
from segue.model.changes import AttemptMoved, TaskMoved
from segue.model.commands import Answer, Launch
from segue.model.events import Asked, Cancelled, Ended, Failure, Followed, Lost, LostCause, MayStart, Skipped, Started
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.spec import RetrySpec
from tests.unit.engine.driver import BOOM, GOOD, SECOND, World, dag, task

KEY = AttemptKey(RunKey("d", "k", 1), "a", None, 1)
OWN = (LostCause.SIGNAL, LostCause.EXIT, LostCause.MEMORY)
PLATFORM = (LostCause.WORKER, LostCause.LEASE)


def started(*rules_of_a, **rules) -> World:
    world = World(dag(task("a", *rules_of_a, **rules)))
    world.trigger()
    return world


def seconds_until_launch(world: World, label: str = "a") -> float:
    """How long the engine waits before it launches again, to the microsecond."""
    assert not world.alive
    before = world.now
    world.wait((world.wake_at - world.now) / SECOND)
    assert world.labels == [label]
    return (world.now - before) / SECOND


# ------------------------------------------------------------------------------------------------------------ retries
def test_a_task_is_retried_after_30_60_120_240_480_seconds_and_then_at_most_600():
    world = started(retries=7)
    waited = []
    for _ in range(7):
        world.end("a", outcome=BOOM)
        assert world.state("a") == "up_for_retry"
        waited.append(seconds_until_launch(world))
    assert waited == [30, 60, 120, 240, 480, 600, 600]
    world.end("a", outcome=BOOM)
    assert world.states("a") == ["failed"]
    assert str(world.row("a").why) == "boom"


def test_a_retry_says_which_attempt_comes_when():
    world = started(retries=3)
    world.end("a", outcome=BOOM)
    assert str(world.row("a").why) == "boom; attempt 2 of 4 starts in 30.0 s"


def test_a_task_without_retries_fails_at_once():
    world = started()
    world.end("a", outcome=BOOM)
    assert (world.state("a"), world.run_state()) == ("failed", "failed")


def test_an_error_that_is_not_retryable_fails_at_once_and_says_so():
    world = started(retries=3)
    world.end("a", outcome=Failure("ImportError", "no module x", retryable=False))
    assert str(world.row("a").why) == "no module x; no retry: ImportError is not retried"


def test_a_task_may_name_its_own_delay_up_to_a_day():
    world = started(retries=2)
    world.end("a", outcome=Failure("RetryAfter", "later", retry_after=7 * SECOND))
    assert seconds_until_launch(world) == 7
    world.end("a", outcome=Failure("RetryAfter", "later", retry_after=LONGEST * 3))
    assert seconds_until_launch(world) == LONGEST / SECOND


def test_a_delay_of_its_own_is_never_negative():
    world = started(retries=1)
    world.end("a", outcome=Failure("RetryAfter", "now", retry_after=-5))
    assert world.labels == ["a"]


def test_a_task_that_is_not_idempotent_is_not_retried():
    world = started(retries=3, idempotent=False)
    world.end("a", outcome=BOOM)
    assert str(world.row("a").why) == "boom; no retry: it is not idempotent"


def test_the_retry_budget_starts_anew_in_a_new_round():
    world = started(retries=1)
    for _ in range(2):
        world.end("a", outcome=BOOM)
        world.wait(30)
    assert world.state("a") == "failed"
    world.retry()
    launch = world.alive[world.attempt("a")]
    assert (launch.round, launch.tries, launch.key.number) == (2, 0, 3)
    world.end("a", outcome=BOOM)
    assert seconds_until_launch(world) == 30
    world.end("a")
    assert (world.run_state(), world.view().round) == ("success", 2)


def test_a_timeout_is_a_failure_like_any_other_and_its_attempt_is_timed_out():
    world = started(retries=1)
    world.end("a", outcome=Failure("timeout", "it ran longer than 5 s"))
    (moved,) = [one for one in world.of(AttemptMoved) if one.old is not None]
    assert (moved.new.value, moved.cause) == ("timed_out", "timeout")
    assert world.state("a") == "up_for_retry"


@pytest.mark.parametrize(
    ("retry", "failures", "delay"),
    [
        (RetrySpec(delay=-1), 1, 0),
        (RetrySpec(delay=0, backoff=1e300), 9, 0),
        (RetrySpec(backoff=1e300), 9, 600 * SECOND),
        (RetrySpec(backoff=float("inf")), 2, 600 * SECOND),
        (RetrySpec(backoff=float("nan")), 2, 600 * SECOND),
        (RetrySpec(backoff=-3.0), 2, 0),
        (RetrySpec(backoff=1.0), 100_000, 30 * SECOND),
        (RetrySpec(max_delay=-1), 1, 0),
        (RetrySpec(max_delay=2**80, backoff=10.0), 300, 10 * 366 * LONGEST),
        (RetrySpec(jitter=float("inf")), 1, 600 * SECOND),
        (RetrySpec(jitter=-1.0), 1, 30 * SECOND),
    ],
)
def test_a_delay_is_finite_and_not_negative_for_every_input(retry, failures, delay):
    assert retry_delay(retry, failures, KEY) == delay


def test_jitter_is_derived_from_the_attempt():
    retry = RetrySpec(jitter=0.5)
    first, second = (retry_delay(retry, 1, KEY._replace(number=number)) for number in (1, 2))
    assert first == retry_delay(retry, 1, KEY)
    assert first != second
    assert all(30 * SECOND <= one <= 45 * SECOND for one in (first, second))


# --------------------------------------------------------------------------------------------------------------- lost
@pytest.mark.parametrize("cause", OWN)
def test_a_task_lost_by_its_own_doing_starts_again_after_10_20_40_seconds_and_then_fails(cause):
    world = started()
    waited = []
    for _ in range(3):
        world.lose("a", cause)
        waited.append(seconds_until_launch(world))
    assert waited == [10, 20, 40]
    world.lose("a", cause)
    assert world.state("a") == "failed"
    assert str(world.row("a").why).startswith("lost 4 times: ")


def test_the_delay_after_a_loss_is_at_most_an_hour():
    assert loss_delay(10_000) == 3600 * SECOND


@pytest.mark.parametrize("cause", PLATFORM)
def test_a_task_lost_by_the_platform_starts_again_after_5_seconds_at_most_ten_times_in_a_row(cause):
    world = started()
    for _ in range(10):
        world.lose("a", cause)
        assert seconds_until_launch(world) == 5
    world.lose("a", cause)
    assert str(world.row("a").why).startswith("lost 11 times: ")


def test_a_life_longer_than_a_minute_ends_a_row_of_platform_losses():
    world = started()
    for lived in (*[1] * 10, 61, *[60] * 9):
        world.lose("a", LostCause.WORKER, lived)
        world.wait(5)
    assert world.labels == ["a"]
    world.lose("a", LostCause.WORKER)
    assert world.state("a") == "failed"


def test_the_death_of_the_owner_counts_nowhere():
    world = started()
    for _ in range(30):
        world.lose("a", LostCause.OWNER, 1)
        assert world.labels == ["a"]
    row = world.row("a")
    assert (row.tries, row.losses, row.platform) == (0, 0, 0)


def test_a_loss_changes_neither_the_count_nor_the_delay_of_failures():
    world = started(retries=2)
    world.end("a", outcome=BOOM)
    assert seconds_until_launch(world) == 30
    world.lose("a", LostCause.SIGNAL)
    assert seconds_until_launch(world) == 10
    world.end("a", outcome=BOOM)
    assert seconds_until_launch(world) == 60


@pytest.mark.parametrize("cause", LostCause)
def test_a_lost_task_that_is_not_idempotent_fails_with_unknown_outcome(cause):
    world = started(idempotent=False)
    world.start("a")
    world.lose("a", cause)
    assert world.state("a") == "failed"
    assert "outcome unknown" in str(world.row("a").why)


@pytest.mark.parametrize("cause", LostCause)
def test_a_lost_task_that_never_began_starts_again_even_if_it_is_not_idempotent(cause):
    world = started(idempotent=False)
    world.lose("a", cause, lived=None)
    assert world.state("a") in ("up_for_retry", "queued")


def test_an_attempt_that_was_stopped_though_nobody_asked_is_lost():
    world = started()
    world.end("a", outcome=Cancelled())
    assert seconds_until_launch(world) == 5
    assert world.row("a").platform == 1


# -------------------------------------------------------------------------------------------------- what is believed
def test_a_task_that_starts_and_ends_between_two_turns_moves_once_and_says_when_it_began():
    world = started()
    world.end("a", began=3)
    (moved,) = world.of(TaskMoved)
    assert (moved.old.value, moved.new.value, moved.began) == ("queued", "success", world.now - 3 * SECOND)


def test_a_task_whose_start_was_reported_is_running():
    world = started()
    world.start("a")
    assert world.state("a") == "running"
    world.start("a")
    assert world.changes == []
    world.end("a")
    (moved,) = world.of(TaskMoved)
    assert (moved.old.value, moved.began) == ("running", None)


def test_a_late_or_forged_word_changes_nothing():
    world = started(retries=1)
    key = world.attempt("a")
    fence = world.alive[key].fence
    at = Instant(world.now)
    world.send(Ended(key, bytes(16), at, at, GOOD), Started(key, bytes(16), at), Lost(key, b"", at, at, LostCause.EXIT))
    assert world.changes == []
    word = world.word("a", BOOM)
    world.send(word)
    world.send(word)
    assert world.changes == []
    world.wait(30)
    assert world.attempt("a").number == 2
    world.send(Ended(key, fence, at, at, GOOD))
    assert (world.changes, world.state("a")) == ([], "queued")


def test_a_word_about_what_does_not_exist_changes_nothing():
    world = started()
    fence = world.alive[world.attempt("a")].fence
    for key in (KEY, world.attempt("a")._replace(task="z"), world.attempt("a")._replace(index=0)):
        world.send(Ended(key, fence, None, Instant(world.now), GOOD))
        assert world.changes == []


def test_the_same_word_twice_in_a_turn_is_accepted_once():
    world = started()
    word = world.word("a", GOOD)
    world.send(word, word)
    assert len(world.of(TaskMoved)) == 1


def test_may_start_is_answered_in_the_decision_that_moves_the_task_to_running():
    world = started(idempotent=False)
    key, seq = world.attempt("a"), 4
    decision = world.step(Asked(key, world.alive[key].fence, Instant(world.now), seq, MayStart()))
    assert decision.commands == (Answer(key, seq, True),)
    assert [one.new.value for one in decision.changes] == ["running", "running"]


def test_may_start_is_answered_again_when_it_is_asked_again():
    world = started(idempotent=False)
    world.may_start("a")
    world.may_start("a", 2)
    assert world.commands == [Answer(world.attempt("a"), 2, True)]
    assert world.changes == []


def test_an_attempt_that_is_not_alive_may_not_start():
    world = started(idempotent=False)
    key = world.attempt("a")
    world.send(Asked(key, bytes(16), Instant(world.now), 1, MayStart()))
    assert world.commands == [Answer(key, 1, False)]


def test_an_attempt_of_a_cancelled_run_may_not_start():
    world = started(idempotent=False)
    world.cancel()
    world.may_start("a")
    assert world.commands == [Answer(world.attempt("a"), 1, False)]


def test_an_attempt_that_raises_skip_is_a_success_of_a_skipped_task():
    world = started()
    world.end("a", outcome=Skipped())
    assert (world.state("a"), str(world.row("a").why)) == ("skipped", "it raised Skip")
    assert world.store.attempts[world.last_run]["a", None, 1].state.value == "success"


def test_attempt_numbers_never_restart():
    world = started(retries=1)
    world.end("a", outcome=BOOM)
    world.wait(30)
    world.end("a")
    world.retry("a")
    assert world.attempt("a").number == 3


def test_the_result_of_a_branch_is_kept_with_its_choice():
    world = World(dag(task("a", kind="branch"), task("b", "a"), task("c", "a")))
    world.trigger()
    world.end("a", outcome=Followed(("b",), GOOD))
    assert world.row("a").followed == ("b",)
    assert world.of(Launch)[0].task.id == "b"
