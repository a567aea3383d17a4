"""`make demo`: a week of flights, several days at a time, against a source that fails now and then.

Runs the real command, then reads what it published and prints a table that a person wants to read, with a checksum of
every published table: run it again and the checksums are the same.
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
import pyarrow as pa
import pyarrow.parquet as pq
import source
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
OUT = HERE / "out"
WEEK = "2013-01-01..2013-01-07"
TABLES = ("flights", "cancelled", "rejects", "per_carrier", "per_airport")


def main() -> int:
    """Run the week, print the summary; the exit code is that of `segue run`."""
    console = Console()
    with flaky.serving(OUT / "flaky", {"airports": source.airports}) as url:
        console.print(f"[bold]segue run flights.py --date {WEEK}[/]   (airports come from a server that fails first)\n")
        params = ["--param", f"airports_url={url}", "--param", f"out={OUT}"]
        code = segue("run", "flights.py", "--date", WEEK, *params).returncode
    if code:
        return code
    runs = [json.loads(line) for line in newest_runs()]
    console.print(summary(runs))
    console.print(checksums())
    first = runs[0]["run_id"]
    console.print("\n[bold]Look further[/]")
    for line in (
        ". .venv/bin/activate && cd examples/flights",
        "segue runs",
        f"segue show {first}",
        f"segue logs {first} fetch_airports",
    ):
        console.print(f"  {line}", highlight=False)
    return 0


def segue(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, in the folder of this example."""
    return subprocess.run(
        [sys.executable, "-m", "segue", *words], cwd=HERE, env=os.environ, check=False, text=True, **options
    )


def newest_runs() -> list[str]:
    """`segue show --json` of the newest run of each day, in order of day."""
    rows = json.loads(segue("runs", "--dag", "flights", "--limit", "7", "--json", capture_output=True).stdout)
    ids = sorted(row["run_id"] for row in rows)
    return [segue("show", run, "--json", capture_output=True).stdout for run in ids]


def summary(runs: list[dict[str, Any]]) -> Table:
    """One line a day."""
    table = plain_table("A week of flights")
    for name in ("day", "rows", "cancelled", "rejects", "retries", "seconds", "slowest task"):
        table.add_column(name, justify="left" if name in ("day", "slowest task") else "right", no_wrap=True)
    with duckdb.connect(str(OUT / "flights.duckdb"), read_only=True) as database:
        for run in runs:
            day = run["run_id"].split("@")[1][:10]
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
    for name in ("table", "rows", "DuckDB", "Parquet, 7 partitions"):
        table.add_column(name, justify="right" if name == "rows" else "left")
    with duckdb.connect(str(OUT / "flights.duckdb"), read_only=True) as database:
        for name in TABLES:
            rows = database.sql(f"SELECT * FROM {name}").to_arrow_table()
            parquet = pq.read_table(OUT / name)
            table.add_row(name, f"{rows.num_rows:,}", digest(rows), digest(parquet))
    return table


def digest(table: pa.Table) -> str:
    """Twelve hex digits over the rows of a table, in whatever order they lie."""
    rows = sorted(repr(sorted(row.items())) for row in table.to_pylist())
    return blake2b("\n".join(rows).encode(), digest_size=6).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
