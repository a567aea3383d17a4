"""S12: a tax rule fixed today is applied to three years: each run has its own date, old partitions are overwritten."""

import json
from pathlib import Path

from tests.e2e.commands import Project

TAX = """
from pathlib import Path
from segue import Interval, dag, daily, task

RATE = 19

@task
def tax(interval: Interval) -> str:
    Path("out", interval.ds).write_text(f"{interval.ds} {RATE}")
    return interval.ds

@dag(schedule=daily(), start="2022-01-01")
def taxes() -> None:
    tax()
"""


def test_s12_three_years_are_made_anew_with_the_fixed_rule_each_day_with_its_own_date(tmp_path: Path):
    shop = Project(tmp_path / "shop", workers=4)
    (shop.folder / "out").mkdir()
    shop.write("taxes.py", TAX)
    first = shop.segue("backfill", "taxes.py", "2023-01-01..2023-01-05")
    assert first.returncode == 0, first.stdout
    shop.write("taxes.py", TAX.replace("19", "16"))
    done = shop.segue(
        "backfill", "taxes.py", "2023-01..2025-12", "--only", "all", "--cap", "8", "--reason", "new rate", "--yes"
    )
    assert done.returncode == 0, done.stdout
    assert "1,096 intervals, 2023-01-01 to 2025-12-31" in done.stdout
    written = {path.name: path.read_text() for path in (shop.folder / "out").iterdir()}
    assert len(written) == 1096
    assert all(text == f"{day} 16" for day, text in written.items())
    (newest, _) = json.loads(shop.segue("backfills", "--json").stdout)["backfills"]
    assert (newest["reason"], newest["runs"], newest["version"]) == ("new rate", {"success": 1096}, 2)
