"""Puts on record in docs/proof.md what was run: asked for by CHAOS_PROOF, which names the file."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["HEADING", "record"]

HEADING = "## What was run"
"""Its table is the end of the file."""
ROOT = Path(__file__).parents[2]


def record(what: str, n: int | None, figures: str, seed: int | None, seconds: float) -> None:
    """Add a line: whoever calls this has found nothing wrong.

    Its bound is the rule of three: where n trials went well, at most 3/n go wrong, with 95 % confidence.

    Args:
        what: was done to the product.
        n: how often, where that tells of chance.
        figures: what came of it.
        seed: that makes it again, as far as chance goes.
        seconds: it took.
    """
    when, python = datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), platform.python_version()
    times, bound = ("-", "-") if n is None else (str(n), f"{3 / n:.2g}")
    cells = (when, _commit(), what, times, figures, str(seed or "-"), f"{seconds:.0f} s", bound, python)
    line = f"| {' | '.join(cells)} |"
    print(line)
    if name := os.environ.get("CHAOS_PROOF"):
        path = ROOT / name
        assert HEADING in path.read_text(), f"{path} does not end with {HEADING!r} and its table"
        with path.open("a") as file:
            file.write(f"{line}\n")


def _commit() -> str:
    """Which code it was; with a plus sign where files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"
