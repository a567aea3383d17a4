"""`make demo`: a month of flights as a backfill, three days at a time, against a source that fails now and then.

Runs the real commands, then reads what was published and prints a table that a person wants to read, with a checksum of
every published table. A second time nothing is missing, so nothing is run, and the checksums are the same.
A new home first gets a simulated month before now (`past.py`), for the page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb
import flaky
import past
import pyarrow as pa
import pyarrow.parquet as pq
import source
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
OUT = HERE / "out"
MONTH = "2026-01"
TABLES = ("flights", "cancelled", "rejects", "per_carrier", "per_airport")


def main() -> int:
    """Fill the month, print what it made; the exit code is that of `segue backfill`."""
    if code := past.simulate_once():
        return code
    console = Console()
    words = ["backfill", "flights.py", MONTH, "--cap", "3", "--reason", "the example's first month", "--yes"]
    with flaky.serving(OUT / "flaky", {"airports": source.airports}) as url:
        console.print(f"[bold]segue {' '.join(words[:5])}[/]")
        console.print("[dim]airports come from a server that fails first[/]\n")
        code = segue(*words, "--param", f"airports_url={url}", "--param", f"out={OUT}").returncode
    if code:
        return code
    segue("slots", "flights", MONTH)
    console.print(summary())
    console.print(checksums())
    console.print("\n[bold]Look further[/]")
    for line in (
        ". .venv/bin/activate && cd examples/flights",
        "segue runs",
        f"segue logs flights@{MONTH}-01 fetch_airports",
        "segue next      # what runs when",
    ):
        console.print(f"  {line}", highlight=False)
    console.print("\n[bold]Open the page[/]")
    console.print(
        "  make up         # runs by the clock; prints the address, and a link to sign in once",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    return 0


def segue(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, in the folder of this example."""
    return subprocess.run(
        [sys.executable, "-m", "segue", *words], cwd=HERE, env=os.environ, check=False, text=True, **options
    )


def summary() -> Table:
    """One line a day of the first week: what was published, and what its newest run took."""
    table = plain_table("The first week")
    for name in ("day", "rows", "cancelled", "rejects", "retries", "seconds", "slowest task"):
        table.add_column(name, justify="left" if name in ("day", "slowest task") else "right", no_wrap=True)
    with duckdb.connect(str(OUT / "flights.duckdb"), read_only=True) as database:
        for day in (f"{MONTH}-{number:02}" for number in range(1, 8)):
            run = json.loads(segue("show", f"flights@{day}", "--json", capture_output=True).stdout)
            counts = [
                database.execute(f"SELECT count(*) FROM {name} WHERE date = ?", [day]).fetchall()[0][0]
                for name in TABLES[:3]
            ]
            slowest = max(run["tasks"], key=lambda task: task["seconds"] or 0)
            retries = sum(max(task["attempts"] - 1, 0) for task in run["tasks"])
            table.add_row(
                day, *(f"{count:,}" for count in counts), str(retries), f"{run['seconds']:.2f}",
                f"{slowest['task_id']} {slowest['seconds']:.2f} s",
            )  # fmt: skip
    return table


def plain_table(title: str) -> Table:
    """A table without lines."""
    heading = f"\n[bold]{title}[/]"
    return Table(title=heading, title_justify="left", title_style="", box=None, pad_edge=False, padding=(0, 2, 0, 0))


def checksums() -> Table:
    """A digest of each published table, as DuckDB has it and as Parquet has it."""
    table = plain_table("Published")
    for name in ("table", "rows", "DuckDB", "Parquet, a folder a day"):
        table.add_column(name, justify="right" if name == "rows" else "left")
    with duckdb.connect(str(OUT / "flights.duckdb"), read_only=True) as database:
        for name in TABLES:
            rows = database.sql(f"SELECT * FROM {name}").to_arrow_table()
            parquet = pq.read_table(OUT / name)
            table.add_row(name, f"{rows.num_rows:,}", digest(rows), digest(parquet))
    return table


def digest(table: pa.Table) -> str:
    """Twelve hex digits over the rows of a table, in whatever order they lie; a zone counts by its offset."""
    fields = [field.with_type(utc(field.type)) for field in table.schema]
    table = table.cast(pa.schema(fields))
    rows = sorted(repr(sorted(row.items())) for row in table.to_pylist())
    return blake2b("\n".join(rows).encode(), digest_size=6).hexdigest()


def utc(kind: pa.DataType) -> pa.DataType:
    """`Etc/UTC` and `UTC` are one zone under two names."""
    return pa.timestamp(kind.unit, "UTC") if pa.types.is_timestamp(kind) and kind.tz else kind


if __name__ == "__main__":
    sys.exit(main())
