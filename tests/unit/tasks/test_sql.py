import sqlite3

import pytest

from segue import tasks as t
from segue.model.errors import Fail
from tests.unit.tasks.places import attempt


@pytest.fixture(params=["sqlite", "duckdb"])
def shop(request, tmp_path):
    path = tmp_path / f"shop.{request.param}"
    uri = f"{request.param}:///{path}"
    with attempt(shop=uri):
        t.sql("CREATE TABLE sales (day TEXT, what TEXT, amount INTEGER)", connection="shop")
        for day, what, amount in [("2026-04-01", "tea", 3), ("2026-04-01", "o'hara", 4), ("2026-04-02", "tea", 5)]:
            given = {"d": day, "w": what, "a": amount}
            t.sql("INSERT INTO sales VALUES (:d, :w, :a)", connection="shop", parameters=given, fetch="none")
    return uri


def test_rows_come_as_dicts(shop):
    with attempt(shop=shop):
        rows = t.sql("SELECT what, amount FROM sales WHERE day = :ds ORDER BY amount", connection="shop")
    assert rows == [{"what": "tea", "amount": 3}, {"what": "o'hara", "amount": 4}]


def test_one_row_one_value_or_how_many_rows_changed(shop):
    with attempt(shop=shop):
        assert t.sql("SELECT sum(amount) AS n FROM sales", connection="shop", fetch="one") == {"n": 12}
        assert t.sql("SELECT sum(amount) FROM sales", connection="shop", fetch="value") == 12
        assert t.sql("SELECT amount FROM sales WHERE 1 = 0", connection="shop", fetch="value") is None
        if shop.startswith("sqlite"):
            assert t.sql("DELETE FROM sales WHERE day = :ds", connection="shop", fetch="none") == 2


def test_what_a_template_inserts_is_a_bind(shop):
    with attempt(shop=shop, params={"what": "o'hara' OR 1=1 --"}):
        assert t.sql("SELECT * FROM sales WHERE what = {{ params.what }}", connection="shop") == []
    with attempt(shop=shop, params={"what": "o'hara"}):
        text = "SELECT amount FROM sales WHERE what = {{ params.what }} AND day = {{ ds }} LIMIT {{ 5 | raw_int }}"
        assert t.sql(text, connection="shop", fetch="value") == 4


def test_a_template_in_quotes_is_told_that_they_must_go(shop):
    with attempt(shop=shop), pytest.raises(Fail, match="without quotes"):
        t.sql("SELECT * FROM sales WHERE day = '{{ ds }}'", connection="shop")


def test_colons_and_percent_signs_in_text_are_no_binds(shop):
    with attempt(shop=shop):
        text = "SELECT ':nope 100%' AS a, CAST('7' AS INTEGER) AS b -- :neither\n/* :nor */"
        assert t.sql(text, connection="shop", fetch="one") == {"a": ":nope 100%", "b": 7}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELEC 1", "(?i)syntax|parser"),
        ("SELECT * FROM nowhere", "(?i)nowhere"),
        ("SELECT :missing", "bind :missing has no value: give parameters="),
    ],
)
def test_a_wrong_statement_is_not_retried(shop, statement, message):
    with attempt(shop=shop), pytest.raises(Fail, match=message):
        t.sql(statement, connection="shop")


def test_a_statement_that_fails_changes_nothing(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE sales (n INTEGER CHECK (n < 3)); INSERT INTO sales VALUES (1), (2)")
    connection.close()
    with attempt(shop=f"sqlite:///{path}"):
        with pytest.raises(sqlite3.IntegrityError):
            t.sql("UPDATE sales SET n = n + 1", connection="shop")
        assert t.sql("SELECT sum(n) FROM sales", connection="shop", fetch="value") == 3


def test_a_system_that_is_not_known_is_named():
    with attempt(shop="oracle://db/x"), pytest.raises(Fail, match="oracle.*sqlite, duckdb, postgres"):
        t.sql("SELECT 1", connection="shop")
