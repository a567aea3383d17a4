"""The constraints of the schema, on a real database (decision 5)."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import CheckConstraint, Integer, LargeBinary, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from segue.model.state import RUN_FINAL, RunState
from segue.store.schema import OPEN, metadata


def checked_columns() -> list[tuple[Table, str]]:
    checks = [(table, one) for table in metadata.sorted_tables for one in table.constraints]
    return [(table, str(one.sqltext).split(" ", 1)[0]) for table, one in checks if isinstance(one, CheckConstraint)]


def row_of(table: Table) -> dict[str, object]:
    kinds = {Integer: 0, LargeBinary: b""}
    words = dict.fromkeys((name for of, name in checked_columns() if of is table), "")
    for one in table.constraints:
        if isinstance(one, CheckConstraint):
            name, _, rest = str(one.sqltext).partition(" = '")
            words[name] = rest.partition("'")[0]
    return {column.name: words.get(column.name, kinds.get(type(column.type), "x")) for column in table.columns}


def insert(table: Table, row: dict[str, object]) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        marks = ", ".join("?" * len(row))
        names = ", ".join(f'"{name}"' for name in row)
        database.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))


@pytest.mark.parametrize(("table", "column"), sorted(checked_columns(), key=str), ids=lambda value: str(value))
def test_a_word_that_is_no_state_or_kind_is_refused_by_the_database(table: Table, column: str):
    insert(table, row_of(table))
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
        insert(table, row_of(table) | {column: "nonsense"})


def test_every_state_column_is_checked():
    states = {(table.name, "state") for table in metadata.sorted_tables if "state" in table.columns}
    assert states <= {(table.name, column) for table, column in checked_columns()}


def test_no_check_is_written_as_a_list():
    checks = [one for table in metadata.sorted_tables for one in table.constraints if isinstance(one, CheckConstraint)]
    assert [str(one.sqltext) for one in checks if " IN " in str(one.sqltext).upper()] == []


def test_open_names_every_state_that_is_not_final():
    named = {state for state in RunState if f"'{state}'" in OPEN}
    assert named == set(RunState) - RUN_FINAL


def test_a_home_without_a_server_loads_nothing_of_postgresql():
    program = "import sys; import segue.store.sqlite; sys.exit('sqlalchemy.dialects.postgresql' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
