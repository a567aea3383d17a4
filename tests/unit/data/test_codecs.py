import io
import subprocess
import sys
from datetime import UTC, date, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.data.codecs.registry import arrow_of, format_of, is_table, load_table, store_table
from segue.model.errors import UnreadableValue, UnstorableValue


def round_trip(value: object) -> object:
    form = format_of(value)
    assert form is not None
    file = io.BytesIO()
    store_table(value, form, file)
    file.seek(0)
    back = load_table(form, file)
    assert type(back) is type(value)
    return back


PANDAS = {
    "text": pd.DataFrame({"a": ["x", None]}),
    "objects": pd.DataFrame(
        {
            "text": pd.Series(["x", None], dtype=object),
            "ints": pd.Series([1, 2], dtype=object),
            "lists": [[1, 2], [3]],
            "dicts": [{"x": 1}, {"x": 2}],
            "dates": [date(2013, 1, 1), None],
            "decimals": [Decimal("1.20"), Decimal("2.00")],
            "bytes": [b"x", b"y"],
        }
    ),
    "seconds": pd.DataFrame({"a": np.array(["2013-01-01"], dtype="datetime64[s]")}),
    "nanoseconds": pd.DataFrame({"a": np.array(["2013-01-01T00:00:00.000000001"], dtype="datetime64[ns]")}),
    "zone": pd.DataFrame({"a": pd.to_datetime(["2013-01-01"]).tz_localize("America/New_York")}),
    "durations": pd.DataFrame({"a": pd.to_timedelta([1], unit="s")}),
    "categories": pd.DataFrame({"a": pd.Categorical(["x", None], categories=["y", "x"], ordered=True)}),
    "nullable": pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean")}),
    "arrow": pd.DataFrame({"a": pd.array([1, 2], dtype=pd.ArrowDtype(pa.int32()))}),
    "small": pd.DataFrame({"a": np.array([1], dtype="int8"), "b": np.array([1], dtype="float16")}),
    "periods": pd.DataFrame({"a": pd.period_range("2013-01", periods=2, freq="M")}),
    "no columns": pd.DataFrame(),
    "no rows": pd.DataFrame({"a": pd.Series([], dtype="int8")}),
    "number names": pd.DataFrame([[1, 2]]),
    "two level names": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
    "index": pd.DataFrame({"v": [1, 2]}, index=pd.Index([7, 5], name="k")),
    "text index": pd.DataFrame({"v": [1, 2]}, index=["b", "a"]),
    "range": pd.DataFrame({"v": [1, 2]}, index=pd.RangeIndex(3, 7, 2, name="r")),
    "two level index": pd.DataFrame({"v": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])),
    "filtered": pd.DataFrame({"v": [1, 2, 3], "o": pd.Series(["a", None, "b"], dtype=object)}).iloc[[2, 1]],
}


@pytest.mark.parametrize("name", PANDAS)
def test_a_pandas_frame_comes_back_with_index_and_dtypes(name: str) -> None:
    frame = PANDAS[name]
    pd.testing.assert_frame_equal(round_trip(frame), frame, check_freq=False)


@pytest.mark.parametrize("name", ["a", None, 0, ""])
def test_a_pandas_series_comes_back_with_its_name(name: object) -> None:
    series = pd.Series([1, 2], index=["x", "y"], name=name)
    back = round_trip(series)
    pd.testing.assert_series_equal(back, series)
    assert back.name == name


POLARS = pl.DataFrame(
    {
        "categories": pl.Series(["x", "y"], dtype=pl.Categorical),
        "choices": pl.Series(["x", "y"], dtype=pl.Enum(["x", "y"])),
        "durations": [timedelta(1)] * 2,
        "times": [time(1)] * 2,
        "lists": [[1], [2]],
        "structs": [{"a": 1}, {"a": 2}],
        "decimals": [Decimal("1.2")] * 2,
        "nothing": [None, None],
        "arrays": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)),
        "instants": pl.Series([0, 1]).cast(pl.Datetime("ms", "UTC")),
        "bytes": [b"x", b"y"],
    }
)


@pytest.mark.parametrize("frame", [POLARS, POLARS.head(0), pl.DataFrame()], ids=["rows", "no rows", "no columns"])
def test_a_polars_frame_comes_back_with_its_types(frame: pl.DataFrame) -> None:
    back = round_trip(frame)
    assert isinstance(back, pl.DataFrame)
    assert back.schema == frame.schema
    assert back.equals(frame)


@pytest.mark.parametrize("name", ["a", ""])
def test_a_polars_series_comes_back_with_its_name(name: str) -> None:
    series = pl.Series(name, [1, None])
    back = round_trip(series)
    assert isinstance(back, pl.Series)
    assert back.equals(series, check_names=True, check_dtypes=True)


