"""Which module stores the tables of which library; imported when such a table or a reference to one shows up."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from segue.model.errors import UnreadableValue, UnstorableValue

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Codec",
    "arrow_of",
    "arrow_schema",
    "format_of",
    "head_of",
    "is_table",
    "load_arrow",
    "load_table",
    "store_arrow",
    "store_table",
]

_CODECS = {
    "pandas": "segue.data.codecs.of_pandas",
    "polars": "segue.data.codecs.of_polars",
    "pyarrow": "segue.data.codecs.of_pyarrow",
}
_EXTRAS = {"pandas": "pandas", "polars": "polars", "pyarrow": "arrow"}
_PARQUET = "parquet/"


class Codec(Protocol):
    """A module that turns the tables of one library into Parquet (zstd) and back."""

    def kind_of(self, value: object) -> str | None:
        """Name the kind of table, None where it is none. Raises `UnstorableValue` where it is not a table yet."""

    def store(self, value: Any, file: BinaryIO) -> None:
        """Write it. Raises `UnstorableValue` where Parquet cannot hold what is in it."""

    def load(self, kind: str, file: BinaryIO) -> object:
        """Read it from a seekable file, as the kind it was."""

    def head(self, value: Any, columns: int, rows: int) -> tuple[list[tuple[str, str]], list[Sequence[object]]]:
        """Names and types of the first columns, and their first rows."""

    def to_arrow(self, value: Any) -> pa.Table:
        """Convert it, without copies where the library allows."""


def format_of(value: object) -> str | None:
    """Name the format in which a table is stored, such as `parquet/pandas.DataFrame`; None where it is no table.

    Raises `UnstorableValue` where it is not a table yet (a polars `LazyFrame`).
    """
    library = type(value).__module__.partition(".")[0]
    if library not in _CODECS:
        return None
    kind = _codec(library, UnstorableValue).kind_of(value)
    return None if kind is None else f"{_PARQUET}{library}.{kind}"


def is_table(value: object) -> bool:
    """Say whether a codec stores it."""
    return format_of(value) is not None


def store_table(value: object, form: str, file: BinaryIO) -> None:
    """Write a table in the format that `format_of` named."""
    _codec(_split(form)[0], UnstorableValue).store(value, file)


def load_table(form: str, file: BinaryIO) -> object:
    """Read a table back as what it was. Raises `UnreadableValue`, also where its library is not installed here."""
    library, kind = _split(form)
    return _codec(library, UnreadableValue).load(kind, file)


def head_of(value: object, form: str, columns: int, rows: int) -> tuple[list[tuple[str, str]], list[Sequence[object]]]:
    """Names and types, in the words of its library, of the first columns of a table, and their first rows."""
    return _codec(_split(form)[0], UnstorableValue).head(value, columns, rows)


def arrow_of(table: object) -> pa.Table:
    """Convert a table of any known library to Arrow.

    A pandas index becomes columns where its levels have names, else it is left out. Raises `TypeError` for what is
    no table, `UnstorableValue` for what is not one yet.
    """
    form = format_of(table)
    if form is None:
        kind = f"{type(table).__module__}.{type(table).__qualname__}"
        raise TypeError(f"a pandas, polars or Arrow table is needed, not a {kind}")
    return _codec(_split(form)[0], UnstorableValue).to_arrow(table)


def arrow_schema(path: Path) -> pa.Schema:
    """Columns and types of a Parquet file."""
    return import_module(_CODECS["pyarrow"]).schema_of(path)


def store_arrow(table: pa.Table, file: BinaryIO) -> None:
    """Write an Arrow table in Arrow's own format, which keeps every type as it is."""
    import_module(_CODECS["pyarrow"]).write_ipc(table, file)


def load_arrow(path: Path) -> pa.Table:
    """Read what `store_arrow` wrote."""
    return import_module(_CODECS["pyarrow"]).read_ipc(path)


def _split(form: str) -> tuple[str, str]:
    library, _, kind = form.removeprefix(_PARQUET).partition(".")
    if not form.startswith(_PARQUET) or library not in _CODECS:
        raise UnreadableValue(f"no codec reads the format {form!r}")
    return library, kind


def _codec(library: str, error: type[UnstorableValue] | type[UnreadableValue]) -> Codec:
    try:
        return cast("Codec", import_module(_CODECS[library]))
    except ModuleNotFoundError as missing:
        raise error(f'tables of {library} need {missing.name}: pip install "segue[{_EXTRAS[library]}]"') from missing
