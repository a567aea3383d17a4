import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import polars as pl
import pytest

from segue.data.classes import find_class
from segue.data.results import INLINE_LIMIT, LazyResults, StoredValue, load_item, load_result, store_result
from segue.data.storage import LocalStorage
from segue.model.errors import UnreadableValue, UnstorableValue

PREFIX = "values/d/r/t/-/1"


@dataclass
class Row:
    n: int


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_small_value_stays_inline(storage: LocalStorage, tmp_path: Path) -> None:
    stored = store_result({"a": (1, Row(2))}, storage, PREFIX)
    assert stored.ref is None and stored.inline is not None and stored.length == 1
    assert names_in(tmp_path) == []
    assert load_result(stored, storage) == {"a": (1, Row(2))}


def test_the_limit_is_of_the_encoded_value(storage: LocalStorage) -> None:
    fits, over = (store_result(b"x" * n, storage, PREFIX) for n in (INLINE_LIMIT - 5, INLINE_LIMIT - 4))
    assert fits.inline is not None and len(fits.inline) == INLINE_LIMIT
    assert over.inline is None and over.ref is not None
    assert load_result(over, storage) == b"x" * (INLINE_LIMIT - 4)


def test_a_large_value_goes_by_reference(storage: LocalStorage, tmp_path: Path) -> None:
    value = ["x" * 1000] * 1000
    stored = store_result(value, storage, PREFIX)
    assert stored.ref is not None and stored.ref.size > 1_000_000 and stored.length == 1000
    assert names_in(tmp_path) == [f"1-{stored.digest.hex()}"]
    assert load_result(stored, storage) == value


def test_a_table_of_any_size_goes_by_reference(storage: LocalStorage) -> None:
    frame = pd.DataFrame({"a": [1]}, index=[7])
    stored = store_result(frame, storage, PREFIX)
    assert stored.inline is None and stored.ref is not None
    assert (stored.ref.format, stored.length, stored.digest) == ("parquet/pandas.DataFrame", 1, stored.ref.digest)
    pd.testing.assert_frame_equal(load_result(stored, storage), frame)


def test_tables_inside_a_value_go_by_reference_by_themselves(storage: LocalStorage, tmp_path: Path) -> None:
    value = {"rows": [pd.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})], "n": 2}
    stored = store_result(value, storage, PREFIX)
    assert stored.inline is not None
    assert len(names_in(tmp_path)) == 2
    back = load_result(stored, storage)
    assert back["n"] == 2 and isinstance(back["rows"][0], pd.DataFrame) and back["rows"][1].equals(value["rows"][1])  # type: ignore[index]


def test_items_are_read_alone_inline_and_by_reference(storage: LocalStorage) -> None:
    for size in (3, 30_000):
        value = [Row(n) for n in range(size)]
        stored = store_result(value, storage, PREFIX, mapped=True)
        assert (stored.ref is None) == (size == 3)
        assert stored.length == size
        assert load_item(stored, storage, size - 1) == Row(size - 1)
        assert load_result(stored, storage) == value
        with pytest.raises(IndexError):
            load_item(stored, storage, size)


def test_an_item_may_be_a_table(storage: LocalStorage) -> None:
    stored = store_result({"a": pl.DataFrame({"n": [1]})}, storage, PREFIX, mapped=True)
    name, frame = load_item(stored, storage, 0)
    assert name == "a" and frame.equals(pl.DataFrame({"n": [1]}))


