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


def record(what: str, n: int, figures: str, seed: int | None, seconds: float) -> None:
    """Add a line: whoever calls this has found nothing wrong.

    Args:
        what: was done to the product.
        n: how often.
        figures: what came of it.
        seed: that makes it again, as far as chance goes.
        seconds: it took.
    """
    cells = (
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), _commit(), what, str(n), figures,
        "-" if seed is None else str(seed), f"{seconds:.0f} s", f"{bound(n):.2g}", platform.python_version(),
    )  # fmt: skip
    line = f"| {' | '.join(cells)} |"
    print(line)
    if name := os.environ.get("CHAOS_PROOF"):
        path = ROOT / name
        assert HEADING in path.read_text(), f"{path} does not end with {HEADING!r} and its table"
        with path.open("a") as file:
            file.write(f"{line}\n")


def bound(n: int) -> float:
    """The rule of three: where n trials went well, at most this share goes wrong, with 95 % confidence."""
    return 3 / n


def _commit() -> str:
    """Which code it was; with a plus sign where files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"
