"""Attempts of real DAG files: loaded from a bundle, bound, run, stored."""

from collections.abc import Iterator
from pathlib import Path

import polars
import pytest

from segue.data.results import StoredValue, load_result
from segue.data.storage import LocalStorage
from segue.define.bundle import Snapshots
from segue.define.loading import load_file
from segue.model import value as values
from segue.model.commands import Brief, Given, Input, Launch, Many, Missing, Stored
from segue.model.events import Failure, Followed, Value
from segue.model.ids import AttemptKey, RunKey
from segue.model.spec import DagSpec
from segue.model.state import TaskState
from tests.unit.run.driver import Driver, FakeResults, process_driver, result_of

FILE = """
import json
import os
from pathlib import Path
from segue import dag, task, Context, Retry
from local_prices import PRICES

@task
def names(): return ["ann", "bob"]

@task(retry=Retry(times=1, not_on=(KeyError,)))
def greet(name: str): return f"hello {name}"

@task
def total(greetings: list[str], more: int = 7): return [len(one) for one in greetings], more

@task
def where(context: Context): return [os.getcwd(), __file__, str(context.interval), context.ds, context.task_id]

@task
def price(thing: str): return PRICES[thing]

@task.branch
def decide(which: str): return which

@task
def table():
    import polars
    return polars.DataFrame({"n": [1, 2, 3]})

@task
def rows(frame): return len(frame)

@dag
def shop():
    greetings = greet.map(names())
    total(greetings)
    where()
    price("tea")
    decide("east") >> [greet.with_options(id="east")("e"), greet.with_options(id="west")("w")]
    rows(table())
"""


class Shop:
    """A folder with a DAG file, its bundle, and an executor."""

    def __init__(self, folder: Path, driver: Driver, results: FakeResults, spec: DagSpec, bundle: str) -> None:
        self.folder, self._driver, self.results = folder, driver, results
        self._tasks = {task.id: task for task in spec.tasks}
        self._bundle, self._file = bundle, spec.file
        self.run = RunKey("shop", "2026-04-01", 1)

    def end(self, task: str, *inputs: Input, picks: tuple[int, ...] = (), index: int | None = None):
        day = (1_775_001_600_000_000, 1_775_088_000_000_000)
        brief = Brief(self.run, self._bundle, self._file, "", "UTC", slot=day)
        key = AttemptKey(self.run, task, index, 1)
        self._driver.executor.do([Launch(key, b"", brief, self._tasks[task], inputs, picks)])
        return self._driver.end(key)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    folder, home, results = tmp_path / "project", tmp_path / "home", FakeResults()
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "local_prices.py").write_text('PRICES = {"tea": 3}\n')
    (folder / "shop.py").write_text(FILE)
    bundle = Snapshots(home / "bundles").take(folder / "shop.py")
    loaded = load_file(bundle.folder / bundle.file, bundle.folder)
    assert loaded.errors == []
    with process_driver(home, results, workshop="segue.run.children.workshop") as driver:
        yield Shop(folder, driver, results, loaded.specs[0], bundle.digest)


def _given(value: object) -> Given:
    return Given(Value(values.encode(value)))


def test_a_task_of_a_file_runs_in_its_folder_with_its_context(shop: Shop):
    folder, file, interval, ds, task = result_of(shop.end("where"))
    assert (folder, ds, task) == (str(shop.folder), "2026-04-01", "where")
    assert file.endswith("/shop.py") and "bundles" in file
    assert "2026-04-01" in interval


def test_a_file_imports_its_neighbours(shop: Shop):
    assert result_of(shop.end("price")) == 3


def test_each_item_of_a_mapped_list_is_read_alone(shop: Shop):
    names = shop.end("names").outcome
    assert names.length == 2
    assert result_of(shop.end("greet", Given(names), picks=(1,), index=1)) == "hello bob"


def test_a_mapped_list_is_fetched_once_for_all_items_of_a_worker(shop: Shop):
    shop.results.kept[shop.run, "names", None] = shop.end("names").outcome
    said = [result_of(shop.end("greet", Stored("names"), picks=(k,), index=k)) for k in (0, 1)]
    assert said == ["hello ann", "hello bob"]
    assert shop.results.asked == [("names", None)]


def test_results_of_a_mapped_task_come_as_one_list(shop: Shop):
    for k, text in enumerate(["a", "bb", "cccc"]):
        shop.results.keep("greet", text, k, shop.run)
    assert result_of(shop.end("total", Many("greet", 3, without=(1,)))) == ([1, 4], 7)


def test_a_parameter_without_a_value_takes_its_default(shop: Shop):
    outcome = shop.end("total", Missing("greet", TaskState.SKIPPED)).outcome
    assert isinstance(outcome, Failure) and not outcome.retryable and "gave no value (skipped)" in outcome.text


def test_a_branch_may_choose_what_is_directly_downstream(shop: Shop):
    assert shop.end("decide").outcome == Followed(("east",))


def test_a_table_travels_by_reference(shop: Shop, tmp_path: Path):
    table = shop.end("table").outcome
    assert table.inline is None and table.length == 3
    assert result_of(shop.end("rows", Given(table))) == 3
    stored = StoredValue.of(table.inline, table.ref, table.length, table.digest)
    assert load_result(stored, LocalStorage(tmp_path / "home" / "storage")).equals(polars.DataFrame({"n": [1, 2, 3]}))
