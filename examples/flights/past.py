"""A month before now for `make up` to show, where the home is new: simulated, so nothing of it was published.

The real engine plays it on a clock that jumps. At its end the newest run of `fleet` has failed, one of `weather` waits
for the service and holds the next one back, and a backfill of `flights` is in progress. `segue up` goes on from there,
in earnest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["simulate_once"]

HERE = Path(__file__).parent


def simulate_once() -> int:
    """Simulate the month, unless the home has a history already; gives the exit code."""
    if (HERE / ".segue" / "segue.db").exists():
        return 0
    words = [
        "simulate", "--write", "--days", "30", "--seed", "2013",
        "--fault", "slow=0.05x",  # what the example does takes parts of a second
        "--fault", "fail=fleet/fetch_planes:1@24h",
        "--fault", "fail=weather/fetch_hour:1@2h",
        "--fault", "kill=0.002",
        "--backfill", "flights:2026-02..2026-09@5m",
    ]  # fmt: skip
    print(f"segue {' '.join(words[:4])} …  # a month before now, to look at with `make up`\n", flush=True)
    done = subprocess.run([sys.executable, "-m", "segue", *words], cwd=HERE, check=False)
    print(flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(simulate_once())
