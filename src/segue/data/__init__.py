"""What user code in a task writes with. Each name is loaded when it is first asked for: duckdb is not for everybody."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.data.writers.duckdb import delete_then_insert, merge
    from segue.data.writers.parquet import overwrite_partition

__all__ = ["delete_then_insert", "merge", "overwrite_partition"]

_HOME = {
    "delete_then_insert": "segue.data.writers.duckdb",
    "merge": "segue.data.writers.duckdb",
    "overwrite_partition": "segue.data.writers.parquet",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
