"""Small values that outlive an attempt, in attempts of a real file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.model.commands import Adopt
from segue.model.events import Asked, Failure, Lost, StateSet
from tests.unit.run.driver import result_of
from tests.unit.run.files import FileShop, file_shop

FILE = """
import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from segue import dag, task, Context, current

@task
def submit(context: Context):
    before = context.state.get("job", "none")
    context.state.set("job", "j-1")
    return before, context.state.get("job")

@task
def die(context: Context):
    context.state.set("job", "j-7")
    os.kill(os.getpid(), signal.SIGKILL)

@task
def read(context: Context): return context.state.get("job"), context.state.get("nothing", "else")

@task
async def wait(context: Context):
    await asyncio.sleep(0)
    context.state.set("job", "j-2")
    return current().state.get("job")

@task
def spread(context: Context):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: context.state.set(f"part-{k}", str(k)), range(12)))
    return sorted(context.state.get(f"part-{k}") for k in range(12))

@task
def overfill(context: Context):
    for k in range(17):
        context.state.set(f"name-{k}", "x")

@task
def big(context: Context): context.state.set("job", "ü" * 2049)

@task
def just_fits(context: Context): context.state.set("job", "ü" * 2048)

@task
def number(context: Context): context.state.set("job", 7)

def _set(context): context.state.set("job", "from a child")

@task
def from_a_child(context: Context):
    child = get_context("fork").Process(target=_set, args=(context,))
    child.start()
    child.join()
    return child.exitcode, context.state.get("job")

@task
def twice(context: Context):
    try:
        context.state.set("job", "j-1")
    except Exception as why:
        return type(why).__name__, context.state.get("job"), str(why)

@dag
def shop():
    submit(), die(), read(), wait(), spread(), overfill(), big(), just_fits(), number(), from_a_child(), twice()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[FileShop]:
    with file_shop(tmp_path, FILE) as driver:
        yield driver


def test_what_a_task_sets_is_durable_when_set_returns(shop: FileShop):
    assert result_of(shop.done("submit")) == ("none", "j-1")
    assert shop.kept == {("submit", None): {"job": "j-1"}}


def test_set_waits_for_the_commit(shop: FileShop):
    key = shop.begin("submit")
    asked = [one for one in shop.unacknowledged(Asked) if isinstance(one, Asked)]
    assert [one.what for one in asked] == [StateSet("job", "j-1")]
    shop.executor.wait(0.2, _Quiet())
    assert shop.ends(key) == []
    assert result_of(shop.end(key)) == ("none", "j-1")


def test_a_new_attempt_has_the_state_of_the_one_that_was_killed(shop: FileShop):
    assert isinstance(shop.done("die"), Lost)
    assert shop.kept == {("die", None): {"job": "j-7"}}
    shop.kept["read", None] = shop.kept["die", None]
    assert result_of(shop.done("read")) == ("j-7", "else")


def test_a_coroutine_sets_state(shop: FileShop):
    assert result_of(shop.done("wait")) == "j-2"


def test_threads_of_a_task_set_state_one_after_the_other(shop: FileShop):
    assert result_of(shop.done("spread")) == sorted(str(k) for k in range(12))
    assert len(shop.kept["spread", None]) == 12


def test_the_items_of_a_mapped_task_have_a_state_each(shop: FileShop):
    shop.done("submit", index=0)
    assert result_of(shop.done("submit", index=1))[0] == "none"
    assert set(shop.kept) == {("submit", 0), ("submit", 1)}


@pytest.mark.parametrize(
    ("task", "text"), [("overfill", "16 are the most"), ("big", "4,096 are the most"), ("number", "must be a str")]
)
def test_what_is_no_small_text_is_refused_in_the_task(shop: FileShop, task: str, text: str):
    outcome = shop.done(task).outcome
    assert isinstance(outcome, Failure) and text in outcome.text and not outcome.retryable


def test_four_kibibytes_fit(shop: FileShop):
    assert result_of(shop.done("just_fits")) is None
    assert len(shop.kept["just_fits", None]["job"]) == 2048


def test_a_process_that_the_task_starts_cannot_set_its_state(shop: FileShop):
    assert result_of(shop.done("from_a_child")) == (1, None)
    assert shop.kept == {}


def test_what_is_not_kept_does_not_count_as_set(shop: FileShop):
    shop.refuses = True
    kind, kept, text = result_of(shop.done("twice"))
    assert (kind, kept) == ("StoreDown", None) and "context.state['job'] was not kept" in text


@pytest.mark.parametrize("running", [True, False])
def test_a_question_is_asked_again_for_a_new_engine(shop: FileShop, running: bool):
    key = shop.begin("submit")
    events = shop.unacknowledged(Asked)
    shop.executor.ack(events)  # heard, but the engine that should answer is gone
    if running:
        shop.executor.do([Adopt(key, b"fence")])
    else:
        shop.begin("submit")
    assert result_of(shop.end(key)) == ("none", "j-1")


class _Quiet:
    def poll(self):
        return ()

    def fileno(self) -> int | None:
        return None
