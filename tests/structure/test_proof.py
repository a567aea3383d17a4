"""docs/proof.md names tests that exist, for every row of the failure catalogue that can be proven today."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/proof.md").read_text()
ROWS = {*range(1, 36), 37, *range(41, 56), 57, 58, 60}
TABLE = dict(re.findall(r"^\| (\d+) \| .* \| (.*) \|$", TEXT.partition("## What was run")[0], re.MULTILINE))
NAMED = {row: re.findall(r"`([\w/]+\.py)::(test_\w+)`", cell) for row, cell in TABLE.items()}


def test_every_row_of_the_catalogue_stands_in_the_table():
    assert {int(row) for row in TABLE} == ROWS


@pytest.mark.parametrize("row", sorted(map(str, ROWS), key=int))
def test_the_tests_named_for_a_row_exist(row: str):
    assert NAMED[row]
    for path, name in NAMED[row]:
        assert re.search(rf"^def {name}\(", (ROOT / "tests" / path).read_text(), re.MULTILINE), f"{path}::{name}"


def test_every_test_of_the_catalogue_is_named():
    written = {
        (path.relative_to(ROOT / "tests").as_posix(), name)
        for path in (ROOT / "tests/e2e/catalogue").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert written - {test for tests in NAMED.values() for test in tests} == set()


def test_what_was_run_is_the_end_of_the_page():
    """`make chaos` appends to it."""
    *_, tail = TEXT.partition("## What was run\n")
    assert tail.splitlines()[-1].startswith("|")