@pytest.mark.parametrize(
    "kind",
    [
        pa.timestamp("s"), pa.date64(), pa.time32("s"), pa.float16(), pa.dictionary(pa.int8(), pa.string()),
        pa.large_string(), pa.string_view(), pa.list_(pa.int8(), 2), pa.map_(pa.string(), pa.int8()), pa.null(),
        pa.struct([("a", pa.timestamp("s"))]), pa.large_list(pa.large_string()),
    ],
    ids=str,
)  # fmt: skip
def test_an_arrow_table_comes_back_with_its_types(kind: pa.DataType) -> None:
    schema = pa.schema([pa.field("a", kind, metadata={"k": "v"})], metadata={"m": "n"})
    table = pa.table([pa.nulls(2, kind)], schema=schema)
    back = round_trip(table)
    assert isinstance(back, pa.Table)
    assert back.equals(table)
    assert back.schema.field("a").type == kind
    assert back.schema.metadata == schema.metadata


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"a": 2}]])
def test_a_record_batch_comes_back_as_one(rows: list[dict[str, int]]) -> None:
    batch = pa.RecordBatch.from_pylist(rows, schema=pa.schema([("a", pa.int8())]))
    assert round_trip(batch) == batch


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pl.LazyFrame({"a": [1]}), r"LazyFrame is a plan, not a table: return \.collect\(\)"),
        (pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}), "this polars table cannot be stored as Parquet"),
        (pd.DataFrame({"a": [1, "x"]}), "this DataFrame cannot be stored as Parquet: .*Could not convert 'x'"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Duplicate column names"),
        (pd.DataFrame([[1, 2]], columns=[1, "a"]), "names of several types"),
        (pd.DataFrame({"a": [1j]}), "cannot be stored as Parquet"),
        (pa.table([pa.nulls(1, pa.month_day_nano_interval())], names=["a"]), "cannot be stored as Parquet"),
        (pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int8())]), []), r"return \.read_all\(\)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_table_or_does_not_fit_is_refused(value: object, message: str) -> None:
    with pytest.raises(UnstorableValue, match=message):
        store_table(value, format_of(value) or "", io.BytesIO())


@pytest.mark.parametrize("value", [1, [1], pd.Timestamp(0), pd.Index([1]), pl.col("a"), pa.scalar(1), np.arange(2)])
def test_other_values_are_no_tables(value: object) -> None:
    assert not is_table(value)
    with pytest.raises(TypeError, match="a pandas, polars or Arrow table is needed"):
        arrow_of(value)


@pytest.mark.parametrize("form", ["parquet/pandas.DataFrame", "parquet/polars.DataFrame", "parquet/pyarrow.Table"])
def test_a_damaged_table_is_named_so(form: str) -> None:
    with pytest.raises(UnreadableValue, match="damaged"):
        load_table(form, io.BytesIO(b"PAR1 nonsense PAR1"))


@pytest.mark.parametrize("form", ["parquet/os.system", "csv/pandas.DataFrame", ""])
def test_an_unknown_format_loads_nothing(form: str) -> None:
    with pytest.raises(UnreadableValue, match="no codec reads"):
        load_table(form, io.BytesIO())


def test_arrow_takes_named_index_levels_as_columns_and_leaves_out_others() -> None:
    levels = pd.MultiIndex.from_tuples([(1, "a"), (2, "b")], names=["n", None])
    assert arrow_of(pd.DataFrame({"v": [1, 2]}, index=levels)).column_names == ["n", "v"]
    filtered = pd.DataFrame({"v": [1, 2]}).iloc[1:]
    assert arrow_of(filtered).to_pydict() == {"v": [2]}
    assert arrow_of(filtered).schema.metadata is None


def test_arrow_takes_every_library() -> None:
    expected = {"v": [1, 2]}
    batch = pa.RecordBatch.from_pydict(expected)
    for table in (pl.DataFrame(expected), pa.table(expected), batch, pl.Series("v", [1, 2])):
        assert arrow_of(table).to_pydict() == expected


def test_a_time_zone_of_utc_is_kept_by_arrow() -> None:
    frame = pd.DataFrame({"t": pd.to_datetime(["2013-01-01"], utc=True)})
    assert arrow_of(frame).column("t").to_pylist()[0].tzinfo.utcoffset(None) == UTC.utcoffset(None)


def test_no_library_is_imported_before_one_of_its_tables_shows_up() -> None:
    code = (
        "import sys; from segue.data.results import *; from segue.data.storage import LocalStorage; import tempfile;"
        "s = LocalStorage(tempfile.mkdtemp()); load_result(store_result([1, {'a': 2}], s, 'values/a'), s);"
        "print({'numpy', 'pydantic', 'pandas', 'polars', 'pyarrow', 'duckdb'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out == "set()\n"


@pytest.mark.parametrize(
    ("form", "missing", "extra"),
    [
        ("parquet/pandas.DataFrame", "pandas", "pandas"),
        ("parquet/pandas.DataFrame", "pyarrow", "pandas"),
        ("parquet/pyarrow.Table", "pyarrow", "arrow"),
        ("parquet/polars.DataFrame", "polars", "polars"),
    ],
)
def test_a_library_that_is_not_installed_is_named(form: str, missing: str, extra: str) -> None:
    code = (
        "import io, sys; sys.modules[sys.argv[2]] = None\n"
        "from segue.data.codecs.registry import load_table\n"
        "try: load_table(sys.argv[1], io.BytesIO())\n"
        "except ValueError as error: print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code, form, missing], check=True, capture_output=True, text=True).stdout
    assert f'need {missing}: pip install "segue[{extra}]"' in out


def test_a_file_without_arrow_types_is_read_as_parquet_has_them() -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array([1], pa.timestamp("s"))}), file, store_schema=False)
    file.seek(0)
    table = load_table("parquet/pyarrow.Table", file)
    assert isinstance(table, pa.Table)
    assert table.schema.field("a").type == pa.timestamp("ms")
