import subprocess
import sys

import pytest

import segue.data
from segue.data.writers.duckdb import delete_then_insert
from segue.data.writers.parquet import overwrite_partition


def test_the_writers_are_public() -> None:
    assert dir(segue.data) == segue.data.__all__
    assert segue.data.overwrite_partition is overwrite_partition
    assert segue.data.delete_then_insert is delete_then_insert
    with pytest.raises(AttributeError, match="'segue.data' has no attribute 'append'"):
        segue.data.append  # type: ignore[attr-defined]  # noqa: B018


def test_duckdb_is_imported_only_by_who_asks_for_it() -> None:
    code = "import sys; from segue.data import overwrite_partition; print({'duckdb', 'pyarrow'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out == "set()\n"
