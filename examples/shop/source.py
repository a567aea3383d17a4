"""Makes the shop: `python source.py shop.db` writes ten days of customers, orders and returns, always the same."""

import sqlite3
import sys
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random

FIRST, DAYS = date(2026, 4, 1), 10
CLOSED = date(2026, 4, 5)
"""A Sunday: nothing was sold."""

TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, country TEXT, joined TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, placed TEXT, product TEXT, cents INTEGER);
CREATE TABLE returns (id INTEGER PRIMARY KEY, sale INTEGER, returned TEXT);
"""


def make_shop(file: Path, seed: int = 7) -> None:
    """Write the tables into a new SQLite file."""
    chance = Random(seed)
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as shop, shop:
        shop.executescript(TABLES)
        customers = [(number, chance.choice(["de", "fr", "us"]), str(FIRST)) for number in range(1, 41)]
        shop.executemany("INSERT INTO customers VALUES (?, ?, ?)", customers)
        days = [FIRST + timedelta(number) for number in range(DAYS)]
        orders = [
            (None, chance.randrange(1, 41), f"{day} {chance.randrange(24):02}:30", chance.choice("abcd"), cents)
            for day in days
            if day != CLOSED
            for cents in (chance.randrange(100, 20_000) for _ in range(chance.randrange(60, 90)))
        ]
        shop.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", orders)
        returns = [(None, number, str(chance.choice(days[5:]))) for number in chance.sample(range(1, 300), 12)]
        shop.executemany("INSERT INTO returns VALUES (?, ?, ?)", returns)


if __name__ == "__main__":
    make_shop(Path(sys.argv[1]))