def test_a_table_cannot_be_mapped_over(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(UnstorableValue, match="DataFrame and something maps over it: return a list, for example"):
        store_result(pd.DataFrame({"a": [1]}), storage, PREFIX, mapped=True)
    assert names_in(tmp_path) == []


def test_a_refused_table_is_named_with_its_path(storage: LocalStorage) -> None:
    with pytest.raises(UnstorableValue, match=r'result\["plan"\] cannot be stored: a polars LazyFrame .* \.collect'):
        store_result({"plan": pl.LazyFrame({"a": [1]})}, storage, PREFIX)
    with pytest.raises(UnstorableValue, match=r"result cannot be stored: a polars LazyFrame"):
        store_result(pl.LazyFrame({"a": [1]}), storage, PREFIX)


def test_a_damaged_file_is_named(storage: LocalStorage, tmp_path: Path) -> None:
    stored = store_result(["x" * 100_000], storage, PREFIX)
    assert stored.ref is not None
    place = tmp_path / stored.ref.path
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    with pytest.raises(UnreadableValue, match="is damaged: its bytes are not those that were stored"):
        load_result(stored, storage)


def test_a_result_that_was_swept_is_named(storage: LocalStorage) -> None:
    stored = store_result(pd.DataFrame({"a": [1]}), storage, PREFIX)
    storage.delete("values")
    with pytest.raises(UnreadableValue, match="is gone"):
        load_result(stored, storage)


@pytest.mark.parametrize("value", [1, "x" * 100_000])
def test_a_result_survives_the_way_through_the_store(storage: LocalStorage, value: object) -> None:
    stored = store_result(value, storage, PREFIX)
    kept = stored.outcome()
    assert StoredValue.of(kept.inline, kept.ref, kept.length, kept.digest) == msgspec.structs.replace(
        stored, preview=b""
    )
    assert kept.preview == stored.preview
    for damaged in (b"", b"\xff", b"\x93\xa1a", b"\xa1\xff"):
        with pytest.raises(UnreadableValue, match="damaged"):
            StoredValue.of(None, damaged, None, b"")


def test_the_annotation_and_the_lookup_decide_the_class(storage: LocalStorage) -> None:
    stored = store_result(Row(1), storage, PREFIX)
    assert load_result(stored, storage) == Row(1)
    assert load_result(stored, storage, classes=lambda path: None) == {"n": 1}
    assert load_result(stored, storage, annotation=Row | None, classes=lambda path: None) == Row(1)


def test_classes_are_found_by_path_or_not_at_all() -> None:
    assert find_class("collections:OrderedDict").__name__ == "OrderedDict"  # type: ignore[union-attr]
    for path in ("nowhere:X", "os:nothing", "os:path", "f:g.<locals>.X", "", ":", "os"):
        assert find_class(path) is None


class Source:
    """Answers stored values and remembers what was asked."""

    def __init__(self, storage: LocalStorage, count: int) -> None:
        self._stored = [store_result(n, storage, PREFIX) for n in range(count)]
        self.asked: list[tuple[int, int]] = []

    def fetch(self, start: int, stop: int) -> Sequence[StoredValue]:
        self.asked.append((start, stop))
        return self._stored[start:stop]


@pytest.fixture
def lazy(storage: LocalStorage) -> tuple[LazyResults[Any], Source]:
    source = Source(storage, 250)
    return LazyResults(250, source.fetch, lambda stored: load_result(stored, storage)), source


def test_many_results_are_read_in_blocks_as_they_are_asked_for(lazy: tuple[LazyResults[Any], Source]) -> None:
    results, source = lazy
    assert len(results) == 250 and isinstance(results, Sequence)
    assert source.asked == []
    assert list(results) == list(range(250))
    assert source.asked == [(0, 100), (100, 200), (200, 250)]


def test_results_are_indexed_like_a_list(lazy: tuple[LazyResults[Any], Source]) -> None:
    results, source = lazy
    assert (results[0], results[-1], results[120]) == (0, 249, 120)
    assert results[95:105] == list(range(95, 105))
    assert results[::-100] == [249, 149, 49]
    assert 77 in results and results.index(3) == 3
    for place in (250, -251):
        with pytest.raises(IndexError):
            results[place]
    assert "250 results" in repr(results)
    assert all(start % 100 == 0 for start, _ in source.asked)


def test_what_is_neither_inline_nor_referred_to_is_named(storage: LocalStorage) -> None:
    with pytest.raises(UnreadableValue, match="neither a value nor a reference"):
        load_result(StoredValue(None, None, None, b""), storage)


def test_a_damaged_table_is_named(storage: LocalStorage, tmp_path: Path) -> None:
    whole = store_result(pd.DataFrame({"a": range(1000)}), storage, PREFIX)
    inside = store_result([pd.DataFrame({"b": range(1000)})], storage, PREFIX)
    for place in tmp_path.rglob("1-*"):
        data = bytearray(place.read_bytes())
        data[len(data) // 2] ^= 1
        place.write_bytes(data)
    for stored in (whole, inside):
        with pytest.raises(UnreadableValue, match="is damaged: its bytes are not those that were stored"):
            load_result(stored, storage)


@pytest.mark.parametrize("mapped", [False, True])
def test_a_large_value_is_stored_without_a_second_one_in_memory(storage: LocalStorage, mapped: bool) -> None:
    value = [{"n": k, "text": f"row {k}" * 50} for k in range(30_000)]
    tracemalloc.start()
    try:
        stored = store_result(value, storage, PREFIX, mapped=mapped)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stored.ref is not None and stored.ref.size > 10_000_000
    assert most < 5_000_000
    assert load_result(stored, storage) == value
