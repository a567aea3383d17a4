"""Nothing where there should be something, in attempts of a real file with real writers."""

from collections.abc import Iterator
from pathlib import Path

import polars
import pytest

from segue.model.events import Followed, Held, Value
from segue.model.value import decode
from tests.unit.run.driver import result_of
from tests.unit.run.files import FileShop, file_shop

FILE = """
import polars
from pathlib import Path
from segue import dag, task, Context, Fail
from segue.data import overwrite_partition

OUT = Path("out")

def _write(n):
    frame = polars.DataFrame({"n": list(range(n))}, schema={"n": polars.Int64})
    return overwrite_partition(frame, OUT, "2026-04-01", keys="day")

@task
def rows(context: Context, n: int = 0): context.report(rows=n, source="etag-1"); return "done"

@task
def some_rows(context: Context):
    context.report(rows=0)
    context.report(rows=3, source=b"\\x01\\x02")
    return []

@task
def no_list(): return []

@task
def no_table(): return polars.DataFrame({"n": []})

@task
def number(): return 0

@task
def no_dict(): return {}

@task
def below(): return []

@task
def each(n): return n

@task
def both(ns): return ns

@task.branch
def nowhere(): return []

@task
def write_three(): return _write(3)

@task
def write_none(): return _write(0)

@task
def write_and_fail(): _write(5); raise Fail("no")

@task
def wrong_report(context: Context): context.report(rows="many")

@dag
def shop():
    rows(), some_rows(), no_list(), no_table(), number(), no_dict(), write_three(), write_none(), write_and_fail()
    wrong_report()
    number.with_options(id="top")() >> below()
    each.map(no_list.with_options(id="for_a_map")())
    read = no_list.with_options(id="for_both")()
    each.with_options(id="other_each").map(read), both(read)
    nowhere() >> rows.with_options(id="other")()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[FileShop]:
    with file_shop(tmp_path, FILE) as driver:
        yield driver


def _visible(shop: FileShop) -> int | None:
    folder = shop.folder / "out" / "day=2026-04-01"
    files = list(folder.glob("*.parquet"))
    return polars.read_parquet(files).height if files else None


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("rows", "it reported 0 rows"),
        ("no_list", "it returned 0 rows"),
        ("no_table", "it returned 0 rows"),
        ("for_both", "it returned 0 rows"),
    ],
)
def test_nothing_is_held(shop: FileShop, task: str, text: str):
    event = shop.done(task, empty="hold")
    assert isinstance(event.outcome, Held)
    assert (event.outcome.guard, event.outcome.text, event.outcome.staged) == ("empty", text, b"")
    assert event.usage.rows == 0


def test_a_held_result_can_be_read(shop: FileShop):
    assert decode(shop.done("rows", empty="hold").outcome.value.inline) == "done"


def test_a_warning_is_a_note_and_the_value_counts(shop: FileShop):
    event = shop.done("no_list", empty="warn")
    assert result_of(event) == [] and event.usage.notes == ("it returned 0 rows",)


def test_where_nothing_is_fine_nothing_is_said(shop: FileShop):
    event = shop.done("no_list", empty="ok")
    assert result_of(event) == [] and event.usage.notes == () and event.usage.rows == 0


@pytest.mark.parametrize("task", ["number", "no_dict", "below", "some_rows", "for_a_map"])
def test_what_is_no_measure_of_data_is_not_guarded(shop: FileShop, task: str):
    assert isinstance(shop.done(task, empty="hold").outcome, Value)


def test_a_branch_to_nowhere_is_not_empty(shop: FileShop):
    assert shop.done("nowhere", empty="hold").outcome == Followed(())


def test_rows_and_source_are_told(shop: FileShop):
    usage = shop.done("some_rows", empty="hold").usage
    assert (usage.rows, usage.source) == (3, "0102")


def test_a_report_of_something_else_fails_the_task(shop: FileShop):
    assert "rows='many'" in shop.done("wrong_report").outcome.text


def test_what_writers_wrote_is_published_when_the_task_succeeds(shop: FileShop):
    event = shop.done("write_three", empty="hold")
    assert isinstance(event.outcome, Value) and event.usage.rows == 3
    assert _visible(shop) == 3


def test_while_nothing_is_held_readers_see_the_old_partition(shop: FileShop):
    shop.done("write_three")
    held = shop.done("write_none", empty="hold").outcome
    assert isinstance(held, Held) and held.staged and held.text == "it wrote 0 rows"
    assert _visible(shop) == 3
    published = shop.done("write_none", number=2, kind="publish", staged=held.staged)
    assert published.outcome == Value()
    assert _visible(shop) == 0


def test_to_publish_twice_changes_nothing(shop: FileShop):
    held = shop.done("write_none", empty="hold").outcome
    for number in (2, 3):
        assert shop.done("write_none", number=number, kind="publish", staged=held.staged).outcome == Value()
    assert _visible(shop) == 0


def test_what_cannot_be_published_is_a_failure(shop: FileShop):
    assert shop.done("write_none", kind="publish", staged=b"damaged").outcome.kind == "UnreadableValue"


def test_a_failed_task_publishes_nothing(shop: FileShop):
    shop.done("write_three")
    shop.done("write_and_fail")
    assert _visible(shop) == 3
