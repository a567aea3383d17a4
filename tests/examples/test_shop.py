"""The shop: its own tests, as its README starts them, and the commands that it prints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).parents[2] / "examples" / "shop"


def command(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SEGUE_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=clean | environ, capture_output=True, text=True, check=False
    )


def copied(folder: Path) -> Path:
    return shutil.copytree(SHOP, folder / "shop", ignore=shutil.ignore_patterns("__pycache__", ".segue", "*.db"))


def test_its_own_tests_pass(tmp_path: Path) -> None:
    done = command(copied(tmp_path), "-m", "pytest", "-q", "-W", "error", "tests")
    assert done.returncode == 0, done.stdout
    assert "9 passed" in done.stdout


def test_the_commands_of_its_readme_do_what_it_says(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    assert command(folder, "source.py", "shop.db").returncode == 0
    addresses = {
        "SEGUE_CONNECTION_SHOP": "sqlite:///shop.db",
        "SEGUE_CONNECTION_WAREHOUSE": "sqlite:///warehouse.db",
    }
    for day, env, code in [("2026-04-01", "prod", 0), ("2026-04-05", "prod", 4), ("2026-04-05", "dev", 0)]:
        done = command(folder, "-m", "segue", "run", "shop.py", "--date", day, "--env", env, "--scratch", **addresses)
        assert done.returncode == code, done.stdout + done.stderr
    assert sorted(path.name for path in (folder / "reports").glob("*.gz")) == ["2026-04-01.csv.gz", "2026-04-05.csv.gz"]
    assert not (folder / ".segue").exists()
