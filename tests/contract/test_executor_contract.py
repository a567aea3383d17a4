"""What every executor promises the loop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.app.clock import SystemClock
from segue.model import value as values
from segue.model.commands import Adopt, Answer, Cancel, Given, Launch
from segue.model.events import Asked, Cancelled, Capacity, Ended, Failure, Lost, LostCause, Outcome, Value
from segue.model.ids import AttemptKey
from segue.model.spec import Rules, TaskSpec
from segue.run.executors.inline import InlineExecutor
from tests.unit.run import errands
from tests.unit.run.driver import RUN, Driver, brief, given, process_driver, result_of


def _perform(launch: Launch) -> Outcome:
    function = getattr(errands, launch.task.id.partition(".")[0])
    arguments = [values.decode(one.value.inline) for one in launch.inputs if isinstance(one, Given)]
    try:
        return Value(values.encode(function(*arguments)))
    except ValueError as error:
        return Failure("ValueError", str(error))


@pytest.fixture(params=["inline", "process"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Driver]:
    if request.param == "inline":
        executor = InlineExecutor(_perform, SystemClock())
        executor.barrier()
        yield Driver(executor)
        executor.close()
    else:
        with process_driver(tmp_path / "home") as driver:
            yield driver


def _launch(name: str, *arguments: object, idempotent: bool = True) -> Launch:
    task = TaskSpec(name, Rules(idempotent=idempotent))
    return Launch(AttemptKey(RUN, name, None, 1), b"fence", brief(), task, given(*arguments))


def test_it_says_how_many_attempts_it_takes(shop: Driver):
    shop.turn()
    assert [one.workers > 0 for one in shop.events if isinstance(one, Capacity)] == [True]


def test_an_attempt_ends_with_its_value_and_its_fence(shop: Driver):
    event = shop.run("add", 20, 22)
    assert result_of(event) == 42
    assert event.fence == b"fence"
    assert event.started is not None and event.started <= event.at


def test_a_failed_attempt_says_so(shop: Driver):
    assert shop.run("fail").outcome.kind == "ValueError"


def test_a_launch_is_carried_out_once_however_often_it_comes(shop: Driver, tmp_path: Path):
    launch = _launch("append", str(tmp_path / "ledger"), "once")
    shop.executor.do([launch, launch])
    shop.executor.do([launch])
    shop.unacknowledged(Ended)
    shop.executor.do([launch])
    shop.end(launch.key)
    assert result_of(shop.run("add", 1)) == 1
    assert (tmp_path / "ledger").read_text() == "once\n"


def test_events_come_again_until_they_are_acknowledged(shop: Driver):
    shop.executor.do([_launch("add", 1)])
    first = shop.unacknowledged(Ended)
    assert [*shop.executor.poll()] == [*first]
    shop.executor.ack(first)
    assert not any(one in first for one in shop.executor.poll())


def test_events_are_acknowledged_in_any_order(shop: Driver):
    keys = [AttemptKey(RUN, f"gone.{k}", None, 1) for k in range(3)]
    shop.executor.do([Adopt(key, b"") for key in keys])
    events = [one for one in shop.executor.poll() if isinstance(one, Lost)]
    shop.executor.ack(events[1:])
    assert [one.key for one in shop.executor.poll() if isinstance(one, Lost)] == keys[:1]


def test_an_attempt_asks_before_it_begins_where_it_must_not_run_twice(shop: Driver, tmp_path: Path):
    launch = _launch("touch", str(tmp_path / "begun"), idempotent=False)
    shop.executor.do([launch])
    question = shop.asked(launch.key)
    assert not (tmp_path / "begun").exists()
    shop.executor.do([Answer(launch.key, question.seq, yes=True), Answer(launch.key, question.seq, yes=True)])
    assert isinstance(shop.end(launch.key), Ended)
    assert (tmp_path / "begun").exists()


def test_an_attempt_that_may_not_begin_never_does(shop: Driver, tmp_path: Path):
    launch = _launch("touch", str(tmp_path / "begun"), idempotent=False)
    shop.executor.do([launch])
    shop.executor.do([Answer(launch.key, shop.asked(launch.key).seq, yes=False)])
    assert shop.end(launch.key).outcome == Cancelled(begun=False)
    assert not (tmp_path / "begun").exists()


def test_a_cancelled_attempt_ends_once(shop: Driver):
    launch = _launch("touch", "never", idempotent=False)
    shop.executor.do([launch])
    shop.asked(launch.key)
    shop.executor.do([Cancel(launch.key), Cancel(launch.key)])
    assert shop.end(launch.key).outcome == Cancelled(begun=False)
    assert len(shop.ends(launch.key)) == 1


def test_a_cancel_of_what_is_not_there_says_that_it_never_began(shop: Driver):
    key = AttemptKey(RUN, "gone", None, 1)
    shop.executor.do([Cancel(key, b"fence")])
    end = shop.end(key)
    assert (end.fence, end.started, end.outcome) == (b"fence", None, Cancelled(begun=False))


def test_a_new_engine_hears_the_capacity(shop: Driver):
    shop.turn()
    shop.events.clear()
    shop.executor.barrier()
    shop.turn()
    assert [type(one) for one in shop.events] == [Capacity]


def test_an_unknown_attempt_that_is_adopted_is_lost_with_its_owner(shop: Driver):
    key = AttemptKey(RUN, "gone", None, 1)
    shop.executor.do([Adopt(key, b"fence")])
    event = shop.end(key)
    assert isinstance(event, Lost) and event.cause is LostCause.OWNER and event.fence == b"fence"


def test_a_question_is_asked_again_after_a_new_beginning(shop: Driver):
    launch = _launch("touch", "never", idempotent=False)
    shop.executor.do([launch])
    shop.asked(launch.key)
    shop.events.clear()
    shop.executor.do([Adopt(launch.key, b"fence")])
    assert isinstance(shop.asked(launch.key), Asked)
